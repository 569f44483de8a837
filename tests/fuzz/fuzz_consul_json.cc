// Signpost. Apache-2.0; see LICENSE.
// Any text into the readers of Consul's JSON. The first byte chooses the reader.
#include <cstdint>
#include <string_view>

#include "common/consul/catalog_json.h"
#include "tests/fuzz/check.h"

namespace signpost::fuzz {
namespace {

using consul::NodeTable;

template <typename T>
const T* Value(const Result<T>& result) {
  Demand(result.ok() || !result.status().text().empty(), "a failure says why");
  return result.ok() ? &result.value() : nullptr;
}

void CheckInstances(const std::vector<consul::ServiceInstance>& instances) {
  for (const auto& instance : instances) {
    Demand(instance.node != nullptr, "every instance has a node");
    Demand(!instance.node->name.empty(), "every node has a name");
  }
}

void Run(uint8_t reader, std::string_view body) {
  NodeTable nodes(16);
  switch (reader % 9) {
    case 0:
      if (const auto* instances = Value(consul::ReadHealthService(body, nodes))) CheckInstances(*instances);
      break;
    case 1:
      if (const auto* services = Value(consul::ReadCatalogServices(body))) {
        for (const auto& service : *services) Demand(!service.name.empty(), "empty names are left out");
      }
      break;
    case 2:
      if (const auto* found = Value(consul::ReadCatalogNodes(body, nodes))) {
        for (const auto& node : *found) Demand(node != nullptr && !node->name.empty(), "every node has a name");
      }
      break;
    case 3:
      Value(consul::ReadCatalogNode(body, nodes));
      break;
    case 4:
      Value(consul::ReadHealthState(body));
      break;
    case 5:
      if (const auto* answer = Value(consul::ReadQueryExecute(body, nodes))) CheckInstances(answer->instances);
      break;
    case 6:
      Value(consul::ReadQueryNear(body));
      break;
    case 7:
      Value(consul::ReadDatacenters(body));
      break;
    case 8:
      Value(consul::ReadAgentDatacenter(body));
      break;
    default:
      break;
  }
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) signpost::fuzz::Run(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
