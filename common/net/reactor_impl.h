// Signpost. Apache-2.0; see LICENSE.
// For this folder only: the reactor's inside, as its sockets and acceptors see it.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/net/deadline_book.h"
#include "common/net/handle.h"
#include "common/net/reactor.h"
#include "common/net/stream_socket.h"
#include "common/net/unique_fd.h"

namespace signpost::net {

// Something else than a StreamSocket that waits in a reactor's epoll.
class Watcher {
 public:
  // May destroy the watcher.
  virtual void OnEvents(uint32_t events) = 0;

 protected:
  ~Watcher() = default;
};

struct Reactor::Impl final : LoopDriver {
  explicit Impl(Loop& owner);
  ~Impl();
  void Drive(const bool& stopped) override;

  // Begin to watch. Errno, or 0.
  int Add(int fd, StreamSocket& socket, uint32_t events);
  int Add(int fd, Watcher& watcher, uint32_t events);
  // Nothing more comes for `fd`. The kernel forgets a descriptor when it is closed; one that stays open needs Remove.
  void Forget(int fd);
  void Remove(int fd);

  // Calls the socket's owner on the next turn.
  void Again(int fd);
  void Refresh();
  void RefreshUnlessRunning() {
    if (!running_) Refresh();
  }

  Loop& loop;
  Nanos now{0};
  uint64_t turn = 0;
  DeadlineBook deadlines;
  std::unique_ptr<uint8_t[]> slab;

 private:
  static constexpr int kBatch = 256;  // events taken from the kernel at once

  // Who has the descriptor now. An event carries the number of the watch that it is for: what was in the batch for a
  // descriptor that has been closed, and perhaps opened anew, meanwhile is dropped.
  struct Slot {
    void* user = nullptr;  // null = nobody
    uint32_t watch = 0;
    bool is_socket = false;  // a StreamSocket, else a Watcher
  };

  int Add(int fd, void* user, bool is_socket, uint32_t events);
  uint64_t Token(int fd) const;
  Slot* Find(uint64_t token);
  int Timeout() const;
  void Turn();
  void Dispatch(const epoll_event& event);
  void RunAgain();

  UniqueFd epoll_;
  std::vector<Slot> slots_;  // by descriptor
  std::array<epoll_event, kBatch> events_{};
  std::vector<uint64_t> again_;      // tokens of sockets for the next turn
  std::vector<uint64_t> again_now_;  // and for this one
  bool running_ = false;
};

// What the reactor and its helpers may do with a socket.
struct ReactorAccess {
  static void Deliver(StreamSocket& socket, uint32_t events);
  static void DeliverAgain(StreamSocket& socket);
  static IoResult Received(StreamSocket& socket, ssize_t size, size_t asked) { return socket.Received(size, asked); }
  static bool Urgent(const StreamSocket& socket) { return socket.urgent_; }
  static void SetReadable(StreamSocket& socket, bool on) { socket.readable_ = on; }
  static void SetWritable(StreamSocket& socket, bool on) { socket.writable_ = on; }
  static IoResult Fail(StreamSocket& socket, int error) { return socket.Fail(error); }
};

}  // namespace signpost::net
