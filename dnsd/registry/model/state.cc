// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/state.h"

#include <algorithm>
#include <type_traits>

#include "common/base/status.h"

namespace signpost::registry {
namespace {

// Removed keys that are remembered one by one, so that watchers of a prefix hear of removals below it.
constexpr size_t kRememberedRemovals = 16384;

template <typename Map, typename Key>
auto FindRow(const Map& table, const Key& key) -> typename Map::mapped_type {
  const auto found = table.find(key);
  return found == table.end() ? nullptr : found->second;
}

// Adds `row` to, or takes it from, those that are found under `name`.
template <typename Groups, typename Row>
void SetMember(Groups& groups, const std::string& name, const std::string& key, const Row& row, bool add) {
  if (add) {
    groups[name].insert_or_assign(key, row);
    return;
  }
  const auto found = groups.find(name);
  if (found == groups.end()) return;
  found->second.erase(key);
  if (found->second.empty()) groups.erase(found);
}

// A name leads to the row that took it last.
void SetOwner(std::unordered_map<std::string, std::string>& owners, const std::string& name, const std::string& key,
              bool add) {
  if (add) {
    owners[name] = key;
    return;
  }
  const auto found = owners.find(name);
  if (found != owners.end() && found->second == key) owners.erase(found);
}

// The service that `row` lets be reached through the mesh, or "".
std::string ConnectName(const ServiceRow& row) {
  if (row.kind == "connect-proxy") return Lower(row.proxy_destination);
  return row.connect_native ? Lower(row.service) : "";
}

}  // namespace

// --- writing -----------------------------------------------------------------------------------------------------

uint64_t State::WriteIndex() {
  if (write_index_ == 0) write_index_ = ++index_;
  return write_index_;
}

template <typename T>
void State::Replace(const std::string& key, const RowPtr<T>& before, const RowPtr<T>& after) {
  WriteIndex();
  ++generation_;
  if (before) {
    Note(*before);
    Index(key, before, false);
  }
  if (after) {
    MapOf(after.get())[key] = after;
    Index(key, after, true);
    Note(*after);
  } else {
    MapOf(after.get()).erase(key);
  }
  if constexpr (std::is_same_v<T, ServiceRow>) {
    if (before && !by_service_.contains(Lower(before->service))) {
      SetCounter(service_index_, Lower(before->service), std::nullopt);
      last_extinction_ = write_index_;
    }
  }
}

template <typename T>
bool State::Put(T row) {
  const std::string key = KeyOf(row);
  const RowPtr<T> before = FindRow(MapOf(&row), key);
  // A key that is written again has a new index, whatever is written, as in Consul.
  if (before && *before == row && !std::is_same_v<T, KvRow>) return false;
  row.index.modify = WriteIndex();
  row.index.create = before ? before->index.create : row.index.modify;
  const RowPtr<T> after = std::make_shared<const T>(std::move(row));
  Replace(key, before, after);
  journal_.changes.push_back({key, before, after});
  return true;
}

void State::SetOutput(const std::string& check_key, std::string output) {
  const auto found = checks_.find(check_key);
  if (found == checks_.end()) return;
  CheckRow changed = *found->second;
  changed.output = std::move(output);
  const RowPtr<CheckRow> before = found->second;
  const RowPtr<CheckRow> after = std::make_shared<const CheckRow>(std::move(changed));
  Index(check_key, before, false);
  found->second = after;
  Index(check_key, after, true);
  ++generation_;
}

template <typename T>
bool State::Erase(const std::string& key) {
  const RowPtr<T> before = FindRow(MapOf(static_cast<const T*>(nullptr)), key);
  if (!before) return false;
  const RowPtr<T> after;
  Replace(key, before, after);
  journal_.changes.push_back({key, before, after});
  return true;
}

template bool State::Put(NodeRow);
template bool State::Put(ServiceRow);
template bool State::Put(CheckRow);
template bool State::Put(KvRow);
template bool State::Put(SessionRow);
template bool State::Put(QueryRow);

bool State::EraseNode(std::string_view name) { return Erase<NodeRow>(NodeKey(name)); }
bool State::EraseService(std::string_view node, std::string_view id) { return Erase<ServiceRow>(PartKey(node, id)); }
bool State::EraseCheck(std::string_view node, std::string_view check_id) {
  return Erase<CheckRow>(PartKey(node, check_id));
}
bool State::EraseKv(const std::string& key) { return Erase<KvRow>(key); }
bool State::EraseSession(const std::string& id) { return Erase<SessionRow>(id); }
bool State::EraseQuery(const std::string& id) { return Erase<QueryRow>(id); }

Journal State::TakeJournal() {
  save_points_.clear();
  counter_changes_.clear();
  return std::exchange(journal_, {});
}

void State::TakeBack(const std::vector<RowChange>& changes) {
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    std::visit(
        [&](const auto& before) {
          using Ptr = std::decay_t<decltype(before)>;
          Replace(change->key, std::get<Ptr>(change->after), before);
        },
        change->before);
  }
}

void State::Undo(const std::vector<RowChange>& changes) {
  BeginWrite();
  TakeBack(changes);
}

// --- half-way writes ---------------------------------------------------------------------------------------------

size_t State::Mark() {
  save_points_.push_back({.changes = journal_.changes.size(),
                          .lock_delays = journal_.lock_delays.size(),
                          .counters = counter_changes_.size(),
                          .index = index_,
                          .write_index = write_index_,
                          .last_extinction = last_extinction_,
                          .table_index = table_index_,
                          .touched = journal_.touched});
  return save_points_.size() - 1;
}

void State::RollBackTo(size_t mark) {
  SavePoint point = std::move(save_points_[mark]);
  const auto first = journal_.changes.begin() + static_cast<std::ptrdiff_t>(point.changes);
  TakeBack({first, journal_.changes.end()});
  journal_.changes.resize(point.changes);
  journal_.lock_delays.resize(point.lock_delays);
  journal_.touched = std::move(point.touched);
  while (counter_changes_.size() > point.counters) {
    ResetCounter(counter_changes_.back());
    counter_changes_.pop_back();
  }
  index_ = point.index;
  write_index_ = point.write_index;
  last_extinction_ = point.last_extinction;
  table_index_ = point.table_index;
  save_points_.resize(mark);
}

template <typename Map>
void State::SetCounter(Map& counters, const std::string& name, std::optional<uint64_t> value) {
  const auto known = counters.find(name);
  if (!save_points_.empty()) {
    const auto before = known == counters.end() ? std::nullopt : std::optional(known->second);
    counter_changes_.push_back({&counters, name, before});
  }
  if (value) {
    counters.insert_or_assign(name, *value);
  } else if (known != counters.end()) {
    counters.erase(known);
  }
}

void State::ResetCounter(const CounterChange& change) {
  const auto reset = [&change](auto* counters) {
    if (change.before) {
      counters->insert_or_assign(change.name, *change.before);
    } else {
      counters->erase(change.name);
    }
  };
  std::visit(reset, change.of);
}

void State::Load(const std::vector<Row>& rows, uint64_t index) {
  index_ = std::max<uint64_t>(index, 1);
  BeginWrite();
  for (const Row& row : rows) {
    std::visit([this](const auto& loaded) { Replace(KeyOf(*loaded), {}, loaded); }, row);
  }
  journal_ = {};
  // What was removed before is forgotten, and its watchers must not see an index go back.
  table_index_.fill(index_);
  if (index_ > 1) kv_removed_floor_ = index_;
}

// --- look-up indexes ---------------------------------------------------------------------------------------------

void State::Index(const std::string& key, const RowPtr<NodeRow>& row, bool add) {
  if (!row->node.id.empty()) SetOwner(node_by_id_, Lower(row->node.id), key, add);
}

void State::Index(const std::string& key, const RowPtr<ServiceRow>& row, bool add) {
  SetMember(by_service_, Lower(row->service), key, row, add);
  if (const std::string name = ConnectName(*row); !name.empty()) SetMember(by_destination_, name, key, row, add);
}

void State::Index(const std::string& key, const RowPtr<CheckRow>& row, bool add) {
  SetMember(checks_of_, PartKey(row->node, row->service_id), key, row, add);
  if (!row->service_name.empty()) SetMember(checks_by_service_, Lower(row->service_name), key, row, add);
}

void State::Index(const std::string& key, const RowPtr<KvRow>& row, bool add) {
  if (!row->session.empty()) {
    std::set<std::string>& held = held_by_[row->session];
    add ? void(held.insert(key)) : void(held.erase(key));
    if (held.empty()) held_by_.erase(row->session);
  }
  if (add) {
    SetCounter(kv_removed_, key, std::nullopt);
    return;
  }
  SetCounter(kv_removed_, key, write_index_);
  if (kv_removed_.size() > kRememberedRemovals && save_points_.empty()) {
    kv_removed_.clear();
    kv_removed_floor_ = write_index_;
  }
}

void State::Index(const std::string& /*key*/, const RowPtr<SessionRow>& /*row*/, bool /*add*/) {}

void State::Index(const std::string& key, const RowPtr<QueryRow>& row, bool add) {
  if (!row->name.empty()) SetOwner(query_by_name_, Lower(row->name), key, add);
}

// --- counters and topics -----------------------------------------------------------------------------------------

void State::Note(const NodeRow& row) {
  const std::string name = NodeKey(row.node.name);
  Count(Table::kNodes);
  Touch(Topic::Kind::kNodes);
  Touch(Topic::Kind::kNode, name);
  SetCounter(node_index_, name, write_index_);
  for (const auto& service : ServicesOfNode(name)) NoteInstance(*service);
}

// An instance looks different to those who ask for its service.
void State::NoteInstance(const ServiceRow& row) {
  const std::string name = Lower(row.service);
  SetCounter(service_index_, name, write_index_);
  Touch(Topic::Kind::kService, name);
  if (const std::string connect = ConnectName(row); !connect.empty()) {
    SetCounter(connect_index_, connect, write_index_);
    Touch(Topic::Kind::kConnect, connect);
  }
}

void State::Note(const ServiceRow& row) {
  Count(Table::kServices);
  Touch(Topic::Kind::kServices);
  Touch(Topic::Kind::kNode, NodeKey(row.node));
  Touch(Topic::Kind::kAgentService, KeyOf(row));
  SetCounter(node_index_, NodeKey(row.node), write_index_);
  NoteInstance(row);
}

void State::Note(const CheckRow& row) {
  Count(Table::kChecks);
  Touch(Topic::Kind::kChecks);
  Touch(Topic::Kind::kNode, NodeKey(row.node));
  SetCounter(node_index_, NodeKey(row.node), write_index_);
  if (row.service_id.empty()) {
    for (const auto& service : ServicesOfNode(row.node)) NoteInstance(*service);
  } else if (const auto service = FindService(row.node, row.service_id)) {
    NoteInstance(*service);
    // A check keeps the name that its service had, and stands in the list of that name.
    if (service->service != row.service_name) Touch(Topic::Kind::kService, Lower(row.service_name));
  }
}

void State::Note(const KvRow& row) {
  Count(Table::kKv);
  Touch(Topic::Kind::kKv, row.key);
}

void State::Note(const SessionRow& /*row*/) {
  Count(Table::kSessions);
  Touch(Topic::Kind::kSessions);
}

void State::Note(const QueryRow& /*row*/) {
  Count(Table::kQueries);
  Touch(Topic::Kind::kQueries);
}

}  // namespace signpost::registry
