// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/reverse_name.h"

#include <charconv>

namespace signpost::service_zone {
namespace {

constexpr size_t kZoneLabels = 2;
constexpr size_t kMappedBits = 96;  // in front of an IPv4 address in an IpKey

// One octet in decimal without leading zeros, or one hexadecimal digit.
bool ReadPart(std::string_view label, int base, uint8_t& out) {
  if (label.empty() || label.size() > (base == 10 ? 3U : 1U)) return false;
  if (base == 10 && label.size() > 1 && label[0] == '0') return false;
  const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), out, base);
  return error == std::errc() && end == label.data() + label.size();
}

// The label next to the zone is the most significant part.
ReverseName::Kind ReadV4(const wire::Name& name, size_t parts, ZoneData::IpKey& address) {
  Ipv4 v4{};
  if (parts > v4.size()) return ReverseName::Kind::kBad;
  for (size_t i = 0; i < parts; ++i) {
    if (!ReadPart(name.label(parts - 1 - i), 10, v4[i])) return ReverseName::Kind::kBad;
  }
  address = ToIpKey(v4);
  return parts == v4.size() ? ReverseName::Kind::kAddress : ReverseName::Kind::kPartial;
}

ReverseName::Kind ReadV6(const wire::Name& name, size_t parts, ZoneData::IpKey& address) {
  if (parts > address.size() * 2) return ReverseName::Kind::kBad;
  for (size_t i = 0; i < parts; ++i) {
    uint8_t digit = 0;
    if (!ReadPart(name.label(parts - 1 - i), 16, digit)) return ReverseName::Kind::kBad;
    address[i / 2] |= static_cast<uint8_t>(i % 2 == 0 ? digit << 4 : digit);
  }
  return parts == address.size() * 2 ? ReverseName::Kind::kAddress : ReverseName::Kind::kPartial;
}

}  // namespace

ReverseName ParseReverseName(const wire::Name& name) {
  ReverseName out;
  const size_t labels = name.label_count();
  if (labels < kZoneLabels || name.label(labels - 1) != "arpa") return out;
  const std::string_view zone = name.label(labels - 2);
  const size_t parts = labels - kZoneLabels;
  out.is_tree = parts == 0;
  if (zone == "in-addr") {
    out.kind = ReadV4(name, parts, out.address);
    out.bits = kMappedBits + parts * 8;
  } else if (zone == "ip6") {
    out.kind = ReadV6(name, parts, out.address);
    out.bits = parts * 4;
  }
  return out;
}

}  // namespace signpost::service_zone
