// Signpost. Apache-2.0; see LICENSE.
// For this folder only: the loop's inside, and the one place that knows libuv's close-then-free rule.
#pragma once

#include <uv.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/net/loop.h"

namespace signpost::net {

// What runs a loop in place of uv_run while it is attached: a reactor.
class LoopDriver {
 public:
  // Takes turns until `stopped`, which is looked at after each.
  virtual void Drive(const bool& stopped) = 0;

 protected:
  ~LoopDriver() = default;
};

struct Loop::Impl {
  static constexpr size_t kReadBuffer = 64 << 10;

  Impl();
  ~Impl();
  // Makes the loop look at `stop` and `tasks`. Any thread.
  void Wake() const;
  // Closes every handle that is left and runs the loop until it is empty.
  void CloseAll();
  void RunTasks();
  // Takes and destroys waiting tasks until none is left.
  void DropTasks();
  bool InLoop() const;
  bool running() const { return owner.load(std::memory_order_relaxed) != std::thread::id(); }
  // The loop's thread. Ends Run after this turn.
  void EndRun();
  // Before Run the cached time may be old: refreshes it, so that a timer does not fire early.
  void Refresh();

  uv_loop_t loop{};
  // An eventfd of our own in place of uv_async_t, whose receiver spins while a sender on the same core is held up.
  int wake_fd = -1;
  uv_poll_t wake{};
  std::atomic<std::thread::id> owner{};  // no thread while the loop is not running
  std::atomic<bool> stop = false;        // asked for by another thread
  bool stopped = false;
  LoopDriver* driver = nullptr;
  // Streams read into this one after the other: an idle connection owns no buffer.
  std::unique_ptr<char[]> read_buffer;

  std::mutex mutex;
  std::vector<std::function<void()>> tasks;  // guarded by mutex
};

// Base of every object that owns one libuv handle. The owner holds it by shared_ptr and calls Close
// when it is itself destroyed; the object then keeps itself alive until libuv lets go of the handle.
// After the loop is gone every object is closed, and Close does nothing.
class Handle : public std::enable_shared_from_this<Handle> {
 public:
  virtual ~Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  void Close();
  bool closing() const { return closing_; }
  Loop& loop() const { return loop_; }
  uv_loop_t* uv() const { return &loop_.impl().loop; }

 protected:
  explicit Handle(Loop& loop) : loop_(loop) { loop.AssertInLoop(); }
  // To be called once, when the derived class has initialised its handle.
  void Attach(uv_handle_t* handle);
  // libuv has let go of the handle; the object may die with the return of this.
  virtual void OnClosed() {}

 private:
  Loop& loop_;
  uv_handle_t* handle_ = nullptr;
  bool closing_ = false;
  std::shared_ptr<Handle> self_;
};

// The C++ object behind a libuv handle, in a libuv callback.
template <typename T, typename UvHandle>
T& OwnerOf(UvHandle* handle) {
  return *static_cast<T*>(static_cast<Handle*>(handle->data));
}

// A result below 0 of a libuv call that fails only when our own code is wrong.
void CheckUv(int result, const char* call);

}  // namespace signpost::net
