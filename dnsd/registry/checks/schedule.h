// Signpost. Apache-2.0; see LICENSE.
// When which check runs: the first time anywhere within its interval, so that many checks registered at once spread;
// then one interval after each end. Never one check twice at a time, never more than `max_running` in all. Pure: the
// time comes in as an argument.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "dnsd/registry/checks/deadline_queue.h"

namespace signpost::registry {

class Schedule {
 public:
  // A later start than this after its time counts as late.
  static constexpr Nanos kLate = std::chrono::seconds(1);

  Schedule(size_t max_running, uint64_t seed);

  // Replaces what the key was; a run of it on its way must have been ended (it gives its place back).
  void Add(const std::string& key, Nanos interval, Nanos now);
  void Remove(const std::string& key);

  struct Turn {
    std::string key;
    Nanos waited;  // since its time
  };
  // Whose turn it is now, the longest waiting first; it counts as running until Finished. Nothing: wait for Next.
  std::optional<Turn> Take(Nanos now);
  // Nothing happens for a key that is not running.
  void Finished(const std::string& key, Nanos now);

  // When Take has to be asked again; nothing while there is nobody waiting, or no place to run in.
  std::optional<Nanos> Next() const;

  size_t running() const { return running_; }
  // Whose time has come but who find no place. Costs O(that).
  size_t Waiting(Nanos now) const { return queue_.CountDue(now, queue_.size()); }

 private:
  struct Entry {
    Nanos interval{0};
    bool running = false;
  };

  const size_t max_running_;
  Random random_;
  std::map<std::string, Entry> entries_;
  DeadlineQueue queue_;  // those that do not run
  size_t running_ = 0;
};

}  // namespace signpost::registry
