// Signpost. Apache-2.0; see LICENSE.
// Everything the registry holds, in memory, with the indexes that look-ups need and the counters that blocking queries
// compare. No I/O, no time, no rules of the API: those are in the *_writes files beside it. Control thread only.
//
// Every change goes through Put and Erase, is noted in a journal (for storing, undoing and publishing) and touches
// topics (for waking). Pointers and references that a look-up returns are valid until the next change.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "dnsd/registry/model/rows.h"
#include "dnsd/registry/model/topic.h"

namespace signpost::registry {

template <typename T>
using RowPtr = std::shared_ptr<const T>;
template <typename T>
using RowList = std::vector<RowPtr<T>>;

// The tables whose last change is counted.
enum class Table : unsigned char { kNodes, kServices, kChecks, kKv, kSessions, kQueries };

// What was changed since the journal was last taken.
struct Journal {
  std::vector<RowChange> changes;  // in order; one row may stand several times
  std::set<Topic> touched;
  // Keys that lost their lock with the end of a session, and for how long they must not be locked again.
  std::vector<std::pair<std::string, Millis>> lock_delays;
};

class State {
 public:
  // --- writing ---------------------------------------------------------------------------------------------------

  // Begins a write: what is changed until the next BeginWrite carries one index, the next one. A write that changes
  // nothing uses none.
  void BeginWrite() { write_index_ = 0; }
  // Adds or replaces the row with the same key. A row of equal content stays as it is (false is returned; keys
  // excepted), letter case of the key included. Indexes in `row` are ignored but for KvRow::lock_index. The node of a
  // service or a check must exist; the caller sees to it that a check's service does.
  template <typename T>
  bool Put(T row);
  // Sets the output of a check, by its key, without making it news: no index, no topic, no journal. What a check prints
  // with every run is to be seen by who asks, and must wake nobody.
  void SetOutput(const std::string& check_key, std::string output);
  // False: no such row. A node's services and checks, and a service's checks, are the caller's business.
  bool EraseNode(std::string_view name);
  bool EraseService(std::string_view node, std::string_view id);
  bool EraseCheck(std::string_view node, std::string_view check_id);
  bool EraseKv(const std::string& key);
  bool EraseSession(const std::string& id);
  bool EraseQuery(const std::string& id);

  void NoteLockDelay(std::string key, Millis delay) { journal_.lock_delays.emplace_back(std::move(key), delay); }
  // Wakes who waits for something that is not kept here, such as events.
  void Touch(Topic topic) { journal_.touched.insert(std::move(topic)); }
  // For writes of several steps that may fail half way: what was changed since `mark` (an earlier Mark of the same
  // write) is taken back as if it had never been; no index is used up, nobody is woken.
  size_t Mark();
  void RollBackTo(size_t mark);

  // The changes since the last call.
  Journal TakeJournal();
  // Takes `changes`, the newest that were made, back. Indexes go on growing; topics are touched anew.
  void Undo(const std::vector<RowChange>& changes);
  // Rows from storage, with their indexes, nodes first; nothing is noted in the journal. `index` is where counting goes
  // on.
  void Load(const std::vector<Row>& rows, uint64_t index);

  // --- indexes ---------------------------------------------------------------------------------------------------

  // The newest index given out; at least 1.
  uint64_t index() const { return index_; }
  // Grows with every change, quiet ones too: what was made from the state is true as long as this stays.
  uint64_t generation() const { return generation_; }
  // Of the last write to a table; at least 1. Several: the highest.
  uint64_t TableIndex(Table table) const { return table_index_[static_cast<size_t>(table)]; }
  // As Consul: of the last change of the service, its checks or nodes; without instances, of the last service that lost
  // its last one, else of the tables.
  uint64_t ServiceIndex(std::string_view service) const;
  uint64_t ConnectIndex(std::string_view service) const;
  uint64_t NodeIndex(std::string_view node) const;  // the node, its services and checks; 1 when unknown
  // The highest modify index of keys below `prefix`, removed ones included; the table's when there are none.
  uint64_t KvIndex(std::string_view prefix) const;

  // --- catalog ---------------------------------------------------------------------------------------------------

  RowPtr<NodeRow> FindNode(std::string_view name) const;
  RowPtr<NodeRow> FindNodeById(std::string_view uuid) const;
  // By name in lower case.
  const std::map<std::string, RowPtr<NodeRow>, std::less<>>& nodes() const { return nodes_; }

  RowPtr<ServiceRow> FindService(std::string_view node, std::string_view id) const;
  RowList<ServiceRow> ServicesOfNode(std::string_view node) const;  // by ID
  // Instances by node name and ID. The name in any letter case.
  RowList<ServiceRow> Instances(std::string_view service) const;
  // What Consul calls connect-capable: proxies for the service, and native instances of it.
  RowList<ServiceRow> ConnectInstances(std::string_view service) const;
  // Service names in lower case, with their instances by key.
  const std::map<std::string, std::map<std::string, RowPtr<ServiceRow>, std::less<>>>& service_names() const {
    return by_service_;
  }
  const std::map<std::string, RowPtr<ServiceRow>, std::less<>>& services() const { return services_; }

  RowPtr<CheckRow> FindCheck(std::string_view node, std::string_view check_id) const;
  RowList<CheckRow> ChecksOfNode(std::string_view node) const;  // all of them, by ID
  // By ID. `service_id` "": those of the node itself.
  RowList<CheckRow> ChecksOf(std::string_view node, std::string_view service_id) const;
  RowList<CheckRow> ChecksOfService(std::string_view service) const;  // by node and ID; any letter case
  const std::map<std::string, RowPtr<CheckRow>, std::less<>>& checks() const { return checks_; }

  // --- the rest --------------------------------------------------------------------------------------------------

  const std::map<std::string, RowPtr<KvRow>, std::less<>>& kv() const { return kv_; }
  RowPtr<KvRow> FindKv(std::string_view key) const;
  // Keys whose lock the session holds.
  Strings KeysHeldBy(const std::string& session) const;

  RowPtr<SessionRow> FindSession(const std::string& id) const;
  const std::map<std::string, RowPtr<SessionRow>, std::less<>>& sessions() const { return sessions_; }

  RowPtr<QueryRow> FindQuery(const std::string& id) const;
  RowPtr<QueryRow> FindQueryByName(std::string_view name) const;  // exact, not a template
  const std::map<std::string, RowPtr<QueryRow>, std::less<>>& queries() const { return queries_; }

 private:
  template <typename T>
  using TableMap = std::map<std::string, RowPtr<T>, std::less<>>;

  TableMap<NodeRow>& MapOf(const NodeRow*) { return nodes_; }
  TableMap<ServiceRow>& MapOf(const ServiceRow*) { return services_; }
  TableMap<CheckRow>& MapOf(const CheckRow*) { return checks_; }
  TableMap<KvRow>& MapOf(const KvRow*) { return kv_; }
  TableMap<SessionRow>& MapOf(const SessionRow*) { return sessions_; }
  TableMap<QueryRow>& MapOf(const QueryRow*) { return queries_; }

  using Counters = std::unordered_map<std::string, uint64_t>;
  using Removals = std::map<std::string, uint64_t, std::less<>>;

  // Where a write stood, and what a counter said before it was changed since: what RollBackTo needs.
  struct SavePoint {
    size_t changes = 0;
    size_t lock_delays = 0;
    size_t counters = 0;
    uint64_t index = 0;
    uint64_t write_index = 0;
    uint64_t last_extinction = 0;
    std::array<uint64_t, 6> table_index{};
    std::set<Topic> touched;
  };
  struct CounterChange {
    std::variant<Counters*, Removals*> of;
    std::string name;
    std::optional<uint64_t> before;
  };

  template <typename T>
  bool Erase(const std::string& key);
  // Puts back what was there before each of `changes`.
  void TakeBack(const std::vector<RowChange>& changes);
  // Sets a counter, or removes it; remembers what it was if there is a save point.
  template <typename Map>
  void SetCounter(Map& counters, const std::string& name, std::optional<uint64_t> value);
  void ResetCounter(const CounterChange& change);
  // The only place where tables change: keeps look-up indexes, counters and topics. Null: no row.
  template <typename T>
  void Replace(const std::string& key, const RowPtr<T>& before, const RowPtr<T>& after);
  uint64_t WriteIndex();

  // Adds what look-ups find `row` by, or takes it away.
  void Index(const std::string& key, const RowPtr<NodeRow>& row, bool add);
  void Index(const std::string& key, const RowPtr<ServiceRow>& row, bool add);
  void Index(const std::string& key, const RowPtr<CheckRow>& row, bool add);
  void Index(const std::string& key, const RowPtr<KvRow>& row, bool add);
  void Index(const std::string& key, const RowPtr<SessionRow>& row, bool add);
  void Index(const std::string& key, const RowPtr<QueryRow>& row, bool add);

  // Counts a change and touches topics; called with the row before and the row after it.
  void Note(const NodeRow& row);
  void Note(const ServiceRow& row);
  void Note(const CheckRow& row);
  void Note(const KvRow& row);
  void Note(const SessionRow& row);
  void Note(const QueryRow& row);
  void NoteInstance(const ServiceRow& row);
  void Count(Table table) { table_index_[static_cast<size_t>(table)] = write_index_; }
  void Touch(Topic::Kind kind, std::string name = {}) { journal_.touched.insert({kind, std::move(name)}); }

  uint64_t index_ = 1;
  uint64_t write_index_ = 0;
  uint64_t generation_ = 0;
  std::array<uint64_t, 6> table_index_{1, 1, 1, 1, 1, 1};
  uint64_t last_extinction_ = 0;
  Journal journal_;
  std::vector<SavePoint> save_points_;
  std::vector<CounterChange> counter_changes_;  // since the first save point

  TableMap<NodeRow> nodes_;
  TableMap<ServiceRow> services_;
  TableMap<CheckRow> checks_;
  TableMap<KvRow> kv_;
  TableMap<SessionRow> sessions_;
  TableMap<QueryRow> queries_;

  std::unordered_map<std::string, std::string> node_by_id_;
  Counters node_index_;     // by name in lower case
  Counters service_index_;  // by name in lower case
  Counters connect_index_;
  std::map<std::string, TableMap<ServiceRow>> by_service_;
  std::unordered_map<std::string, TableMap<ServiceRow>> by_destination_;  // connect-capable
  std::unordered_map<std::string, TableMap<CheckRow>> checks_of_;         // by PartKey of node and service ID
  std::unordered_map<std::string, TableMap<CheckRow>> checks_by_service_;
  std::map<std::string, std::set<std::string>> held_by_;  // session -> keys
  std::unordered_map<std::string, std::string> query_by_name_;
  Removals kv_removed_;            // key -> index of its removal
  uint64_t kv_removed_floor_ = 0;  // of removals that are not remembered one by one
};

}  // namespace signpost::registry
