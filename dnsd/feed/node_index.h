// Signpost. Apache-2.0; see LICENSE.
// Which services have instances on a node.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "dnsd/catalog/catalog.h"

namespace signpost::feed {

class NodeIndex {
 public:
  // `name` (lower case) now has the instances of `after` in place of those of `before`; either may be null. `name` must
  // stay where it is until it is replaced by null.
  void Replace(const std::string& name, const catalog::Service* before, const catalog::Service* after);

  // Names of the services on the node (lower case), each as often as it has instances there.
  std::vector<std::string> ServicesOn(const std::string& node) const;

 private:
  void Add(const std::string& name, const catalog::Service& service);
  void Remove(const std::string& name, const catalog::Service& service);

  std::unordered_map<std::string, std::vector<const std::string*>> services_;  // by node name in lower case
};

}  // namespace signpost::feed
