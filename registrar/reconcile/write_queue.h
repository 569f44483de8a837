// Signpost. Apache-2.0; see LICENSE.
// Which service to work on next: what is dirty and neither under way, waiting after a failure, nor parked. Pure; time
// is an argument.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/random.h"

namespace signpost::registrar {

enum class Urgency : unsigned char {
  kNormal,
  kFirst,  // before the others, and at once even when it waits after a failure
};

struct WriteQueueOptions {
  Millis retry_first{200};
  Millis retry_cap{10000};
};

class WriteQueue {
 public:
  WriteQueue(WriteQueueOptions options, uint64_t seed) : options_(options), random_(seed) {}

  // Look at this service. While it is under way it is looked at again afterwards.
  void MarkDirty(std::string_view id, Millis now, Urgency urgency = Urgency::kNormal);
  // The next one to look at, which is then under way; none = nothing may be done now.
  std::optional<std::string> Next(Millis now);
  // Ends what Next began.
  void Clean(std::string_view id, Millis now);                     // nothing to do
  void Again(std::string_view id, Millis now);                     // done, there may be more to do
  void Failed(std::string_view id, std::string text, Millis now);  // later again, ever more rarely
  void Park(std::string_view id, const std::string& key, std::string text,
            Millis now);  // this request would be refused again

  // The same request was refused.
  bool IsParked(std::string_view id, std::string_view key) const;
  // Of what was parked, only these requests are still wanted.
  void KeepParked(std::string_view id, const std::set<std::string>& keys);
  // Dirty, waiting or under way.
  bool IsBusy(std::string_view id) const;
  // A neighbour is back, perhaps another one: nobody waits any longer, and refused requests may be tried once more.
  void ForgetFailures();

  // When Next may have something again; none = only after MarkDirty.
  std::optional<Millis> NextDeadline(Millis now) const;
  size_t waiting() const;  // dirty, retries included
  size_t parked() const;   // services with a refused request
  // How long the one that waits longest has been dirty.
  Millis OldestWait(Millis now) const;
  // "" when it is well; else why it waits or is parked.
  std::string Trouble(std::string_view id) const;

 private:
  struct Item {
    bool queued = false;
    bool under_way = false;
    std::optional<Urgency> dirty_again;
    std::optional<Backoff> backoff;  // has failed
    Millis not_before{0};
    Millis since{0};               // dirty
    std::set<std::string> parked;  // keys of refused requests
    std::string trouble;
  };

  Item& At(std::string_view id);
  void Enqueue(Item& item, const std::string& id, Urgency urgency);
  void Finish(std::string_view id, Millis now);

  WriteQueueOptions options_;
  Random random_;
  std::map<std::string, Item, std::less<>> items_;
  std::deque<std::string> ready_;               // queued and not waiting
  std::multimap<Millis, std::string> delayed_;  // queued and waiting
};

}  // namespace signpost::registrar
