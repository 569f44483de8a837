// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/heartbeats.h"

#include <algorithm>
#include <functional>
#include <set>

#include "common/consul/duration.h"

namespace signpost::registrar {
namespace {

constexpr Millis kShortest{1000};

// The mapping has checked the text.
Millis PeriodOf(std::string_view ttl) {
  const Nanos whole = consul::ParseDuration(ttl).value_or(Nanos(0));
  return std::max(kShortest, std::chrono::duration_cast<Millis>(whole) / 3);
}

// Any time in [0, range), always the same for one check.
Millis Spread(const std::string& check_id, Millis range) {
  return Millis(static_cast<int64_t>(std::hash<std::string>()(check_id) % static_cast<uint64_t>(range.count() + 1)));
}

}  // namespace

void Heartbeats::Set(const DesiredService& service, Millis now) {
  std::set<std::string_view> current;
  for (const CheckDefinition& check : service.service.checks) {
    const bool health = check.owner == CheckOwner::kDockerHealth;
    if (!health && check.owner != CheckOwner::kHeartbeat) continue;
    const Millis period = health ? refresh_ : PeriodOf(check.ttl);
    current.insert(check.check_id);
    const auto [beat, fresh] = beats_.try_emplace(check.check_id);
    if (fresh || beat->second.period != period) {
      beat->second = {service.service.id, period, now + period - Spread(check.check_id, period / 2)};
    }
  }
  std::erase_if(beats_, [&](const auto& beat) {
    return beat.second.service_id == service.service.id && !current.contains(beat.first);
  });
}

void Heartbeats::Remove(std::string_view service_id) {
  std::erase_if(beats_, [&](const auto& beat) { return beat.second.service_id == service_id; });
}

void Heartbeats::Reported(const std::string& check_id, Millis now) {
  const auto beat = beats_.find(check_id);
  if (beat != beats_.end()) beat->second.next = now + beat->second.period;
}

void Heartbeats::ExpireAll(Millis now) {
  for (auto& [check, beat] : beats_) beat.next = now;
}

std::vector<Heartbeats::Due> Heartbeats::Take(Millis now, size_t most) {
  std::vector<Due> due;
  for (auto& [check, beat] : beats_) {
    if (due.size() == most) break;
    if (beat.next > now) continue;
    due.push_back({beat.service_id, check});
    beat.next = now + beat.period;
  }
  return due;
}

std::optional<Millis> Heartbeats::NextDeadline() const {
  std::optional<Millis> next;
  for (const auto& [check, beat] : beats_) next = std::min(next.value_or(beat.next), beat.next);
  return next;
}

}  // namespace signpost::registrar
