// Signpost. Apache-2.0; see LICENSE.
// The blocking queries for names in use, at most as many as there are slots. On the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "common/consul/watch.h"
#include "dnsd/feed/watch_slots.h"

namespace signpost::feed {

struct KeyWatchesOptions {
  size_t slots = 128;
  Millis wait{60000};
  std::string agent_datacenter;  // see RequestFor
};

class KeyWatches {
 public:
  struct Callbacks {
    // A good reply whose body differs from the last one. An error: the body cannot be read.
    std::function<Status(const catalog::Key&, const consul::AgentReply&)> on_reply;
    std::function<void(const catalog::Key&, consul::AgentError)> on_failure;
  };

  KeyWatches(net::Loop& loop, consul::AgentClient& client, KeyWatchesOptions options, Callbacks callbacks);

  // `key` was used now. True if it is watched: changes come by on_reply, the first one soon. The watch begins after
  // `known_index`, 0 to hear of the present state too.
  bool Use(const catalog::Key& key, uint64_t known_index = 0);
  // May be called from a callback.
  void Drop(const catalog::Key& key);
  void DropIdle(Millis limit);
  // Asks everything again, spread over a short while.
  void RestartAll();
  // The same for those that are in back-off.
  void RestartFailing();

  bool Watches(const catalog::Key& key) const { return watches_.contains(key); }
  size_t size() const { return watches_.size(); }

 private:
  std::unique_ptr<consul::Watch> MakeWatch(const catalog::Key& key, uint64_t known_index);

  net::Loop& loop_;
  consul::AgentClient& client_;
  KeyWatchesOptions options_;
  Callbacks callbacks_;
  WatchSlots slots_;
  std::unordered_map<catalog::Key, std::unique_ptr<consul::Watch>, KeyHash> watches_;
};

}  // namespace signpost::feed
