// Signpost. Apache-2.0; see LICENSE.
#include "common/net/timer.h"

#include <algorithm>
#include <utility>

#include "common/net/handle.h"

namespace signpost::net {
namespace {

// libuv runs whatever is due in one go: a timer that restarts itself with 0 would be due again before it polls.
thread_local bool firing = false;

}  // namespace

struct Timer::Impl final : Handle {
  Impl(Loop& loop, std::function<void()> fire) : Handle(loop), on_fire(std::move(fire)) {
    CheckUv(uv_timer_init(uv(), &timer), "uv_timer_init");
    Attach(reinterpret_cast<uv_handle_t*>(&timer));
  }

  void Start(Millis delay, Millis period) {
    if (closing()) return;
    loop().AssertInLoop();
    loop().impl().Refresh();
    if (firing) delay = std::max(delay, Millis(1));
    const auto fire = [](uv_timer_t* handle) {
      const bool outer = std::exchange(firing, true);
      OwnerOf<Impl>(handle).on_fire();
      firing = outer;
    };
    uv_timer_start(&timer, fire, ToUv(delay), ToUv(period));
  }

  static uint64_t ToUv(Millis time) { return static_cast<uint64_t>(std::max<int64_t>(time.count(), 0)); }

  uv_timer_t timer{};
  std::function<void()> on_fire;
};

Timer::Timer(Loop& loop, std::function<void()> on_fire) : impl_(std::make_shared<Impl>(loop, std::move(on_fire))) {}

Timer::~Timer() { impl_->Close(); }

void Timer::Start(Millis delay) { impl_->Start(delay, Millis(0)); }

void Timer::StartPeriodic(Millis period) {
  period = std::max(period, Millis(1));  // libuv reads 0 as "once"
  impl_->Start(period, period);
}

void Timer::Stop() {
  if (!impl_->closing()) uv_timer_stop(&impl_->timer);
}

bool Timer::running() const {
  return !impl_->closing() && uv_is_active(reinterpret_cast<const uv_handle_t*>(&impl_->timer)) != 0;
}

}  // namespace signpost::net
