// Signpost. Apache-2.0; see LICENSE.
#include "lb/health/checker.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "common/base/log.h"
#include "common/base/random.h"
#include "common/net/timer.h"
#include "lb/health/check_state.h"
#include "lb/health/probe.h"

namespace signpost::lb {
namespace {

constexpr int kConnections = 512;
// Those that join are looked at within this time, not only after a whole interval.
constexpr Millis kFirstWithin{1000};

// One endpoint's check, over and over.
class EndpointCheck {
 public:
  EndpointCheck(net::Loop& loop, http::Client& client, Random& random, CheckCounters& counters, std::string service,
                std::shared_ptr<Endpoint> endpoint, ActiveCheck check)
      : loop_(loop),
        client_(client),
        random_(random),
        counters_(counters),
        service_(std::move(service)),
        endpoint_(std::move(endpoint)),
        check_(std::move(check)),
        timer_(loop, [this] { Begin(); }) {
    const auto within = static_cast<uint64_t>(std::min(check_.interval, kFirstWithin).count());
    timer_.Start(Millis(static_cast<int64_t>(random_.Below(within + 1))));
  }
  // Who is not checked any more is not kept out by what was seen last.
  ~EndpointCheck() { endpoint_->SetChecked(true); }
  EndpointCheck(const EndpointCheck&) = delete;
  EndpointCheck& operator=(const EndpointCheck&) = delete;

  void Set(const ActiveCheck& check) {
    if (check == check_) return;
    check_ = check;
    if (!probe_) timer_.Start(Jittered());
  }

 private:
  Millis Jittered() {
    const int64_t interval = std::max<int64_t>(check_.interval.count(), 10);
    return Millis(interval * 9 / 10 + static_cast<int64_t>(random_.Below(static_cast<uint64_t>(interval) / 5 + 1)));
  }

  void Begin() {
    begun_ = loop_.Now();
    probe_.emplace(loop_, client_, endpoint_->address(), check_, [this](const Status& status) { OnDone(status); });
  }

  void OnDone(const Status& status) {
    ++(status.ok() ? counters_.passed : counters_.failed);
    if (state_.Report(status.ok(), check_.rise, check_.fall)) {
      endpoint_->SetChecked(state_.healthy());
      if (state_.healthy()) endpoint_->RestartSlowStart(loop_.Now());
      const std::string who = service_ + " " + endpoint_->name();
      if (state_.healthy()) {
        LogInfo(who + " passes its check again");
      } else {
        LogWarn(who + " fails its check: " + status.text());
      }
    }
    const Millis spent = loop_.Now() - begun_;
    timer_.Start(std::max(Jittered() - spent, check_.interval / 10));
    probe_.reset();
  }

  net::Loop& loop_;
  http::Client& client_;
  Random& random_;
  CheckCounters& counters_;
  const std::string service_;
  const std::shared_ptr<Endpoint> endpoint_;
  ActiveCheck check_;
  CheckState state_;
  Millis begun_{0};
  std::optional<Probe> probe_;
  net::Timer timer_;
};

}  // namespace

struct Checker::Impl {
  explicit Impl(net::Loop& l)
      : loop(l), client(l, {.max_connections = kConnections, .max_body = 1 << 20}), random(RandomSeed()) {}

  net::Loop& loop;
  http::Client client;
  Random random;
  CheckCounters counters;
  std::vector<std::shared_ptr<const Pool>> followed;
  std::unordered_map<const Endpoint*, std::unique_ptr<EndpointCheck>> checks;
};

Checker::Checker(net::Loop& loop) : impl_(std::make_unique<Impl>(loop)) {}
Checker::~Checker() = default;

void Checker::Follow(const std::vector<std::shared_ptr<const Pool>>& pools) {
  Impl& impl = *impl_;
  const auto is_checked = [](const std::shared_ptr<const Pool>& pool) {
    return pool != nullptr && pool->settings->check.kind != CheckKind::kNone;
  };
  std::vector<std::shared_ptr<const Pool>> wanted;
  std::ranges::copy_if(pools, std::back_inserter(wanted), is_checked);
  if (wanted == impl.followed) return;
  impl.followed = std::move(wanted);
  auto before = std::exchange(impl.checks, {});
  for (const auto& pool : impl.followed) {
    for (const PoolMember& member : pool->members) {
      auto known = before.extract(member.endpoint.get());
      if (!known.empty()) {
        known.mapped()->Set(pool->settings->check);
        impl.checks.insert(std::move(known));
      } else if (!impl.checks.contains(member.endpoint.get())) {
        impl.checks.emplace(member.endpoint.get(),
                            std::make_unique<EndpointCheck>(impl.loop, impl.client, impl.random, impl.counters,
                                                            pool->service, member.endpoint, pool->settings->check));
      }
    }
  }
}

CheckCounters Checker::counters() const {
  CheckCounters counters = impl_->counters;
  counters.endpoints = impl_->checks.size();
  return counters;
}

}  // namespace signpost::lb
