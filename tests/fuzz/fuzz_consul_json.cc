// Signpost. Apache-2.0; see LICENSE.
// Any text into the readers of Consul's JSON. The first byte chooses the reader.
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "common/consul/catalog_json.h"
#include "tests/fuzz/check.h"

namespace signpost::fuzz {
namespace {

using consul::NodeTable;

template <typename T>
Result<T> Checked(Result<T> result) {
  Demand(result.ok() || !result.status().text().empty(), "a failure says why");
  return result;
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
      if (const auto instances = Checked(consul::ReadHealthService(body, nodes)); instances.ok())
        CheckInstances(instances.value());
      break;
    case 1:
      if (const auto services = Checked(consul::ReadCatalogServices(body)); services.ok()) {
        for (const auto& service : services.value()) Demand(!service.name.empty(), "empty names are left out");
      }
      break;
    case 2:
      if (const auto found = Checked(consul::ReadCatalogNodes(body, nodes)); found.ok()) {
        for (const auto& node : found.value()) Demand(node != nullptr && !node->name.empty(), "every node has a name");
      }
      break;
    case 3:
      (void)Checked(consul::ReadCatalogNode(body, nodes));
      break;
    case 4:
      (void)Checked(consul::ReadHealthState(body));
      break;
    case 5:
      if (const auto answer = Checked(consul::ReadQueryExecute(body, nodes)); answer.ok())
        CheckInstances(answer->instances);
      break;
    case 6:
      (void)Checked(consul::ReadQueryNear(body));
      break;
    case 7:
      (void)Checked(consul::ReadDatacenters(body));
      break;
    case 8:
      (void)Checked(consul::ReadAgentDatacenter(body));
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
