// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/key_watches.h"

#include <utility>

namespace signpost::feed {
namespace {

constexpr Millis kMinIdle{5000};
constexpr Millis kRestartSpread{250};

}  // namespace

KeyWatches::KeyWatches(net::Loop& loop, consul::AgentClient& client, KeyWatchesOptions options, Callbacks callbacks)
    : loop_(loop),
      client_(client),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      slots_(options_.slots, kMinIdle) {}

bool KeyWatches::Use(const catalog::Key& key, uint64_t known_index) {
  const WatchSlots::Grant grant = slots_.Use(key, loop_.Now());
  if (grant.evicted) watches_.erase(*grant.evicted);
  if (grant.fresh) watches_[key] = MakeWatch(key, known_index);
  return grant.held;
}

void KeyWatches::Drop(const catalog::Key& key) {
  slots_.Drop(key);
  const auto it = watches_.find(key);
  if (it == watches_.end()) return;
  const auto watch = std::move(it->second);  // `key` may live in the watch's own closure
  watches_.erase(it);
}

void KeyWatches::DropIdle(Millis limit) {
  for (const catalog::Key& key : slots_.Idle(loop_.Now(), limit)) Drop(key);
}

void KeyWatches::RestartAll() {
  for (const auto& [key, watch] : watches_) watch->Restart(kRestartSpread);
}

void KeyWatches::RestartFailing() {
  for (const auto& [key, watch] : watches_) {
    if (watch->failing()) watch->Restart(kRestartSpread);
  }
}

std::unique_ptr<consul::Watch> KeyWatches::MakeWatch(const catalog::Key& key, uint64_t known_index) {
  const consul::GetRequest request = RequestFor(key, options_.agent_datacenter);
  consul::WatchOptions options;
  options.path = request.path;
  options.params = request.params;
  options.wait = options_.wait;
  options.first_timeout = Millis(10000);
  options.first_index = known_index;
  consul::Watch::Events events;
  events.on_reply = [this, key](const consul::AgentReply& reply, consul::Watch::News news) {
    return news.changed ? callbacks_.on_reply(key, reply) : Status::Ok();
  };
  events.on_failure = [this, key](consul::AgentError error, const std::string&) { callbacks_.on_failure(key, error); };
  return std::make_unique<consul::Watch>(loop_, client_, std::move(options), std::move(events));
}

}  // namespace signpost::feed
