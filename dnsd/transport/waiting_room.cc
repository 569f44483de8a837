// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/transport/waiting_room.h"

#include <algorithm>
#include <utility>

#include "dnsd/wire/protocol.h"

namespace signpost::transport {
namespace {

constexpr Millis kExpiryTick{50};
constexpr size_t kMaxQuery = 4096;

}  // namespace

WaitingRoom::WaitingRoom(net::Loop& loop, query::Handler& handler, std::function<void(const query::Want&)> ask,
                         std::function<void()> after)
    : loop_(loop),
      handler_(handler),
      ask_(std::move(ask)),
      after_(std::move(after)),
      expiry_(loop, [this] { Expire(); }),
      answer_(wire::kMaxMessage) {}

Millis WaitingRoom::DeadlineOf(const Parked& parked, const query::Want& want) {
  return parked.arrived + (std::holds_alternative<catalog::Key>(want) ? kPatience : kForwardPatience);
}

void WaitingRoom::CountIn(const Parked& parked) {
  ++size_;
  ++by_client_[parked.client];
  auto& gauge = waiting_[static_cast<size_t>(parked.transport)];
  gauge.store(gauge.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void WaitingRoom::CountOut(const Parked& parked) {
  --size_;
  const auto client = by_client_.find(parked.client);
  if (--client->second == 0) by_client_.erase(client);
  auto& gauge = waiting_[static_cast<size_t>(parked.transport)];
  gauge.store(gauge.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
}

// One client that asks for thousands of cold names leaves room for the others (F40).
bool WaitingRoom::HasRoomFor(const Client& client) const {
  if (size_ >= kCapacity) return false;
  const uint32_t limit = handler_.policy().max_waiting_per_client;
  const auto waiting = by_client_.find(client);
  return limit == 0 || waiting == by_client_.end() || waiting->second < limit;
}

void WaitingRoom::Park(std::span<const uint8_t> packet, const query::Context& context, const query::Want& want,
                       Deliver deliver) {
  handler_.counters().parked.Add();
  // What stands behind a query is nothing that it needs (W82); over TCP it may be much.
  packet = packet.first(std::min(packet.size(), kMaxQuery));
  Parked parked{{packet.begin(), packet.end()},
                context.transport,
                context.keepalive_tenths,
                context.wall_s,
                loop_.Now(),
                {context.peer_ip.begin(), context.peer_ip.end()},
                std::move(deliver)};
  if (!HasRoomFor(parked.client)) {
    handler_.counters().overloaded.Add();
    Retry(std::move(parked), /*last_try=*/true);
    return;
  }
  Admit(std::move(parked), want);
}

void WaitingRoom::Admit(Parked parked, const query::Want& want) {
  CountIn(parked);
  const auto [place, first] = parked_.try_emplace(want);
  place->second.push_back(std::move(parked));
  if (first) ask_(want);
  if (!expiry_.running()) expiry_.StartPeriodic(kExpiryTick);
}

void WaitingRoom::Release(const query::Want& want, bool last_try) {
  auto node = parked_.extract(want);
  if (node.empty()) return;
  for (Parked& parked : node.mapped()) {
    CountOut(parked);
    Retry(std::move(parked), last_try);
  }
  after_();
}

void WaitingRoom::Retry(Parked parked, bool last_try) {
  if (++parked.rounds >= kMaxRounds) last_try = true;
  const query::Context context{
      .transport = parked.transport,
      .now_ms = static_cast<uint64_t>(loop_.Now().count()),
      .wall_s = parked.wall_s,
      .peer_ip = {reinterpret_cast<const uint8_t*>(parked.client.data()), parked.client.size()},
      .keepalive_tenths = parked.keepalive_tenths,
      .last_try = last_try,
      .parked_ms = static_cast<uint64_t>(parked.arrived.count())};
  const query::Reply reply = handler_.Handle(parked.packet, context, answer_);
  if (reply.wanted) {
    Admit(std::move(parked), *reply.wanted);
    return;
  }
  const Millis waited = loop_.Now() - parked.arrived;
  handler_.counters().RecordLatency(static_cast<uint64_t>(std::chrono::duration_cast<Nanos>(waited).count()), 1);
  parked.deliver(std::span(answer_).first(reply.size));
}

void WaitingRoom::Expire() {
  std::vector<Parked> late;
  for (auto entry = parked_.begin(); entry != parked_.end();) {
    auto& waiting = entry->second;
    for (size_t i = 0; i < waiting.size();) {
      if (DeadlineOf(waiting[i], entry->first) > loop_.Now()) {
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
    CountOut(parked);
    handler_.counters().timed_out.Add();
    Retry(std::move(parked), /*last_try=*/true);
  }
  if (!late.empty()) after_();
  if (parked_.empty()) expiry_.Stop();
}

}  // namespace signpost::transport
