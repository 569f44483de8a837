// Signpost. Apache-2.0; see LICENSE.
// For this folder only: the inside of a TcpStream.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/net/handle.h"
#include "common/net/tcp.h"
#include "common/net/timer.h"

namespace signpost::net {

// Output goes to the kernel at once as long as it takes all. What it does not take waits in `waiting`, and
// one libuv write at a time carries everything that had gathered when it started (`in_flight`).
struct TcpStream::Impl final : Handle {
  // How long closing may take: for the queued output, and for the peer's FIN after ours.
  static constexpr Millis kDrainLimit{5000};
  static constexpr Millis kLingerLimit{1000};

  // Takes over the connected socket `fd`. On failure the object is closed already.
  static std::shared_ptr<Impl> Adopt(Loop& loop, int fd, const SocketAddress& peer);

  Impl(Loop& loop, const SocketAddress& peer);

  void StartReading();
  void PauseReading();
  void OnRead(ssize_t size, const char* data);
  void End(const Status& status);
  // Reports a failed write later, never from inside Write.
  void FailLater(int uv_error);

  void Write(std::span<const uint8_t> head, std::span<const uint8_t> body);
  void Flush();
  void OnWritten(int status);

  void CloseAfterDrain();
  void SendFin();
  void CloseWithReset();
  void OnClosed() override;

  int Descriptor() const;  // -1 once closed
  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&tcp); }

  uv_tcp_t tcp{};
  // Shared, so that a handler may replace the handlers while it runs.
  std::shared_ptr<const Handlers> handlers;
  const SocketAddress peer;
  SocketAddress local;  // fetched when first asked for

  uv_write_t write{};
  std::vector<uint8_t> waiting;
  std::vector<uint8_t> in_flight;
  bool writing = false;
  bool reading = false;
  bool failed = false;  // the connection is dead: output is discarded
  bool ended = false;   // on_end was called or will be

  // While closing after a drain:
  bool draining = false;
  std::shared_ptr<Handle> keep_alive;
  std::unique_ptr<Timer> limit;
  uv_shutdown_t shutdown{};
};

}  // namespace signpost::net
