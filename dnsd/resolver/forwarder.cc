// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/forwarder.h"

#include <sys/resource.h>

#include <algorithm>

#include "dnsd/resolver/flight.h"

namespace signpost::resolver {
namespace {

// Half of the descriptors that others leave may be sockets of tries (F84).
size_t MostFlights() {
  constexpr rlim_t kForOthers = 512, kLeast = 64;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return Resolver::kMaxInFlight;
  const rlim_t free = limit.rlim_cur > kForOthers ? (limit.rlim_cur - kForOthers) / 2 : 0;
  return std::clamp<size_t>(std::max(free, kLeast), 1, Resolver::kMaxInFlight);
}

wire::Name NameOf(std::string_view bytes) {
  wire::Name name;
  (void)name.Read({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  return name;
}

}  // namespace

Forwarder::Forwarder(net::Loop& loop, const Clock& clock, ResolverSettings settings, size_t cache_bytes,
                     std::span<const uint8_t> hop, ResolverCounters& counters, Resolver::Deliver deliver)
    : deliver_(std::move(deliver)),
      counters_(counters),
      deadlines_(loop, clock),
      settings_(std::move(settings)),
      upstreams_(loop, deadlines_, hop, [this] { failures_.Clear(); }),  // F70
      random_(RandomSeed()),
      parts_{.loop = loop,
             .deadlines = deadlines_,
             .upstreams = upstreams_,
             .counters = counters,
             .random = random_,
             .hop = hop,
             .rules = settings_.rules,
             .defences = settings_.defences},
      cache_(cache_bytes, RandomSeed()),
      most_flights_(MostFlights()) {}

Forwarder::~Forwarder() = default;

void Forwarder::Begin() { upstreams_.SetRoutes(*settings_.routes, settings_.own_addresses); }

const Route* Forwarder::RouteOf(std::string_view name) const {
  const Route* route = settings_.routes->Find(NameOf(name));
  return route != nullptr && route->upstreams.empty() ? nullptr : route;
}

bool Forwarder::IsOurs(std::string_view name, const Question& question) const {
  return HolderOf(NameOf(name).wire(), question.name, settings_.rules) == Holder::kOurs;
}

void Forwarder::Ask(size_t worker, const Question& question) {
  counters_.asked.Add();
  const Route* route = RouteOf(question.name);
  if (const std::optional<Settled> now = AnswerNow(question, route)) {
    Deliver({worker}, *now);
    return;
  }
  Flight& flight = FlightFor(question, *route, 0);
  flight.workers.push_back(worker);
  if (flight.slow) OnStaleTimer(flight);
}

void Forwarder::Prefetch(const Question& question) {
  const Route* route = RouteOf(question.name);
  const AnswerCache::Entry* entry = cache_.Peek(View(question));
  if (!settings_.prefetch || route == nullptr || entry == nullptr) return;
  const Answer& answer = *entry->answer;
  const uint64_t life = answer.expires_ms - answer.received_ms;
  const bool ends_soon = deadlines_.now_ms() >= answer.expires_ms - life / 10;
  const Key key(question, route->id);
  if (life < kPrefetchTtlMs || !ends_soon || by_key_.contains(key) || upstreams_.AllDown(*route)) return;
  if (failures_.Find(question, deadlines_.now_ms())) return;
  counters_.prefetches.Add();
  FlightFor(question, *route, 0);
}

std::optional<Settled> Forwarder::AnswerNow(const Question& question, const Route* route) {
  if (route == nullptr) {
    return Failed(MakeFailure(question, wire::Ede::kNoReachableAuthority, "no upstream for this name",
                              deadlines_.now_ms(), kKeepMs));
  }
  const AnswerCache::Entry* entry = cache_.Find(View(question));
  if (entry == nullptr || deadlines_.now_ms() >= entry->until_ms) return AnswerFailed(question, *route);
  counters_.from_cache.Add();
  return Settled{.question = question, .answer = entry->answer, .age = Age::kFresh, .keep_until_ms = entry->until_ms};
}

std::optional<Settled> Forwarder::AnswerFailed(const Question& question, const Route& route) {
  const uint64_t now_ms = deadlines_.now_ms();
  const bool all_down = upstreams_.AllDown(route);
  if (all_down || failures_.StaleAtOnce(question, now_ms)) {
    if (std::shared_ptr<const Answer> stale = StaleFor(question)) return Stale(question, std::move(stale));
  }
  if (std::shared_ptr<const Answer> failure = failures_.Find(question, now_ms)) return Failed(std::move(failure));
  if (!all_down) return std::nullopt;
  if (upstreams_.Of(route).empty()) {
    return Failed(
        MakeFailure(question, wire::Ede::kNoReachableAuthority, "no upstream that may be asked", now_ms, kKeepMs));
  }
  uint64_t& next_try_ms = next_try_ms_[route.id];
  if (now_ms >= next_try_ms) {  // one is let through
    next_try_ms = now_ms + kTryEveryMs;
    return std::nullopt;
  }
  return Failed(MakeFailure(question, wire::Ede::kNoReachableAuthority, "all upstreams are down", now_ms, kKeepMs));
}

std::shared_ptr<const Answer> Forwarder::StaleFor(const Question& question) {
  const AnswerCache::Entry* entry = cache_.Find(View(question));
  if (entry == nullptr || entry->answer->failure) return nullptr;
  const uint64_t most = entry->answer->expires_ms + static_cast<uint64_t>(settings_.max_stale.count());
  return deadlines_.now_ms() < most ? entry->answer : nullptr;
}

std::shared_ptr<const Answer> Forwarder::StaleOf(const Flight& flight) {
  std::shared_ptr<const Answer> stale = StaleFor(flight.question);
  if (stale || flight.child == nullptr) return stale;
  const std::shared_ptr<const Answer> end = StaleOf(*flight.child);
  return end ? JoinChain(flight, *end) : nullptr;
}

Settled Forwarder::Stale(const Question& question, std::shared_ptr<const Answer> answer) const {
  return {.question = question,
          .answer = std::move(answer),
          .age = Age::kStale,
          .keep_until_ms = deadlines_.now_ms() + kKeepMs};
}

// A worker that keeps a failure for longer would not notice that the upstreams are back (F70).
Settled Forwarder::Failed(std::shared_ptr<const Answer> failure) const {
  const uint64_t until = std::min(failure->expires_ms, deadlines_.now_ms() + kKeepMs);
  Settled settled{.question = failure->question, .keep_until_ms = until};
  settled.answer = std::move(failure);
  return settled;
}

Forwarder::Flight& Forwarder::FlightFor(const Question& question, const Route& route, size_t depth) {
  const Key key(question, route.id);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    counters_.shared.Add();
    return *found->second;
  }
  MakeRoom();
  Flight& flight = flights_.emplace_back(*this, question, route.id);
  by_key_[key] = std::prev(flights_.end());
  PublishSizes();
  flight.depth = depth;
  deadlines_.Arm(flight.time_up, Resolver::kDeadline);
  deadlines_.Arm(flight.stale, kStaleAfter);
  flight.inquiry =
      std::make_unique<Inquiry>(parts_, flight.question, upstreams_.Of(route),
                                [this, &flight](Outcome outcome) { OnOutcome(flight, std::move(outcome)); });
  flight.inquiry->Start();
  return flight;
}

void Forwarder::MakeRoom(const Flight* spared) {
  while (flights_.size() >= most_flights_) {
    counters_.shed.Add();
    Flight& first = flights_.front();
    Flight& oldest = &first == spared ? *std::next(flights_.begin()) : first;
    Settle(oldest, Failed(MakeFailure(oldest.question, wire::Ede::kOther, "too many questions at once",
                                      deadlines_.now_ms(), 0)));
  }
}

void Forwarder::Store(const std::shared_ptr<const Answer>& answer) {
  const Route* route = RouteOf(answer->question.name);
  if (route == nullptr || route->id != answer->route) return;  // asked before the routes changed
  if (answer->cacheable) {
    cache_.Put(answer, Age::kFresh, answer->expires_ms);
  } else {
    cache_.Remove(View(answer->question));  // what it replaces must not come back as stale (F73)
  }
  PublishSizes();
}

void Forwarder::PublishSizes() {
  counters_.evicted.Add(cache_.evicted() - std::exchange(evicted_, cache_.evicted()));
  entries_.store(cache_.size(), std::memory_order_relaxed);
  bytes_.store(cache_.bytes(), std::memory_order_relaxed);
  in_flight_.store(flights_.size(), std::memory_order_relaxed);
}

void Forwarder::SetSettings(ResolverSettings settings) {
  settings_ = std::move(settings);
  upstreams_.SetRoutes(*settings_.routes, settings_.own_addresses);
  if (!settings_.defences.cookies) upstreams_.ForgetCookies();
  failures_.Clear();
  next_try_ms_.clear();
  cache_.RemoveIf([this](const AnswerCache::Entry& entry) {  // F82
    const Route* route = RouteOf(entry.answer->question.name);
    return route == nullptr || route->id != entry.answer->route;
  });
  PublishSizes();
}

void Forwarder::Flush(std::string_view name, bool tree) {
  const wire::Name top = NameOf(name);
  cache_.RemoveIf([&](const AnswerCache::Entry& entry) {
    const std::string& own = entry.answer->question.name;
    return own == name || (tree && NameOf(own).EndsWith(top));
  });
  failures_.Clear();
  PublishSizes();
}

Explanation Forwarder::Explain(const Question& question) const {
  Explanation told;
  if (const AnswerCache::Entry* entry = cache_.Peek(View(question))) {
    told.cached = true;
    told.answer = entry->answer;
  } else if (auto failure = failures_.Find(question, deadlines_.now_ms())) {
    told.answer = std::move(failure);
  }
  const Route* route = RouteOf(question.name);
  if (route == nullptr) return told;
  told.route = route->zone.ToString();
  told.in_flight = by_key_.contains(Key(question, route->id));
  const std::vector<std::shared_ptr<Peer>> peers = upstreams_.All(*route);
  told.upstreams = upstreams_.StatusNow(peers);
  return told;
}

}  // namespace signpost::resolver
