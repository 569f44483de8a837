// Signpost. Apache-2.0; see LICENSE.
#include <algorithm>

#include "dnsd/registry/model/state.h"

namespace signpost::registry {
namespace {

using Indexes64 = std::unordered_map<std::string, uint64_t>;

uint64_t IndexAt(const Indexes64& indexes, const std::string& name, uint64_t fallback) {
  const auto found = indexes.find(name);
  return found == indexes.end() ? fallback : found->second;
}

template <typename Map>
auto FindRow(const Map& table, std::string_view key) -> typename Map::mapped_type {
  const auto found = table.find(key);
  return found == table.end() ? nullptr : found->second;
}

template <typename Groups>
auto RowsOf(const Groups& groups, const std::string& name) {
  std::vector<typename Groups::mapped_type::mapped_type> rows;
  const auto found = groups.find(name);
  if (found == groups.end()) return rows;
  rows.reserve(found->second.size());
  for (const auto& [key, row] : found->second) rows.push_back(row);
  return rows;
}

// The rows of a node stand together: their keys begin with its name and a NUL.
template <typename T>
RowList<T> RowsOfNode(const std::map<std::string, RowPtr<T>, std::less<>>& table, std::string_view node) {
  const std::string prefix = PartKey(node, "");
  RowList<T> rows;
  for (auto row = table.lower_bound(prefix); row != table.end() && row->first.starts_with(prefix); ++row) {
    rows.push_back(row->second);
  }
  return rows;
}

}  // namespace

// --- indexes -----------------------------------------------------------------------------------------------------

uint64_t State::ServiceIndex(std::string_view service) const {
  const std::string name = Lower(service);
  if (by_service_.contains(name)) return IndexAt(service_index_, name, 1);
  if (last_extinction_ > 0) return last_extinction_;
  return std::max({TableIndex(Table::kNodes), TableIndex(Table::kServices), TableIndex(Table::kChecks)});
}

uint64_t State::ConnectIndex(std::string_view service) const {
  return IndexAt(connect_index_, Lower(service), ServiceIndex(service));
}

uint64_t State::NodeIndex(std::string_view node) const { return IndexAt(node_index_, NodeKey(node), 1); }

uint64_t State::KvIndex(std::string_view prefix) const {
  uint64_t index = kv_removed_floor_;
  for (auto row = kv_.lower_bound(prefix); row != kv_.end() && row->first.starts_with(prefix); ++row) {
    index = std::max(index, row->second->index.modify);
  }
  for (auto gone = kv_removed_.lower_bound(prefix); gone != kv_removed_.end() && gone->first.starts_with(prefix);
       ++gone) {
    index = std::max(index, gone->second);
  }
  return index > 0 ? index : TableIndex(Table::kKv);
}

// --- catalog -----------------------------------------------------------------------------------------------------

RowPtr<NodeRow> State::FindNode(std::string_view name) const { return FindRow(nodes_, NodeKey(name)); }

RowPtr<NodeRow> State::FindNodeById(std::string_view uuid) const {
  const auto found = node_by_id_.find(Lower(uuid));
  return found == node_by_id_.end() ? nullptr : FindRow(nodes_, found->second);
}

RowPtr<ServiceRow> State::FindService(std::string_view node, std::string_view id) const {
  return FindRow(services_, PartKey(node, id));
}

RowList<ServiceRow> State::ServicesOfNode(std::string_view node) const { return RowsOfNode(services_, node); }

RowList<ServiceRow> State::Instances(std::string_view service) const { return RowsOf(by_service_, Lower(service)); }

RowList<ServiceRow> State::ConnectInstances(std::string_view service) const {
  return RowsOf(by_destination_, Lower(service));
}

RowPtr<CheckRow> State::FindCheck(std::string_view node, std::string_view check_id) const {
  return FindRow(checks_, PartKey(node, check_id));
}

RowList<CheckRow> State::ChecksOfNode(std::string_view node) const { return RowsOfNode(checks_, node); }

RowList<CheckRow> State::ChecksOf(std::string_view node, std::string_view service_id) const {
  return RowsOf(checks_of_, PartKey(node, service_id));
}

RowList<CheckRow> State::ChecksOfService(std::string_view service) const {
  return RowsOf(checks_by_service_, Lower(service));
}

// --- the rest ----------------------------------------------------------------------------------------------------

RowPtr<KvRow> State::FindKv(std::string_view key) const { return FindRow(kv_, key); }

Strings State::KeysHeldBy(const std::string& session) const {
  const auto found = held_by_.find(session);
  return found == held_by_.end() ? Strings() : Strings(found->second.begin(), found->second.end());
}

RowPtr<SessionRow> State::FindSession(const std::string& id) const { return FindRow(sessions_, id); }

RowPtr<QueryRow> State::FindQuery(const std::string& id) const { return FindRow(queries_, id); }

RowPtr<QueryRow> State::FindQueryByName(std::string_view name) const {
  const auto found = query_by_name_.find(Lower(name));
  return found == query_by_name_.end() ? nullptr : FindRow(queries_, found->second);
}

}  // namespace signpost::registry
