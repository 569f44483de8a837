// Signpost. Apache-2.0; see LICENSE.
// TCP listener and stream with bounded buffers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "common/base/status.h"
#include "common/net/address.h"
#include "common/net/loop.h"

namespace signpost::net {

// One connection. All callbacks run on the loop's thread; each may destroy the stream.
class TcpStream {
 public:
  struct Handlers {
    // The bytes are valid during the call only.
    std::function<void(std::span<const uint8_t>)> on_data;
    // The peer finished sending (half close) or the connection failed. No on_data follows.
    // Writing stays possible after an orderly end (status ok).
    std::function<void(const Status&)> on_end;
    // The queue has become empty: everything written so far is with the kernel. May be empty.
    std::function<void()> on_drained;
  };

  ~TcpStream();  // closes; queued output is lost: use CloseAfterDrain to keep it
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  void SetHandlers(Handlers handlers);
  // Reading starts paused. Pausing lets TCP push back on the peer.
  void StartReading();
  void PauseReading();

  // Copies what the kernel does not take at once. A failure is told by on_end, later. Two spans leave in one segment
  // where possible (DNS length prefix and message, RFC 7766 8).
  void Write(std::span<const uint8_t> head, std::span<const uint8_t> body = {});
  // Bytes not yet handed to the kernel; the caller stops producing above its own mark.
  size_t queued() const;
  // These and the bytes that the peer's kernel has not acknowledged: falls as long as the peer makes progress.
  size_t unacknowledged() const;
  // Sends what is queued (for at most 5 s), then FIN, throws away what still comes in for at most 1 s, and
  // closes. All that goes on by itself; no handler is called any more.
  static void CloseAfterDrain(std::unique_ptr<TcpStream> stream);
  // Sends RST instead of FIN.
  static void Reset(std::unique_ptr<TcpStream> stream);

  const SocketAddress& peer() const;
  const SocketAddress& local() const;

  struct Impl;
  explicit TcpStream(std::shared_ptr<Impl> impl);  // for this folder only

 private:
  std::shared_ptr<Impl> impl_;
};

struct TcpListenOptions {
  bool reuse_port = false;  // several loops listen on one address; the kernel spreads connections
  int backlog = 1024;
};

class TcpListener {
 public:
  // Binds and listens; accepted streams belong to `loop`. IPv6 sockets are IPV6_V6ONLY. FREEBIND is set,
  // so that an address that appears later is no error. Out of descriptors (EMFILE) pauses accepting for
  // 100 ms instead of spinning. The Status of a failed bind names the address and the reason.
  static Result<std::unique_ptr<TcpListener>> Listen(Loop& loop, const SocketAddress& address, TcpListenOptions options,
                                                     std::function<void(std::unique_ptr<TcpStream>)> on_accept);
  // Fails when any socket listens there, one of another process with SO_REUSEPORT included (with which a
  // Listen with reuse_port would silently share). For start-up, before the first Listen.
  static Status Probe(const SocketAddress& address);
  ~TcpListener();  // may be destroyed inside its handler
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  const SocketAddress& local() const;  // with the port that the kernel chose for port 0

  struct Impl;
  explicit TcpListener(std::shared_ptr<Impl> impl);  // for this folder only

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace signpost::net
