// Signpost. Apache-2.0; see LICENSE.
// All nodes of the own datacenter, and what a new list of them changes. Pure.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/consul/types.h"

namespace signpost::feed {

using NodePointer = std::shared_ptr<const consul::Node>;

class NodeList {
 public:
  struct Change {
    std::string name;  // lower case
    NodePointer node;  // null = gone
  };

  // Replaces everything; what is new, different or gone comes back.
  std::vector<Change> Replace(const std::vector<NodePointer>& nodes);

  // Some node known here is not among `nodes`.
  bool HasMoreThan(const std::vector<NodePointer>& nodes) const;

  // Null if there is none. `name` in lower case.
  NodePointer Find(const std::string& name) const;
  // The same by UUID, in lower case; looks at every node.
  NodePointer FindById(const std::string& uuid) const;
  const std::unordered_map<std::string, NodePointer>& all() const { return nodes_; }

 private:
  std::unordered_map<std::string, NodePointer> nodes_;  // by name in lower case
};

}  // namespace signpost::feed
