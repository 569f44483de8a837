// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/address_set.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "dnsd/query/plain_address.h"

namespace signpost::query {
namespace {

// RFC 1122 3.2.1.3, RFC 1918, RFC 3927, RFC 4291, RFC 4193.
constexpr std::string_view kLocal[] = {"127.0.0.0/8",    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                       "169.254.0.0/16", "::1",        "fe80::/10",     "fc00::/7"};
constexpr size_t kMappedBits = kMappedPrefix.size() * 8;

std::optional<unsigned> ReadLength(std::string_view text) {
  unsigned length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return length;
}

// The bits of the last byte that a prefix of `length` bits covers.
uint8_t LastMask(size_t length) { return static_cast<uint8_t>(0xff00 >> (length % 8)); }

}  // namespace

Status AddressSet::Add(std::string_view cidr) {
  if (cidr == "any") {
    prefixes_.push_back({});
    prefixes_.push_back({.length = kMappedBits});
    std::ranges::copy(kMappedPrefix, prefixes_.back().bytes);
    return Status::Ok();
  }
  if (cidr == "local") {
    for (const std::string_view prefix : kLocal) {
      if (Status added = Add(prefix); !added.ok()) return added;
    }
    return Status::Ok();
  }
  const auto wrong = [&](const std::string& why) { return Status::Config("'" + std::string(cidr) + "' " + why); };
  const std::string form =
      "is not an address prefix: give one like 10.0.0.0/8 or 2001:db8::/32, an address, any or local";
  const size_t slash = cidr.find('/');
  const std::string address(cidr.substr(0, slash));
  Prefix prefix;
  const bool v4 = inet_pton(AF_INET, address.c_str(), prefix.bytes + kMappedPrefix.size()) == 1;
  if (v4) {
    std::ranges::copy(kMappedPrefix, prefix.bytes);
  } else if (inet_pton(AF_INET6, address.c_str(), prefix.bytes) != 1) {
    return wrong(form);
  }
  const unsigned largest = v4 ? 32 : 128;
  const auto length = slash == std::string_view::npos ? largest : ReadLength(cidr.substr(slash + 1));
  if (!length || *length > largest) return wrong(form);
  prefix.length = static_cast<uint8_t>(*length + (v4 ? kMappedBits : 0));
  for (size_t bit = prefix.length; bit < 128; ++bit) {
    if ((prefix.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) {
      return wrong("has bits set behind its first " + std::to_string(*length) +
                   ": clear them, or give the length meant");
    }
  }
  prefixes_.push_back(prefix);
  return Status::Ok();
}

bool AddressSet::Contains(std::span<const uint8_t> ip) const {
  const auto address = PlainAddress(ip);
  const bool v4 = address.size() == 4;
  if (!v4 && address.size() != 16) return false;
  uint8_t bytes[16];
  if (v4) std::ranges::copy(kMappedPrefix, bytes);
  std::ranges::copy(address, bytes + 16 - address.size());
  return std::ranges::any_of(prefixes_, [&](const Prefix& prefix) {
    // ::/0 means IPv6: a prefix shorter than the mapping holds no IPv4 address.
    if (v4 && prefix.length < kMappedBits) return false;
    const size_t whole = prefix.length / 8;
    if (!std::equal(bytes, bytes + whole, prefix.bytes)) return false;
    return prefix.length % 8 == 0 || ((bytes[whole] ^ prefix.bytes[whole]) & LastMask(prefix.length)) == 0;
  });
}

}  // namespace signpost::query
