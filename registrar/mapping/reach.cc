// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/reach.h"

namespace signpost::registrar {
namespace {

std::optional<Located> AtUnlessEmpty(const std::string& address, uint16_t port) {
  if (address.empty()) return std::nullopt;
  return Located{address, port};
}

}  // namespace

Reach HostReach(const MappingOptions& options, uint16_t port) {
  if (options.host_ipv4.empty() && options.host_ipv6.empty()) return {.ipv4 = Located{"", port}};
  return {AtUnlessEmpty(options.host_ipv4, port), AtUnlessEmpty(options.host_ipv6, port)};
}

Reach NetworkReach(const NetworkAttachment& network, uint16_t port) {
  return {AtUnlessEmpty(network.ipv4, port), AtUnlessEmpty(network.ipv6, port)};
}

bool Place(const Reach& reach, Family family, Endpoint& endpoint) {
  const bool use_ipv4 = reach.ipv4 && family != Family::kIpv6;
  const bool use_ipv6 = reach.ipv6 && family != Family::kIpv4;
  if (!use_ipv4 && !use_ipv6) return false;
  const Located& main = use_ipv4 ? *reach.ipv4 : *reach.ipv6;
  endpoint.address = main.address;
  endpoint.port = main.port;
  endpoint.tagged_addresses.clear();
  if (use_ipv4 && use_ipv6) {
    endpoint.tagged_addresses.push_back({"lan_ipv6", reach.ipv6->address, reach.ipv6->port});
  }
  return true;
}

}  // namespace signpost::registrar
