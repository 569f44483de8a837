// Signpost. Apache-2.0; see LICENSE.
// Shares equal nodes: thousands of instances on one node keep one copy of it.
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>

#include "common/consul/types.h"

namespace signpost::consul {

// One thread. Holds nodes weakly: a node lives as long as somebody outside uses it.
class NodeTable {
 public:
  // With `max_nodes` different nodes alive, further ones are not shared any more (and cost their memory each time).
  explicit NodeTable(size_t max_nodes = size_t{1} << 18) : max_nodes_(max_nodes) {}

  // The shared copy of a node with this very content. Never null.
  std::shared_ptr<const Node> Intern(Node node);
  // Nodes remembered, some of them perhaps dead already.
  size_t size() const { return nodes_.size(); }

 private:
  void Prune();

  size_t max_nodes_;
  size_t prune_at_ = 64;
  std::unordered_multimap<size_t, std::weak_ptr<const Node>> nodes_;  // by hash of the content
};

}  // namespace signpost::consul
