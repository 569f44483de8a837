// Signpost. Apache-2.0; see LICENSE.
#include "common/net/reactor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "common/base/status.h"
#include "common/net/reactor_impl.h"

namespace signpost::net {
namespace {

constexpr size_t kSlab = 64 << 10;
constexpr uint64_t kLibuv = ~uint64_t{0};  // no token

}  // namespace

Reactor::Impl::Impl(Loop& owner)
    : loop(owner), slab(std::make_unique_for_overwrite<uint8_t[]>(kSlab)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_.get() < 0) Abort("epoll_create1 failed: out of descriptors?");
  epoll_event libuv{.events = EPOLLIN, .data = {.u64 = kLibuv}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, uv_backend_fd(&loop.impl().loop), &libuv) != 0) {
    Abort(std::string("a loop cannot be watched: ") + strerror(errno));
  }
  loop.impl().driver = this;
  Refresh();
}

Reactor::Impl::~Impl() { loop.impl().driver = nullptr; }

void Reactor::Impl::Refresh() { now = SystemClock().Monotonic(); }

void Reactor::Impl::Drive(const bool& stopped) {
  running_ = true;
  uv_update_time(&loop.impl().loop);
  Refresh();
  while (!stopped) Turn();
  running_ = false;
}

// Both times are counted from the beginning of the turn that ends, hence a little short of the truth in favour of one
// clock reading per turn: what is due is found by comparing times again.
int Reactor::Impl::Timeout() const {
  if (!again_.empty()) return 0;
  const int libuv = uv_backend_timeout(&loop.impl().loop);  // also 0 when it has descriptors yet to be registered
  const std::optional<Millis> deadline = deadlines.Wait(now);
  if (!deadline) return libuv;
  const int wait = static_cast<int>(std::min<int64_t>(deadline->count(), 60000));
  return libuv < 0 ? wait : std::min(libuv, wait);
}

void Reactor::Impl::Turn() {
  uv_loop_t* const uv = &loop.impl().loop;
  const int count = epoll_wait(epoll_.get(), events_.data(), kBatch, Timeout());
  if (count < 0 && errno != EINTR) Abort(std::string("epoll_wait: ") + strerror(errno));
  uv_update_time(uv);
  Refresh();
  ++turn;
  again_now_.swap(again_);
  bool libuv_ready = false;
  for (int i = 0; i < count; ++i) {
    if (events_[i].data.u64 == kLibuv) {
      libuv_ready = true;
    } else {
      Dispatch(events_[i]);
    }
  }
  RunAgain();
  deadlines.Expire(now);
  if (libuv_ready || uv_backend_timeout(uv) == 0) {
    uv_run(uv, UV_RUN_NOWAIT);
    Refresh();
  }
}

void Reactor::Impl::Dispatch(const epoll_event& event) {
  const Slot* const slot = Find(event.data.u64);
  if (slot == nullptr) return;
  if (slot->is_socket) {
    ReactorAccess::Deliver(*static_cast<StreamSocket*>(slot->user), event.events);
  } else {
    static_cast<Watcher*>(slot->user)->OnEvents(event.events);
  }
}

void Reactor::Impl::RunAgain() {
  for (const uint64_t token : again_now_) {
    const Slot* const slot = Find(token);
    if (slot != nullptr) ReactorAccess::DeliverAgain(*static_cast<StreamSocket*>(slot->user));
  }
  again_now_.clear();
}

int Reactor::Impl::Add(int fd, StreamSocket& socket, uint32_t events) { return Add(fd, &socket, true, events); }

int Reactor::Impl::Add(int fd, Watcher& watcher, uint32_t events) { return Add(fd, &watcher, false, events); }

int Reactor::Impl::Add(int fd, void* user, bool is_socket, uint32_t events) {
  const auto index = static_cast<size_t>(fd);
  if (index >= slots_.size()) slots_.resize(std::max(index + 1, slots_.size() * 2));
  Slot& slot = slots_[index];
  slot = {.user = user, .watch = slot.watch + 1, .is_socket = is_socket};
  epoll_event event{.events = events, .data = {.u64 = Token(fd)}};
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

void Reactor::Impl::Forget(int fd) { slots_[static_cast<size_t>(fd)].user = nullptr; }

void Reactor::Impl::Remove(int fd) {
  Forget(fd);
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Reactor::Impl::Again(int fd) { again_.push_back(Token(fd)); }

uint64_t Reactor::Impl::Token(int fd) const {
  return uint64_t{slots_[static_cast<size_t>(fd)].watch} << 32 | static_cast<uint32_t>(fd);
}

Reactor::Impl::Slot* Reactor::Impl::Find(uint64_t token) {
  const auto index = static_cast<size_t>(static_cast<uint32_t>(token));
  if (index >= slots_.size()) return nullptr;
  Slot& slot = slots_[index];
  return slot.watch == token >> 32 && slot.user != nullptr ? &slot : nullptr;
}

Reactor::Reactor(Loop& loop) {
  loop.AssertInLoop();
  if (loop.impl().running() || loop.impl().driver != nullptr) Abort("a reactor for a loop that runs or has one");
  impl_ = std::make_unique<Impl>(loop);
}

Reactor::~Reactor() = default;

Loop& Reactor::loop() const { return impl_->loop; }

Nanos Reactor::Now() const {
  impl_->RefreshUnlessRunning();
  return impl_->now;
}

void Reactor::Arm(Deadline& deadline, Millis after) { impl_->deadlines.Arm(deadline, Now(), after); }

std::span<uint8_t> Reactor::Slab() { return {impl_->slab.get(), kSlab}; }

}  // namespace signpost::net
