// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/node_lookup.h"

namespace signpost::registry {
namespace {

constexpr size_t kShortestPrefix = 2;

}  // namespace

RowPtr<NodeRow> FindNodeByNameOrId(const State& state, std::string_view text) {
  if (auto node = state.FindNode(text)) return node;
  if (auto node = state.FindNodeById(text)) return node;
  if (text.size() < kShortestPrefix) return nullptr;
  const std::string prefix = Lower(text);
  RowPtr<NodeRow> only;
  for (const auto& [name, node] : state.nodes()) {
    if (!Lower(node->node.id).starts_with(prefix)) continue;
    if (only) return nullptr;
    only = node;
  }
  return only;
}

}  // namespace signpost::registry
