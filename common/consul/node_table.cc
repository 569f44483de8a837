// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/node_table.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace signpost::consul {
namespace {

void Mix(size_t& seed, std::string_view text) {
  seed ^= std::hash<std::string_view>{}(text) + 0x9e3779b97f4a7c15U + (seed << 6) + (seed >> 2);
}

size_t HashNode(const Node& node) {
  size_t seed = node.translated ? 1 : 0;
  Mix(seed, node.id);
  Mix(seed, node.name);
  Mix(seed, node.address);
  Mix(seed, node.datacenter);
  for (const TaggedAddress& tagged : node.tagged_addresses) Mix(seed, tagged.address);
  for (const auto& [key, value] : node.meta) {
    Mix(seed, key);
    Mix(seed, value);
  }
  return seed;
}

}  // namespace

std::shared_ptr<const Node> NodeTable::Intern(Node node) {
  const size_t hash = HashNode(node);
  const auto [first, last] = nodes_.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    auto known = it->second.lock();
    if (known && *known == node) return known;
  }
  // Not make_shared: the weak entry must not keep the dead node's memory.
  std::shared_ptr<const Node> made(new Node(std::move(node)));
  if (nodes_.size() >= prune_at_) Prune();
  if (nodes_.size() < max_nodes_) nodes_.emplace(hash, made);
  return made;
}

void NodeTable::Prune() {
  std::erase_if(nodes_, [](const auto& entry) { return entry.second.expired(); });
  prune_at_ = std::max<size_t>(64, nodes_.size() * 2);
}

}  // namespace signpost::consul
