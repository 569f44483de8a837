// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/query_execution.h"

#include <algorithm>

#include "dnsd/registry/model/catalog_writes.h"
#include "dnsd/registry/model/query_template.h"
#include "dnsd/registry/model/uuid.h"

namespace signpost::registry {
namespace {

// The template with the longest name that `name` begins with, or null.
RowPtr<QueryRow> FindTemplate(const State& state, std::string_view name) {
  const std::string wanted = Lower(name);
  RowPtr<QueryRow> best;
  for (const auto& [id, query] : state.queries()) {
    if (!IsTemplate(*query) || !wanted.starts_with(Lower(query->name))) continue;
    if (!best || best->name.size() < query->name.size()) best = query;
  }
  return best;
}

bool ChecksLetThrough(const QueryRow& query, const RowList<CheckRow>& checks) {
  const auto& ignored = query.ignore_check_ids;
  return std::none_of(checks.begin(), checks.end(), [&](const RowPtr<CheckRow>& check) {
    if (std::find(ignored.begin(), ignored.end(), check->check_id) != ignored.end()) return false;
    return check->status == kCritical || (query.only_passing && check->status != kPassing);
  });
}

bool HasAll(const StringPairs& pairs, const StringPairs& wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&pairs](const auto& pair) { return std::find(pairs.begin(), pairs.end(), pair) != pairs.end(); });
}

// "!tag" means without it.
bool TagsFit(const Strings& tags, const Strings& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&tags](const std::string& text) {
    const bool unwanted = text.starts_with('!');
    const std::string name = Lower(std::string_view(text).substr(unwanted ? 1 : 0));
    const bool has = std::any_of(tags.begin(), tags.end(), [&name](const auto& tag) { return Lower(tag) == name; });
    return has != unwanted;
  });
}

bool Fits(const State& state, const QueryRow& query, const ServiceRow& instance) {
  if (!ChecksLetThrough(query, state.ChecksOf(instance.node, "")) ||
      !ChecksLetThrough(query, state.ChecksOf(instance.node, instance.id))) {
    return false;
  }
  return HasAll(state.FindNode(instance.node)->node.meta, query.node_meta) &&
         HasAll(instance.meta, query.service_meta) && TagsFit(instance.tags, query.tags);
}

}  // namespace

Result<QueryRow> ResolveQuery(const State& state, std::string_view id_or_name) {
  if (IsUuid(id_or_name)) {
    if (const auto query = state.FindQuery(Lower(id_or_name))) {
      if (!IsTemplate(*query)) return *query;
      return Status::Invalid("prepared query templates can only be resolved up by name, not by ID");
    }
  }
  auto query = id_or_name.empty() ? nullptr : state.FindQueryByName(id_or_name);
  if (!query && !id_or_name.empty()) query = FindTemplate(state, id_or_name);
  if (!query) return Status::NotFound("Query not found");
  if (!IsTemplate(*query)) return *query;
  return RenderQuery(*query, id_or_name);
}

RowList<ServiceRow> ExecuteQuery(const State& state, const QueryRow& query) {
  RowList<ServiceRow> rows = query.connect ? state.ConnectInstances(query.service) : state.Instances(query.service);
  std::erase_if(rows, [&](const RowPtr<ServiceRow>& row) { return !Fits(state, query, *row); });
  return rows;
}

bool OrderByNearness(RowList<ServiceRow>& instances, std::string_view near, std::string_view own_node) {
  const std::string own = NodeKey(own_node);
  if (near != "_agent" && NodeKey(near) != own) return false;
  const auto rest = std::stable_partition(instances.begin(), instances.end(),
                                          [&own](const RowPtr<ServiceRow>& row) { return NodeKey(row->node) == own; });
  return rest != instances.begin();
}

}  // namespace signpost::registry
