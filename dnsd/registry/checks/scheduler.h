// Signpost. Apache-2.0; see LICENSE.
// The checks that this program runs: starts each in its time, waits for the signs of life of TTL checks, follows what
// alias checks look at, and reports every result. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "common/base/clock.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "dnsd/registry/checks/alias.h"
#include "dnsd/registry/checks/deadline_queue.h"
#include "dnsd/registry/checks/options.h"
#include "dnsd/registry/checks/outcome.h"
#include "dnsd/registry/checks/run.h"
#include "dnsd/registry/checks/schedule.h"

namespace signpost::registry {

// PartKey(node, check ID).
using CheckKey = std::string;

class CheckScheduler {
 public:
  // Every result that counts (see Thresholds), equal to the one before or not. Comes from the loop, never from inside
  // Add, Remove or OnChecksChanged; from inside Heartbeat; may call any member but must not destroy the scheduler.
  using Report = std::function<void(const CheckKey&, CheckStatus, std::string output)>;

  // Times are taken from `clock.Monotonic()`: jumps of the wall clock do nothing.
  CheckScheduler(net::Loop& loop, const Clock& clock, const CheckOptions& options, Report report, AliasLookup lookup);
  ~CheckScheduler();  // ends what runs, silently; scripts are killed
  CheckScheduler(const CheckScheduler&) = delete;
  CheckScheduler& operator=(const CheckScheduler&) = delete;

  // A check that is there already is replaced (its run is cancelled) unless the definition is equal: then only a TTL
  // check's time starts anew, so that clients that register again and again neither delay nor hasten a run.
  // The status it starts with is the State's business. `last_output` is what a TTL check said before a restart.
  void Add(const CheckKey& key, Definition definition, std::string last_output = {});
  void Remove(const CheckKey& key);

  // A sign of life of a TTL check, or its opposite: reports it, with the output cut, and winds the timer. False: there
  // is no TTL check of that key.
  bool Heartbeat(const CheckKey& key, CheckStatus status, std::string_view output);

  // Some check, service or node of the State is not what it was: alias checks are judged again, once for all calls of
  // one turn of the loop.
  void OnChecksChanged();

  // Does what is due by the clock. The scheduler's own timer calls it; whoever moves a clock by hand has to.
  void Advance();

  const CheckCounters& counters() const { return counters_; }
  size_t running() const { return schedule_.running(); }
  size_t waiting() const { return schedule_.Waiting(clock_.Monotonic()); }
  size_t size() const { return checks_.size(); }

 private:
  struct Check;

  void StartDue(Nanos now);
  void StartOne(const Schedule::Turn& turn);
  void ExpireTtls(Nanos now);
  void Finish(const CheckKey& key, uint64_t generation, Outcome outcome);
  void JudgeAliases();
  void Wind();

  const Clock& clock_;
  net::Loop& loop_;
  const Report report_;
  const AliasLookup lookup_;
  RunContext context_;
  Schedule schedule_;
  DeadlineQueue ttls_;
  std::map<CheckKey, std::unique_ptr<Check>> checks_;
  std::set<CheckKey> aliases_;
  CheckCounters counters_;
  uint64_t generation_ = 0;
  net::Timer timer_;
  net::Timer alias_timer_;
};

}  // namespace signpost::registry
