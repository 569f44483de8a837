// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/address_choice.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace signpost::service_zone {
namespace {

constexpr size_t kMaxAddressText = 64;

// inet_pton wants a terminated string, and would stop at a NUL inside.
template <typename Bytes>
bool ParseIp(int family, std::string_view text, Bytes& out) {
  char buffer[kMaxAddressText];
  if (text.empty() || text.size() >= sizeof buffer || text.find('\0') != std::string_view::npos) return false;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  return inet_pton(family, buffer, out.data()) == 1;
}

bool IsMappedIpv4(const Ipv6& v6) {
  static constexpr uint8_t kPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(v6.data(), kPrefix, sizeof kPrefix) == 0;
}

std::string_view TaggedText(std::string_view tag, const std::vector<consul::TaggedAddress>& tagged) {
  const auto found = std::ranges::find(tagged, tag, &consul::TaggedAddress::tag);
  return found == tagged.end() ? std::string_view{} : std::string_view(found->address);
}

// The address texts of an instance for one family: the service's own, else the node's.
struct InstanceText {
  std::string_view text;
  bool from_service;
};

InstanceText TextOf(Family family, const consul::ServiceInstance& instance, bool translated) {
  const auto own = ChooseText(family, instance.address, instance.tagged_addresses, translated);
  if (!own.empty()) return {own, true};
  return {ChooseText(family, instance.node->address, instance.node->tagged_addresses, translated), false};
}

// Whether `text`, chosen for the node, is the address that the node was registered with.
bool IsMainAddress(const consul::Node& node, std::string_view text, bool translated) {
  if (text != node.address) return false;
  // A translated reply shows the WAN address in place of the main one.
  return !translated || TaggedText("wan", node.tagged_addresses) != text;
}

}  // namespace

std::optional<Ipv4> ParseIpv4(std::string_view text) {
  Ipv4 out;
  if (ParseIp(AF_INET, text, out)) return out;
  Ipv6 mapped;
  if (!ParseIp(AF_INET6, text, mapped) || !IsMappedIpv4(mapped)) return std::nullopt;
  std::memcpy(out.data(), mapped.data() + 12, out.size());
  return out;
}

std::optional<Ipv6> ParseIpv6(std::string_view text) {
  Ipv6 out;
  if (!ParseIp(AF_INET6, text, out) || IsMappedIpv4(out)) return std::nullopt;
  return out;
}

Address ParseAddress(std::string_view text) {
  if (const auto v4 = ParseIpv4(text)) return {.v4 = v4};
  if (const auto v6 = ParseIpv6(text)) return {.v6 = v6};
  return {.host = text};
}

std::string_view ChooseText(Family family, const std::string& address, const std::vector<consul::TaggedAddress>& tagged,
                            bool translated) {
  if (family != Family::kV4) {
    const auto v6 = TaggedText(translated ? "wan_ipv6" : "lan_ipv6", tagged);
    if (!v6.empty()) return v6;
  }
  if (family != Family::kV6) {
    const auto v4 = TaggedText(translated ? "wan_ipv4" : "lan_ipv4", tagged);
    if (!v4.empty()) return v4;
  }
  return address;
}

AddressChoice ChooseForNode(const consul::Node& node, bool translated) {
  AddressChoice choice;
  const auto text = [&](Family family) { return ChooseText(family, node.address, node.tagged_addresses, translated); };
  choice.v4 = ParseIpv4(text(Family::kV4));
  choice.v6 = ParseIpv6(text(Family::kV6));
  choice.primary = ParseAddress(text(Family::kAny));
  choice.host = choice.v4 || choice.v6 ? std::string_view{} : choice.primary.host;
  choice.is_node_main = IsMainAddress(node, text(Family::kAny), translated);
  return choice;
}

AddressChoice ChooseForInstance(const consul::ServiceInstance& instance, bool translated) {
  AddressChoice choice;
  choice.v4 = ParseIpv4(TextOf(Family::kV4, instance, translated).text);
  choice.v6 = ParseIpv6(TextOf(Family::kV6, instance, translated).text);
  const auto [text, from_service] = TextOf(Family::kAny, instance, translated);
  choice.primary = ParseAddress(text);
  choice.host = choice.v4 || choice.v6 ? std::string_view{} : choice.primary.host;
  choice.from_service = from_service;
  choice.is_node_main = !from_service && IsMainAddress(*instance.node, text, translated);
  return choice;
}

}  // namespace signpost::service_zone
