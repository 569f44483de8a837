// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/node_index.h"

#include <algorithm>

#include "dnsd/feed/keys.h"

namespace signpost::feed {
namespace {

bool SameNodes(const catalog::Service& a, const catalog::Service& b) {
  return std::equal(a.instances.begin(), a.instances.end(), b.instances.begin(), b.instances.end(),
                    [](const auto& x, const auto& y) { return x.node == y.node || x.node->name == y.node->name; });
}

}  // namespace

void NodeIndex::Replace(const std::string& name, const catalog::Service* before, const catalog::Service* after) {
  if (before && after && SameNodes(*before, *after)) return;
  if (before) Remove(name, *before);
  if (after) Add(name, *after);
}

std::vector<std::string> NodeIndex::ServicesOn(const std::string& node) const {
  std::vector<std::string> names;
  const auto it = services_.find(node);
  if (it == services_.end()) return names;
  names.reserve(it->second.size());
  for (const std::string* name : it->second) names.push_back(*name);
  return names;
}

void NodeIndex::Add(const std::string& name, const catalog::Service& service) {
  for (const auto& instance : service.instances) services_[Lower(instance.node->name)].push_back(&name);
}

void NodeIndex::Remove(const std::string& name, const catalog::Service& service) {
  for (const auto& instance : service.instances) {
    const auto it = services_.find(Lower(instance.node->name));
    if (it == services_.end()) continue;
    auto& names = it->second;
    const auto at = std::find(names.begin(), names.end(), &name);
    if (at == names.end()) continue;
    *at = names.back();
    names.pop_back();
    if (names.empty()) services_.erase(it);
  }
}

}  // namespace signpost::feed
