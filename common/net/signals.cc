// Signpost. Apache-2.0; see LICENSE.
#include "common/net/signals.h"

#include <csignal>
#include <utility>

#include "common/net/handle.h"

namespace signpost::net {

struct SignalWatcher::Impl final : Handle {
  Impl(Loop& loop, std::function<void()> callback) : Handle(loop), on_signal(std::move(callback)) {
    CheckUv(uv_signal_init(uv(), &signal), "uv_signal_init");
    Attach(reinterpret_cast<uv_handle_t*>(&signal));
  }

  uv_signal_t signal{};
  std::function<void()> on_signal;
};

SignalWatcher::SignalWatcher(Loop& loop, int signal_number, std::function<void()> on_signal)
    : impl_(std::make_shared<Impl>(loop, std::move(on_signal))) {
  const auto fire = [](uv_signal_t* handle, int /*number*/) { OwnerOf<Impl>(handle).on_signal(); };
  CheckUv(uv_signal_start(&impl_->signal, fire, signal_number), "uv_signal_start");
}

SignalWatcher::~SignalWatcher() { impl_->Close(); }

void HoldSignals(std::initializer_list<int> numbers) {
  sigset_t held;
  sigemptyset(&held);
  for (const int number : numbers) sigaddset(&held, number);
  pthread_sigmask(SIG_BLOCK, &held, nullptr);
}

}  // namespace signpost::net
