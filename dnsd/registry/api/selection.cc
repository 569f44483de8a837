// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/selection.h"

namespace signpost::registry {
namespace {

template <typename T, typename Unwanted>
void Drop(RowList<T>& rows, const Unwanted& unwanted) {
  rows.erase(std::remove_if(rows.begin(), rows.end(), [&](const RowPtr<T>& row) { return unwanted(*row); }),
             rows.end());
}

// Those on nodes that node-meta= asks for; the own node's first if near= asks for that.
template <typename T>
void SelectByNode(const Engine& engine, const Call& call, RowList<T>& rows) {
  if (const auto& wanted = call.options.node_meta; !wanted.empty()) {
    Drop(rows, [&](const T& row) {
      const auto node = engine.state().FindNode(row.node);
      return !node || !HasMeta(*node, wanted);
    });
  }
  if (!IsNear(engine, call)) return;
  const std::string own = NodeKey(engine.options().node);
  std::stable_partition(rows.begin(), rows.end(), [&](const RowPtr<T>& row) { return NodeKey(row->node) == own; });
}

}  // namespace

bool HasMeta(const NodeRow& node, const StringPairs& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& pair) {
    return std::find(node.node.meta.begin(), node.node.meta.end(), pair) != node.node.meta.end();
  });
}

bool HasTags(const ServiceRow& service, const Strings& tags) {
  return std::all_of(tags.begin(), tags.end(), [&](const std::string& wanted) {
    return std::any_of(service.tags.begin(), service.tags.end(),
                       [&](const std::string& tag) { return Lower(tag) == Lower(wanted); });
  });
}

void Select(const Engine& engine, const Call& call, RowList<ServiceRow>& services, bool tags_count) {
  if (const Strings tags = call.request.Params("tag"); tags_count && !tags.empty()) {
    Drop(services, [&](const ServiceRow& service) { return !HasTags(service, tags); });
  }
  SelectByNode(engine, call, services);
}

void Select(const Engine& engine, const Call& call, RowList<CheckRow>& checks) { SelectByNode(engine, call, checks); }

bool IsNear(const Engine& engine, const Call& call) {
  return !call.options.near.empty() && Lower(call.options.near) == Lower(engine.options().node);
}

Result<ItemWriter> ItemWriter::Make(const std::string& expression, Schema schema) {
  auto filter = Filter::Parse(expression, schema);
  if (!filter.ok()) return filter.status();
  return ItemWriter(std::move(filter).value(), !expression.empty());
}

bool ItemWriter::Matches(const std::string& text) const {
  const auto item = json::Document::Parse(text);
  return item.ok() && filter_.Matches(item->root());
}

}  // namespace signpost::registry
