// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/transport/waiting_room.h"

#include <utility>

#include "dnsd/wire/protocol.h"

namespace signpost::transport {
namespace {

constexpr Millis kExpiryTick{50};

}  // namespace

WaitingRoom::WaitingRoom(net::Loop& loop, query::Handler& handler, std::function<void(const catalog::Key&)> want)
    : loop_(loop),
      handler_(handler),
      want_(std::move(want)),
      expiry_(loop, [this] { Expire(); }),
      answer_(wire::kMaxMessage) {}

void WaitingRoom::CountWaiting(query::Transport transport, int64_t change) {
  size_ += static_cast<size_t>(change);
  auto& gauge = waiting_[static_cast<size_t>(transport)];
  gauge.store(gauge.load(std::memory_order_relaxed) + static_cast<uint64_t>(change), std::memory_order_relaxed);
}

void WaitingRoom::Park(std::span<const uint8_t> packet, const query::Context& context, const catalog::Key& key,
                       Deliver deliver) {
  handler_.counters().parked.Add();
  Parked parked{{packet.begin(), packet.end()},
                context.transport,
                context.keepalive_tenths,
                loop_.Now() + kPatience,
                std::move(deliver)};
  if (size_ >= kCapacity) {
    handler_.counters().overloaded.Add();
    Retry(std::move(parked), /*last_try=*/true);
    return;
  }
  Admit(std::move(parked), key);
}

void WaitingRoom::Admit(Parked parked, const catalog::Key& key) {
  CountWaiting(parked.transport, 1);
  const auto [place, first] = parked_.try_emplace(key);
  place->second.push_back(std::move(parked));
  if (first) want_(key);
  if (!expiry_.running()) expiry_.StartPeriodic(kExpiryTick);
}

void WaitingRoom::Release(const catalog::Key& key, bool last_try) {
  auto node = parked_.extract(key);
  if (node.empty()) return;
  for (Parked& parked : node.mapped()) {
    CountWaiting(parked.transport, -1);
    Retry(std::move(parked), last_try);
  }
}

void WaitingRoom::Retry(Parked parked, bool last_try) {
  const query::Context context{.transport = parked.transport,
                               .now_ms = static_cast<uint64_t>(loop_.Now().count()),
                               .keepalive_tenths = parked.keepalive_tenths,
                               .last_try = last_try};
  const query::Reply reply = handler_.Handle(parked.packet, context, answer_);
  if (reply.wanted) {
    Admit(std::move(parked), *reply.wanted);
    return;
  }
  const Millis waited = loop_.Now() - (parked.deadline - kPatience);
  handler_.counters().RecordLatency(static_cast<uint64_t>(std::chrono::duration_cast<Nanos>(waited).count()), 1);
  parked.deliver(std::span(answer_).first(reply.size));
}

void WaitingRoom::Expire() {
  std::vector<Parked> late;
  for (auto entry = parked_.begin(); entry != parked_.end();) {
    auto& waiting = entry->second;
    for (size_t i = 0; i < waiting.size();) {
      if (waiting[i].deadline > loop_.Now()) {
        ++i;
        continue;
      }
      late.push_back(std::move(waiting[i]));
      waiting[i] = std::move(waiting.back());
      waiting.pop_back();
    }
    entry = waiting.empty() ? parked_.erase(entry) : std::next(entry);
  }
  for (Parked& parked : late) {
    CountWaiting(parked.transport, -1);
    handler_.counters().timed_out.Add();
    Retry(std::move(parked), /*last_try=*/true);
  }
  if (parked_.empty()) expiry_.Stop();
}

}  // namespace signpost::transport
