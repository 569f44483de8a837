// Signpost. Apache-2.0; see LICENSE.
// A resolver with upstreams that are played, and a clock that a test moves.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dnsd/resolver/resolver.h"
#include "tests/unit/dnsd/resolver/fake_upstream.h"

namespace signpost::resolver {

class MovedClock final : public Clock {
 public:
  Nanos Monotonic() const override { return now_.load(); }
  Nanos Wall() const override { return now_.load(); }
  void Move(Millis by) { now_ = now_.load() + by; }

 private:
  std::atomic<Nanos> now_{std::chrono::hours(1)};
};

class Stage {
 public:
  struct Options {
    Millis max_stale = std::chrono::hours(24);
    std::vector<std::string> own_zones;
    std::vector<std::string> routed;
    std::vector<net::SocketAddress> own_addresses;
    Defences defences;
  };

  explicit Stage(std::vector<Route> routes) : Stage(std::move(routes), {}) {}
  Stage(std::vector<Route> routes, Options options)
      : options_(std::move(options)), resolver_(clock_, Settings(std::move(routes)), 1 << 20, Inbox()) {
    resolver_.Start();
    Explain("x.example");
  }
  ~Stage() { resolver_.Stop(); }

  static Route To(std::string_view zone, const std::vector<const FakeUpstream*>& upstreams, uint32_t id = 1) {
    Route route{.zone = wire::Name::FromText(zone).value(), .id = id};
    for (const FakeUpstream* upstream : upstreams) route.upstreams.push_back(upstream->address());
    return route;
  }
  static Route Default(const std::vector<const FakeUpstream*>& upstreams) {
    Route route = To("x", upstreams);
    route.zone = {};
    const std::vector<uint8_t> root(1, 0);
    (void)route.zone.Read(root);
    return route;
  }

  ResolverSettings Settings(std::vector<Route> routes) const {
    ResolverSettings settings{.routes = std::make_shared<const Routes>(std::move(routes)),
                              .max_stale = options_.max_stale,
                              .defences = options_.defences,
                              .own_addresses = options_.own_addresses};
    for (const std::string& zone : options_.own_zones) settings.rules.own_zones.insert(WireName(zone));
    for (const std::string& zone : options_.routed) settings.rules.routed.insert(WireName(zone));
    return settings;
  }

  // Returns when the resolver has taken the question, so that its timers run before a test moves the clock.
  void Ask(std::string_view name, std::string_view type = "A", size_t worker = 0) {
    resolver_.Ask(worker, resolver::Ask(name, type));
    Explain("x.example");
  }
  // The `n`th Settled, from 1.
  Settled Wait(size_t n = 1) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(news_.wait_for(lock, kPatience, [&] { return settled_.size() >= n; }))
        << settled_.size() << " of " << n << " settled";
    return settled_.size() < n ? Settled{.answer = std::make_shared<Answer>()} : settled_[n - 1];
  }
  Settled AskAndWait(std::string_view name, std::string_view type = "A") {
    const size_t before = settled();
    Ask(name, type);
    return Wait(before + 1);
  }
  size_t settled() {
    const std::lock_guard lock(mutex_);
    return settled_.size();
  }
  std::vector<size_t> workers() {
    const std::lock_guard lock(mutex_);
    return workers_;
  }

  // Moves the clock and lets the resolver do what is due by then.
  void Pass(Millis time) {
    clock_.Move(time);
    Explain("x.example");
  }
  // In steps, so that what a timer starts has its time too.
  void PassSlowly(Millis time, Millis step = Millis(20)) {
    for (Millis passed{}; passed < time; passed += step) Pass(step);
  }
  Explanation Explain(std::string_view name, std::string_view type = "A") {
    std::promise<Explanation> promise;
    resolver_.Explain(resolver::Ask(name, type), [&](Explanation told) { promise.set_value(std::move(told)); });
    return promise.get_future().get();
  }
  // Passes time in small steps until it holds.
  template <typename Done>
  bool PassUntil(Done done, Millis most = Millis(10'000)) {
    const auto patience = std::chrono::steady_clock::now() + kPatience;
    for (Millis passed{}; !done(); passed += Millis(20)) {
      if (passed > most || std::chrono::steady_clock::now() > patience) return false;
      Pass(Millis(20));
      std::unique_lock lock(mutex_);  // packets take real time
      news_.wait_for(lock, Millis(1));
    }
    return true;
  }

  Resolver& resolver() { return resolver_; }
  const ResolverCounters& counters() const { return resolver_.counters(); }
  Millis now() const { return std::chrono::duration_cast<Millis>(clock_.Monotonic()); }
  uint64_t now_ms() const { return static_cast<uint64_t>(now().count()); }

 private:
  Resolver::Deliver Inbox() {
    return [this](size_t worker, const Settled& settled) {
      const std::lock_guard lock(mutex_);
      workers_.push_back(worker);
      settled_.push_back(settled);
      news_.notify_all();
    };
  }

  const Options options_;
  MovedClock clock_;
  std::mutex mutex_;
  std::condition_variable news_;
  std::vector<Settled> settled_;
  std::vector<size_t> workers_;
  Resolver resolver_;
};

// "NOERROR", "SERVFAIL 22", with " stale".
inline std::string Said(const Settled& settled) {
  static constexpr std::string_view kNames[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
  std::string text(kNames[static_cast<size_t>(settled.answer->rcode)]);
  if (settled.answer->ede) text += " " + std::to_string(static_cast<int>(*settled.answer->ede));
  if (settled.age == Age::kStale) text += " stale";
  return text;
}

}  // namespace signpost::resolver
