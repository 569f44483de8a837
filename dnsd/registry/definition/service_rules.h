// Signpost. Apache-2.0; see LICENSE.
// What Consul demands of services, in its words, and what it adds to them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

// At most 64 pairs; keys of 1 to 128 letters, digits, '-' and '_', without the reserved prefix "consul-"; values of at
// most 512 bytes. kInvalid: "Couldn't load metadata pair ('k', 'v'): ...". `kind` of the service; "" for other
// metadata.
Status CheckMeta(const StringPairs& meta, std::string_view kind);

// "Passing must be greater than 0" and the like; "" = nothing wrong.
std::string_view WeightsFault(const RowWeights& weights);

// 0.0.0.0 and ::, as Consul spells them.
bool IsAnyAddress(std::string_view address);

// What Proxy says, as far as the rules need it.
struct ProxyFields {
  std::string destination_service_name;
  std::string destination_service_id;
  std::string local_service_address;
  int64_t local_service_port = 0;
  struct Upstream {
    std::string type;
    std::string name;
    int64_t port = 0;
    friend bool operator==(const Upstream&, const Upstream&) = default;
  };
  std::vector<Upstream> upstreams;
  friend bool operator==(const ProxyFields&, const ProxyFields&) = default;
};

bool IsProxyKind(std::string_view kind);  // connect-proxy and the gateways
// The rules for proxies and gateways. kInvalid: "N errors occurred:" and a line for each.
Status CheckProxy(const ServiceRow& service, const ProxyFields& proxy);

// An IP address is also the service's address in tagged addresses (lan_ipv4, wan_ipv4 or their IPv6 likes), if those
// are not given.
void AddAddressTags(ServiceRow& service);

}  // namespace signpost::registry
