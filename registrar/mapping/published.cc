// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/published.h"

#include <algorithm>

#include "registrar/mapping/address.h"

namespace signpost::registrar {
namespace {

using Side = std::vector<Located>;  // of one family

// Registrator looks at the first binding only and knows one address of the host, whatever the family.
Reach CompatReach(const HostBinding& first, const MappingOptions& options) {
  const std::string& host = options.host_ipv4.empty() ? options.host_ipv6 : options.host_ipv4;
  const Located at{options.ip_given || IsWildcard(first.address) ? host : first.address, first.port};
  return IsIpv6(at.address) ? Reach{.ipv6 = at} : Reach{.ipv4 = at};
}

// `ipv6`: the family of the host's address behind a wildcard.
void Locate(const HostBinding& binding, bool ipv6, const MappingOptions& options, Published& published, Side& side) {
  const std::string& host = ipv6 ? options.host_ipv6 : options.host_ipv4;
  const bool host_unknown = options.host_ipv4.empty() && options.host_ipv6.empty();
  if (IsLoopback(binding.address)) {
    if (options.publish_loopback) {
      side.push_back({binding.address, binding.port});
    } else {
      published.loopback_left_out = true;
    }
  } else if (!IsWildcard(binding.address)) {
    const bool forced = options.ip_given && options.ip_force && !host.empty();
    side.push_back({forced ? host : binding.address, binding.port});
  } else if (!host.empty() || (host_unknown && !ipv6)) {
    side.push_back({host, binding.port});
  }
}

void LoopbackLast(Side& side) {
  std::stable_partition(side.begin(), side.end(), [](const Located& at) { return !IsLoopback(at.address); });
}

// Both families of one -p share the port; those of -P need not.
std::vector<Reach> Pair(Side ipv4, Side ipv6) {
  std::vector<Reach> reaches;
  for (Located& at : ipv4) {
    const auto same =
        std::find_if(ipv6.begin(), ipv6.end(), [&](const Located& other) { return other.port == at.port; });
    reaches.push_back({.ipv4 = std::move(at)});
    if (same == ipv6.end()) continue;
    reaches.back().ipv6 = std::move(*same);
    ipv6.erase(same);
  }
  for (Located& at : ipv6) {
    const auto alone = std::find_if(reaches.begin(), reaches.end(), [](const Reach& reach) { return !reach.ipv6; });
    if (alone == reaches.end()) {
      reaches.push_back({.ipv6 = std::move(at)});
    } else {
      alone->ipv6 = std::move(at);
    }
  }
  return reaches;
}

}  // namespace

Published ReadBindings(const std::vector<HostBinding>& bindings, const MappingOptions& options) {
  Published published;
  if (options.compat == Compat::kRegistrator) {
    if (!bindings.empty()) published.reaches.push_back(CompatReach(bindings.front(), options));
    return published;
  }
  Side ipv4;
  Side ipv6;
  for (const HostBinding& binding : bindings) {
    if (!IsIpv6(binding.address)) Locate(binding, false, options, published, ipv4);
    if (IsIpv6(binding.address)) Locate(binding, true, options, published, ipv6);
    // Some engines say "" for every address of both families.
    if (binding.address.empty() && !options.host_ipv6.empty()) Locate(binding, true, options, published, ipv6);
  }
  LoopbackLast(ipv4);
  LoopbackLast(ipv6);
  published.reaches = Pair(std::move(ipv4), std::move(ipv6));
  return published;
}

}  // namespace signpost::registrar
