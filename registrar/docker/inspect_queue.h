// Signpost. Apache-2.0; see LICENSE.
// Which container to inspect next. One inspect per container at a time; marks that come before it begins are one, and
// a mark that comes while it is under way makes its answer old. Pure; time is an argument.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/random.h"

namespace signpost::registrar {

class InspectQueue {
 public:
  // `first`, `cap`: of the wait after a failure.
  InspectQueue(Millis first, Millis cap, uint64_t seed) : first_(first), cap_(cap), random_(seed) {}

  // Something has happened: an inspect must begin after this. Ends a wait after a failure.
  void MarkDirty(const std::string& id);
  // An inspect is wanted, whenever it began: changes nothing where one is queued, waiting or under way.
  void Want(const std::string& id);
  // The next one to inspect, which is then under way; none = nothing to do now. In the order of marks.
  std::optional<std::string> Next(Millis now);

  // Ends what Next began. False: it was marked meanwhile, so that the answer is old; it is queued again.
  [[nodiscard]] bool Finish(const std::string& id);
  // Ends it without an answer: later again, ever more rarely.
  void Fail(const std::string& id, Millis now);
  // The connection is lost: what was under way is queued again, and nobody waits any longer.
  void Interrupt();

  // When a wait ends; none = nobody waits.
  std::optional<Millis> NextDeadline() const;

 private:
  enum class State : unsigned char { kQueued, kWaiting, kUnderWay };
  struct Item {
    State state = State::kQueued;
    bool dirty_again = false;  // marked while under way
    Millis not_before{0};      // kWaiting
    std::optional<Backoff> backoff;
  };
  using Items = std::map<std::string, Item>;

  void Enqueue(Items::iterator item);
  void StopWaiting(Items::iterator item);

  Millis first_;
  Millis cap_;
  Random random_;
  Items items_;
  std::deque<std::string> ready_;               // exactly those in State::kQueued
  std::multimap<Millis, std::string> waiting_;  // exactly those in State::kWaiting
};

}  // namespace signpost::registrar
