// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/wire/type_name.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "dnsd/wire/name.h"

namespace signpost::wire {
namespace {

constexpr std::array<std::pair<uint16_t, std::string_view>, 30> kTypes = {{
    {1, "A"},      {2, "NS"},     {5, "CNAME"},   {6, "SOA"},    {12, "PTR"},  {13, "HINFO"},
    {15, "MX"},    {16, "TXT"},   {17, "RP"},     {18, "AFSDB"}, {28, "AAAA"}, {29, "LOC"},
    {33, "SRV"},   {35, "NAPTR"}, {39, "DNAME"},  {41, "OPT"},   {43, "DS"},   {44, "SSHFP"},
    {46, "RRSIG"}, {47, "NSEC"},  {48, "DNSKEY"}, {50, "NSEC3"}, {52, "TLSA"}, {64, "SVCB"},
    {65, "HTTPS"}, {99, "SPF"},   {251, "IXFR"},  {252, "AXFR"}, {255, "ANY"}, {257, "CAA"},
}};

}  // namespace

std::optional<uint16_t> TypeFromText(std::string_view text) {
  const std::string lower = ToLower(text);
  for (const auto& [number, name] : kTypes) {
    if (ToLower(name) == lower) return number;
  }
  static constexpr std::string_view kPrefix = "type";
  if (!lower.starts_with(kPrefix)) return std::nullopt;
  uint16_t number = 0;
  const char* end = lower.data() + lower.size();
  const auto [stop, error] = std::from_chars(lower.data() + kPrefix.size(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::string TypeText(uint16_t type) {
  const auto* known = std::ranges::find(kTypes, type, [](const auto& pair) { return pair.first; });
  return known != kTypes.end() ? std::string(known->second) : "TYPE" + std::to_string(type);
}

}  // namespace signpost::wire
