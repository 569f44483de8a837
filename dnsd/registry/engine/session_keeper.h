// Signpost. Apache-2.0; see LICENSE.
// Sessions with a TTL that nobody renews, and keys that must rest after their lock was lost. Measured with the
// monotonic clock. Nothing of it survives a restart: sessions then have their whole time again. Control thread only.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "common/net/timer.h"
#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

class SessionKeeper {
 public:
  // `on_expired` is called from the loop, once for a session, which is forgotten by then.
  SessionKeeper(net::Loop& loop, const Clock& clock, std::function<void(const std::string& id)> on_expired);

  // A session that is new, or loaded. Without a TTL it never expires. With one it has twice its TTL, as in Consul.
  void Track(const SessionRow& session);
  // False: no such session with a TTL.
  bool Renew(const std::string& id);
  void Forget(const std::string& id);

  void NoteLockDelay(const std::string& key, Millis delay);
  // How long `key` must still rest.
  Millis LockDelay(const std::string& key) const;

 private:
  struct Life {
    Nanos length{0};
    Nanos end{0};
  };

  void SetEnd(const std::string& id, Life& life);
  void OnTimer();
  void StartTimer();

  const Clock& clock_;
  const std::function<void(const std::string& id)> on_expired_;
  net::Timer timer_;
  std::map<std::string, Life> lives_;
  std::set<std::pair<Nanos, std::string>> by_end_;
  static constexpr size_t kCleanAt = 1024;
  std::map<std::string, Nanos> delays_;  // key -> when it may be locked again
  size_t clean_at_ = kCleanAt;           // so many delays are looked through for those that are over
};

}  // namespace signpost::registry
