// Signpost. Apache-2.0; see LICENSE.
#include "common/net/poll.h"

#include <utility>

#include "common/net/handle.h"

namespace signpost::net {

static_assert(int{kReadable} == int{UV_READABLE} && int{kWritable} == int{UV_WRITABLE});

struct Poll::Impl final : Handle {
  Impl(Loop& loop, int fd, std::function<void(unsigned)> ready) : Handle(loop), on_ready(std::move(ready)) {
    CheckUv(uv_poll_init(uv(), &poll, fd), "uv_poll_init");
    Attach(reinterpret_cast<uv_handle_t*>(&poll));
  }

  // libuv's uv_poll_start costs two epoll_ctl calls even when nothing changes.
  void Want(unsigned events) {
    if (closing() || (events == wanted && armed)) return;
    wanted = events;
    Arm();
  }

  void Arm() {
    armed = true;
    if (wanted == 0) {
      uv_poll_stop(&poll);
      return;
    }
    const auto ready = [](uv_poll_t* handle, int status, int events) {
      OwnerOf<Impl>(handle).Ready(status, static_cast<unsigned>(events));
    };
    CheckUv(uv_poll_start(&poll, static_cast<int>(wanted), ready), "uv_poll_start");
  }

  void Ready(int status, unsigned events) {
    if (status >= 0) {
      on_ready(events);
      return;
    }
    // libuv stops watching after POLLERR. The owner fetches the error by reading or writing.
    armed = false;
    on_ready(kReadable | kWritable);
    if (!closing() && !armed) Arm();
  }

  uv_poll_t poll{};
  std::function<void(unsigned)> on_ready;
  unsigned wanted = 0;
  bool armed = true;
};

Poll::Poll(Loop& loop, int fd, std::function<void(unsigned)> on_ready)
    : impl_(std::make_shared<Impl>(loop, fd, std::move(on_ready))) {}

Poll::~Poll() { impl_->Close(); }

void Poll::Start(unsigned events) { impl_->Want(events); }

}  // namespace signpost::net
