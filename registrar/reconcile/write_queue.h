// Signpost. Apache-2.0; see LICENSE.
// Which service to work on next: what is dirty and neither under way, waiting after a failure, nor parked. Pure; time
// is an argument.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/random.h"

namespace signpost::registrar {

enum class Urgency : unsigned char { kNormal, kFirst };

struct WriteQueueOptions {
  Millis retry_first{200};
  Millis retry_cap{10000};
};

class WriteQueue {
 public:
  WriteQueue(WriteQueueOptions options, uint64_t seed) : options_(options), random_(seed) {}

  // Look at this service. While it is under way it is looked at again afterwards. Does not shorten a wait after a
  // failure.
  void MarkDirty(std::string_view id, Urgency urgency = Urgency::kNormal);
  // The next one to look at, which is then under way; none = nothing may be done now.
  std::optional<std::string> Next(Millis now);
  // Ends what Next began.
  void Clean(std::string_view id);                                 // nothing to do, or done and nothing left
  void Again(std::string_view id);                                 // done, there may be more to do
  void Failed(std::string_view id, std::string text, Millis now);  // later again, ever more rarely
  // Until `key` differs: the same request would be refused again.
  void Park(std::string_view id, std::string key, std::string text);

  // Parked with this key. A different key takes it out.
  bool IsParked(std::string_view id, std::string_view key);
  // Dirty or under way, and has not failed.
  bool IsBusy(std::string_view id) const;
  // A neighbour is back: nobody waits any longer.
  void ForgetFailures();

  // When Next may have something again; none = only after MarkDirty.
  std::optional<Millis> NextDeadline(Millis now) const;
  size_t under_way() const { return under_way_; }
  size_t waiting() const;  // dirty, retries included
  size_t parked() const;
  // "" when it is well; else why it waits or is parked.
  std::string Trouble(std::string_view id) const;

 private:
  struct Item {
    bool queued = false;
    bool under_way = false;
    bool dirty_again = false;
    std::optional<Backoff> backoff;  // has failed
    Millis not_before{0};
    std::string parked_key;
    std::string trouble;
  };

  Item& At(std::string_view id);
  void Enqueue(Item& item, const std::string& id, Urgency urgency);
  void Finish(std::string_view id);

  WriteQueueOptions options_;
  Random random_;
  std::map<std::string, Item, std::less<>> items_;
  std::deque<std::string> ready_;               // queued and not waiting
  std::multimap<Millis, std::string> delayed_;  // queued and waiting
  size_t under_way_ = 0;
};

}  // namespace signpost::registrar
