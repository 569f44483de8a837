// Signpost. Apache-2.0; see LICENSE.
// Pure readers of what Consul's catalog, health and query endpoints return. The text comes from a neighbour: what is
// not JSON or not the demanded outer shape is kInvalid with a sentence, an entry that cannot be used is left out, a
// field of the wrong type counts as missing. Nothing here aborts or throws, whatever the text.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/consul/node_table.h"
#include "common/consul/types.h"

namespace signpost::consul {

// A name of the service list, as registered, with all tags of its instances.
struct ServiceTags {
  std::string name;
  std::vector<std::string> tags;
};

// One check, without its output.
struct CheckState {
  std::string node;
  std::string check_id;
  std::string status;
  std::string service_id;    // "" = a check of the node
  std::string service_name;  // letter case as registered

  friend bool operator==(const CheckState&, const CheckState&) = default;
  friend auto operator<=>(const CheckState&, const CheckState&) = default;
};

struct QueryAnswer {
  std::string service;  // the service that the query names
  std::vector<ServiceInstance> instances;
  std::optional<std::chrono::seconds> ttl;  // DNS.TTL; nothing if the query sets none
  std::string datacenter;                   // that answered
  int64_t failovers = 0;
  bool translated = false;
};

// /v1/health/service, /v1/health/connect, /v1/health/ingress. Left out: entries without a node name, or with a port
// outside 0..65535. Weights outside 0..65535 become 1. Here and below `translated` is kept in the nodes.
Result<std::vector<ServiceInstance>> ReadHealthService(std::string_view body, NodeTable& nodes,
                                                       bool translated = false);

// /v1/catalog/services. Empty names are left out.
Result<std::vector<ServiceTags>> ReadCatalogServices(std::string_view body);

// /v1/catalog/nodes.
Result<std::vector<std::shared_ptr<const Node>>> ReadCatalogNodes(std::string_view body, NodeTable& nodes);

// /v1/catalog/node/NAME: null when there is no such node.
Result<std::shared_ptr<const Node>> ReadCatalogNode(std::string_view body, NodeTable& nodes, bool translated = false);

// /v1/health/state/STATE.
Result<std::vector<CheckState>> ReadHealthState(std::string_view body);

// /v1/query/NAME/execute.
//
// `translating`: the agent translates addresses of datacenters other than `own_datacenter`.
Result<QueryAnswer> ReadQueryExecute(std::string_view body, NodeTable& nodes, bool translating = false,
                                     std::string_view own_datacenter = {});

// /v1/query/NAME/explain: whether the query sorts by distance.
Result<bool> ReadQueryNear(std::string_view body);

// /v1/catalog/datacenters, in the order given (by distance).
Result<std::vector<std::string>> ReadDatacenters(std::string_view body);

// /v1/agent/self: Config.Datacenter.
Result<std::string> ReadAgentDatacenter(std::string_view body);

}  // namespace signpost::consul
