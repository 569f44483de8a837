// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/engine/engine.h"

#include <map>
#include <utility>

#include "common/base/log.h"
#include "common/net/timer.h"
#include "dnsd/registry/checks/critical_tracker.h"
#include "dnsd/registry/checks/scheduler.h"
#include "dnsd/registry/engine/commit_queue.h"
#include "dnsd/registry/engine/session_keeper.h"
#include "dnsd/registry/engine/zone_feed.h"
#include "dnsd/registry/model/catalog_writes.h"
#include "dnsd/registry/model/session_writes.h"

namespace signpost::registry {
namespace {

// As Consul's check_update_interval: a check whose output alone changes, with every run, is not news each time.
constexpr Nanos kOutputInterval = std::chrono::minutes(5);
constexpr Millis kReapInterval{30000};
// Indexes kept for what health checks find while writes are refused.
constexpr uint64_t kIndexReserve = 16384;

CheckStatus StatusOf(std::string_view word) {
  if (word == kPassing) return CheckStatus::kPassing;
  return word == kWarning ? CheckStatus::kWarning : CheckStatus::kCritical;
}

}  // namespace

struct Engine::Parts {
  Parts(Engine& owner, Store store)
      : engine(owner),
        zone(engine.state_, engine.options_.datacenter, engine.options_.node),
        commits(engine.loop_, engine.state_, zone, engine.watches_, std::move(store),
                [this](const Journal& journal) { Follow(journal); }),
        sessions(engine.loop_, engine.clock_, [this](const std::string& id) { OnSessionExpired(id); }),
        checks(
            engine.loop_, engine.clock_,
            {.enable_scripts = engine.options_.script_checks, .docker_url = engine.options_.docker_url},
            [this](const CheckKey& key, CheckStatus status, std::string output) {
              OnReport(key, status, std::move(output));
            },
            [this](const std::string& node, const std::string& service_id) { return LookAt(node, service_id); }),
        reaper(engine.loop_, [this] { Reap(); }),
        state(engine.state_),
        clock(engine.clock_),
        own_node(NodeKey(engine.options_.node)) {
    commits.SetHasIndex([this] { return engine.HasIndex(); });
  }

  // Brings what runs in line with rows that changed.
  void Follow(const Journal& journal);
  void FollowCheck(const std::string& key);
  void FollowSession(const std::string& id);
  void OnReport(const CheckKey& key, CheckStatus status, std::string output);
  bool OutputIsNews(const CheckKey& key);
  void OnSessionExpired(const std::string& id);
  AliasView LookAt(const std::string& node, const std::string& service_id) const;
  // Takes services away whose checks have been critical for too long.
  void Reap();
  // Takes the journal and makes it count.
  void Commit(Done done);

  Engine& engine;
  ZoneFeed zone;
  CommitQueue commits;
  SessionKeeper sessions;
  CheckScheduler checks;
  CriticalTracker critical;
  net::Timer reaper;
  bool in_heartbeat = false;  // a report then belongs to the write that is under way
  State& state;
  const Clock& clock;
  const std::string own_node;
  std::map<CheckKey, Definition> running;
  std::map<CheckKey, Nanos> output_told;  // check -> when its output alone was last news
};

void Engine::Parts::Follow(const Journal& journal) {
  for (const auto& [key, delay] : journal.lock_delays) sessions.NoteLockDelay(key, delay);
  for (const RowChange& change : journal.changes) {
    if (std::holds_alternative<RowPtr<CheckRow>>(change.after)) FollowCheck(change.key);
    if (std::holds_alternative<RowPtr<SessionRow>>(change.after)) FollowSession(change.key);
  }
}

void Engine::Parts::FollowCheck(const std::string& key) {
  checks.OnChecksChanged();
  const auto found = state.checks().find(key);
  const CheckRow* row = found == state.checks().end() ? nullptr : found->second.get();
  if (row == nullptr || !row->run || NodeKey(row->node) != own_node) {
    checks.Remove(key);
    critical.Forget(key);
    output_told.erase(key);
    running.erase(key);
    return;
  }
  // Only a new definition is news to the scheduler: it would wind a TTL check's timer.
  if (Definition& known = running[key]; known != row->run) {
    known = row->run;
    checks.Add(key, row->run, row->output);
  }
  critical.Watch(key, {.node = row->node, .id = row->service_id},
                 row->service_id.empty() ? Nanos(0) : Nanos(row->run->deregister_critical_service_after));
  critical.OnStatus(key, row->status == kCritical, clock.Monotonic());
  if (critical.size() > 0 && !reaper.running()) reaper.Start(kReapInterval);
}

AliasView Engine::Parts::LookAt(const std::string& node, const std::string& service_id) const {
  const std::string& name = node.empty() ? own_node : node;
  AliasView view;
  view.found = service_id.empty() ? state.FindNode(name) != nullptr : state.FindService(name, service_id) != nullptr;
  const auto add = [&view](const RowList<CheckRow>& rows) {
    for (const auto& row : rows) {
      view.checks.push_back({row->name, row->status, row->output, row->type, row->service_id.empty()});
    }
  };
  add(state.ChecksOf(name, ""));
  if (!service_id.empty()) add(state.ChecksOf(name, service_id));
  return view;
}

void Engine::Parts::Reap() {
  for (const CriticalTracker::Service& service : critical.Due(clock.Monotonic())) {
    if (!engine.MayWrite()) break;
    LogInfo("service " + service.id + " is removed: a check of it has been critical for too long");
    state.BeginWrite();
    RemoveService(state, service.node, service.id);
    Commit({});
  }
  if (critical.size() > 0) reaper.Start(kReapInterval);
}

void Engine::Parts::FollowSession(const std::string& id) {
  if (const auto session = state.FindSession(id)) {
    sessions.Track(*session);
  } else {
    sessions.Forget(id);
  }
}

void Engine::Parts::Commit(Done done) {
  Journal journal = state.TakeJournal();
  Follow(journal);
  commits.Commit(std::move(journal), std::move(done));
}

void Engine::Parts::OnReport(const CheckKey& key, CheckStatus status, std::string output) {
  const auto found = state.checks().find(key);
  if (found == state.checks().end()) return;
  const RowPtr<CheckRow> row = found->second;
  const std::string word(StatusWord(status));
  const bool output_only = row->status == word && row->output != output;
  if ((output_only && !OutputIsNews(key)) || !engine.HasIndex()) return state.SetOutput(key, std::move(output));
  const auto redo = [this, node = row->node, id = row->check_id, word, output = std::move(output)] {
    PutCheckStatus(state, node, id, word, output);
  };
  if (in_heartbeat) return redo();
  state.BeginWrite();
  redo();
  Journal journal = state.TakeJournal();
  if (journal.changes.empty()) return;
  Follow(journal);
  commits.CommitSoft(std::move(journal), key, redo);
}

bool Engine::Parts::OutputIsNews(const CheckKey& key) {
  const Nanos now = clock.Monotonic();
  const auto [told, first] = output_told.try_emplace(key, now);
  if (!first && now - told->second < kOutputInterval) return false;
  told->second = now;
  return true;
}

void Engine::Parts::OnSessionExpired(const std::string& id) {
  if (!engine.MayWrite()) return FollowSession(id);  // it has its time once more
  state.BeginWrite();
  DestroySession(state, id);
  Commit({});
}

Engine::Engine(net::Loop& loop, const Clock& clock, EngineOptions options, State state, Store store)
    : loop_(loop),
      clock_(clock),
      options_(std::move(options)),
      state_(std::move(state)),
      parts_(std::make_unique<Parts>(*this, std::move(store))) {}

Engine::~Engine() = default;

void Engine::Start(catalog::Sink& sink) {
  parts_->zone.Start(sink);
  for (const auto& [key, row] : state_.checks()) parts_->FollowCheck(key);
  for (const auto& [id, row] : state_.sessions()) parts_->FollowSession(id);
}

void Engine::Want(const catalog::Key& key) { parts_->zone.Want(key); }

void Engine::Republish() { parts_->zone.TellAll(); }

void Engine::Commit(Done done) { parts_->Commit(std::move(done)); }

void Engine::WhenSettled(Done done) { parts_->commits.WhenSettled(std::move(done)); }

Status Engine::Heartbeat(std::string_view check_id, std::string_view status, std::string_view output) {
  const auto check = state_.FindCheck(options_.node, check_id);
  if (!check) return Status::NotFound("no such check");
  parts_->in_heartbeat = true;
  const bool known = parts_->checks.Heartbeat(KeyOf(*check), StatusOf(status), output);
  parts_->in_heartbeat = false;
  return known ? Status::Ok() : Status::Invalid("not a TTL check");
}

CheckLoad Engine::check_load() const {
  const CheckScheduler& checks = parts_->checks;
  return {.running = checks.running(),
          .waiting = checks.waiting(),
          .started = checks.counters().started.value(),
          .late = checks.counters().late.value(),
          .ttl_expired = checks.counters().ttl_expired.value()};
}

bool Engine::HasIndex() const { return !ceiling_ || state_.index() + 1 < ceiling_(); }

bool Engine::MayWrite() {
  if (!ceiling_ || state_.index() + kIndexReserve < ceiling_()) return true;
  parts_->commits.Probe();
  return false;
}

bool Engine::disk_fails() const { return parts_->commits.failing(); }

void Engine::Rewind(std::string_view check_id) {
  const auto found = parts_->running.find(PartKey(options_.node, check_id));
  if (found == parts_->running.end()) return;
  parts_->checks.Add(found->first, found->second, state_.checks().find(found->first)->second->output);
}

void Engine::RenewSession(const std::string& id) { parts_->sessions.Renew(id); }

Millis Engine::LockDelay(const std::string& key) const { return parts_->sessions.LockDelay(key); }

}  // namespace signpost::registry
