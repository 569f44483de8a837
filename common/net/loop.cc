// Signpost. Apache-2.0; see LICENSE.
#include "common/net/loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "common/base/status.h"
#include "common/net/handle.h"

namespace signpost::net {
namespace {

// A write to a connection that the peer reset must be an error code, not the end of the process.
void IgnoreSigpipe() {
  struct sigaction action {};
  if (sigaction(SIGPIPE, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) return;
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

void CloseHandle(uv_handle_t* handle, void* /*unused*/) {
  if (handle->data != nullptr) {
    static_cast<Handle*>(handle->data)->Close();
  } else if (uv_is_closing(handle) == 0) {
    uv_close(handle, nullptr);
  }
}

}  // namespace

Loop::Impl::Impl() {
  CheckUv(uv_loop_init(&loop), "uv_loop_init");
  loop.data = this;
  wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) Abort("eventfd failed: out of descriptors?");
  CheckUv(uv_poll_init(&loop, &wake, wake_fd), "uv_poll_init");
  CheckUv(uv_poll_start(&wake, UV_READABLE,
                        [](uv_poll_t* poll, int /*status*/, int /*events*/) {
                          auto& impl = *static_cast<Impl*>(poll->loop->data);
                          eventfd_t count = 0;
                          eventfd_read(impl.wake_fd, &count);
                          if (impl.stop.exchange(false)) impl.EndRun();
                          impl.RunTasks();
                        }),
          "uv_poll_start");
}

Loop::Impl::~Impl() { close(wake_fd); }

void Loop::Impl::Wake() const { eventfd_write(wake_fd, 1); }

void Loop::Impl::CloseAll() {
  // A closed object's last words may own further objects of this loop, hence the rounds.
  for (int round = 0; round < 100; ++round) {
    DropTasks();
    uv_walk(&loop, CloseHandle, nullptr);
    uv_run(&loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop) == 0) return;
  }
  Abort("a loop ends with open handles");
}

void Loop::Impl::RunTasks() {
  std::vector<std::function<void()>> batch;
  {
    const std::lock_guard lock(mutex);
    batch.swap(tasks);
  }
  for (std::function<void()>& slot : batch) {
    const std::function<void()> task = std::move(slot);
    task();
  }
}

void Loop::Impl::DropTasks() {
  for (;;) {
    std::vector<std::function<void()>> batch;
    {
      const std::lock_guard lock(mutex);
      batch.swap(tasks);
    }
    if (batch.empty()) return;
  }
}

bool Loop::Impl::InLoop() const {
  const std::thread::id running = owner.load(std::memory_order_relaxed);
  return running == std::thread::id() || running == std::this_thread::get_id();
}

void Loop::Impl::EndRun() {
  stopped = true;
  if (driver == nullptr) uv_stop(&loop);
}

void Loop::Impl::Refresh() {
  if (!running()) uv_update_time(&loop);
}

Loop::Loop() {
  IgnoreSigpipe();
  impl_ = std::make_unique<Impl>();
}

Loop::~Loop() {
  AssertInLoop();
  impl_->CloseAll();
}

void Loop::Run() {
  AssertInLoop();
  impl_->owner.store(std::this_thread::get_id());
  if (impl_->driver == nullptr) {
    uv_run(&impl_->loop, UV_RUN_DEFAULT);
  } else {
    impl_->driver->Drive(impl_->stopped);
  }
  impl_->stopped = false;
  impl_->owner.store(std::thread::id());
}

void Loop::Stop() {
  if (impl_->owner.load() == std::this_thread::get_id()) {
    impl_->EndRun();
    return;
  }
  impl_->stop = true;
  impl_->Wake();
}

void Loop::Post(std::function<void()> task) {
  bool first = false;
  {
    const std::lock_guard lock(impl_->mutex);
    first = impl_->tasks.empty();
    impl_->tasks.push_back(std::move(task));
  }
  if (first) impl_->Wake();  // else the loop has been woken and not come round yet
}

Millis Loop::Now() const {
  impl_->Refresh();
  return Millis(static_cast<int64_t>(uv_now(&impl_->loop)));
}

void Loop::AssertInLoop() const {
  if (!impl_->InLoop()) Abort("an object of a loop is used on another thread");
}

}  // namespace signpost::net
