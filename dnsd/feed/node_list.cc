// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/node_list.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "dnsd/feed/keys.h"

namespace signpost::feed {

std::vector<NodeList::Change> NodeList::Replace(const std::vector<NodePointer>& nodes) {
  std::vector<Change> changes;
  std::unordered_map<std::string, NodePointer> next;
  next.reserve(nodes.size());
  for (const NodePointer& node : nodes) {
    std::string name = Lower(node->name);
    const NodePointer known = Find(name);
    const bool same = known && (known == node || *known == *node);
    if (!same) changes.push_back({name, node});
    next.insert_or_assign(std::move(name), same ? known : node);
  }
  for (const auto& [name, node] : nodes_) {
    if (!next.contains(name)) changes.push_back({name, nullptr});
  }
  nodes_ = std::move(next);
  return changes;
}

bool NodeList::HasMoreThan(const std::vector<NodePointer>& nodes) const {
  std::unordered_set<std::string> names;
  for (const NodePointer& node : nodes) names.insert(Lower(node->name));
  return std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& known) { return !names.contains(known.first); });
}

NodePointer NodeList::Find(const std::string& name) const {
  const auto it = nodes_.find(name);
  return it == nodes_.end() ? nullptr : it->second;
}

NodePointer NodeList::FindById(const std::string& uuid) const {
  for (const auto& [name, node] : nodes_) {
    if (node->id == uuid) return node;
  }
  return nullptr;
}

}  // namespace signpost::feed
