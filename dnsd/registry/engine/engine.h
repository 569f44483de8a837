// Signpost. Apache-2.0; see LICENSE.
// The registry at work: the state, its storage, the checks that run, the sessions that expire, who waits for a change,
// and the DNS zone that follows. Control thread only.
//
// The path of a write: a handler changes state() and calls Commit. What changed goes to disk (together with what
// comes meanwhile), then to the answers of DNS, then waiting queries wake and `done` is called. If the disk refuses,
// the change is taken back and `done` says so.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/net/loop.h"
#include "dnsd/catalog/catalog.h"
#include "dnsd/registry/engine/event_ring.h"
#include "dnsd/registry/engine/watch_hub.h"
#include "dnsd/registry/model/state.h"

namespace signpost::registry {

struct EngineOptions {
  std::string datacenter = "dc1";  // lower case
  std::string node;                // the own node's name
  std::string node_id;             // UUID
  std::string address;             // the own node's
  bool script_checks = false;
  std::string docker_url;  // of the engine that Docker checks run in
};

// How the checks of the own node get on.
struct CheckLoad {
  size_t running = 0;
  size_t waiting = 0;  // for their turn
  uint64_t started = 0;
  uint64_t late = 0;  // started more than a second after their time
  uint64_t ttl_expired = 0;
};

class Engine final : public catalog::Source {
 public:
  using Done = std::function<void(const Status&)>;

  // Where changes are kept: on disk, or nowhere (--dev). `done` is called once, later or at once, on the control
  // thread.
  using Store = std::function<void(std::vector<RowChange> changes, uint64_t index, Done done)>;

  // The highest index that may be given out, since a restart goes on counting from there.
  using IndexCeiling = std::function<uint64_t()>;

  // `state` as loaded. An empty `store` keeps nothing.
  Engine(net::Loop& loop, const Clock& clock, EngineOptions options, State state, Store store);
  ~Engine() override;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // catalog::Source: publishes everything; from then on changes follow, and checks run.
  void Start(catalog::Sink& sink) override;
  void Want(const catalog::Key& key) override;

  // For a write: BeginWrite, change, Commit, all in one go.
  State& state() { return state_; }
  // False: the storage has refused writes for so long that no index is left to give; nothing may be changed until it
  // works again.
  bool MayWrite();
  // Even for what nobody waits for, such as results of checks.
  bool HasIndex() const;
  void SetIndexCeiling(IndexCeiling ceiling) { ceiling_ = std::move(ceiling); }
  const State& state() const { return state_; }
  void Commit(Done done);
  // When everything that the state holds by now has settled as Commit describes: at once if it has. After a failure the
  // state is not what it was: a reply made from it must be made again.
  void WhenSettled(Done done);
  WatchHub& watches() { return watches_; }
  // The storage refused the last write.
  bool disk_fails() const;
  CheckLoad check_load() const;

  // A sign of life, or its opposite, of a TTL check of the own node: changes the state (Commit follows) and winds its
  // timer. kNotFound: no such check. kInvalid: not a TTL check.
  Status Heartbeat(std::string_view check_id, std::string_view status, std::string_view output);
  // A TTL check was registered once more: it has its whole time again. Does nothing to other checks.
  void Rewind(std::string_view check_id);
  // Starts the time of a session with a TTL anew.
  void RenewSession(const std::string& id);
  // How long `key` must not be locked yet, since a session lost it; zero when it may.
  Millis LockDelay(const std::string& key) const;

  EventRing& events() { return events_; }
  // Tells the zone everything again, for settings that have changed.
  void Republish();

  // What PUT /v1/agent/reload does; the engine's owner sets it. Without it a reload does nothing.
  void SetReload(std::function<Status()> reload) { reload_ = std::move(reload); }
  Status Reload() { return reload_ ? reload_() : Status::Ok(); }

  const EngineOptions& options() const { return options_; }
  const Clock& clock() const { return clock_; }
  net::Loop& loop() { return loop_; }

 private:
  struct Parts;

  net::Loop& loop_;
  const Clock& clock_;
  const EngineOptions options_;
  State state_;
  IndexCeiling ceiling_;
  WatchHub watches_;
  EventRing events_;
  std::function<Status()> reload_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace signpost::registry
