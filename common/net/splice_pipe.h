// Signpost. Apache-2.0; see LICENSE.
// Moves bytes from socket to socket inside the kernel (splice(2) through a pipe). Owns two descriptors while it lives.
#pragma once

#include <cstddef>
#include <memory>

#include "common/base/status.h"
#include "common/net/stream_socket.h"
#include "common/net/unique_fd.h"

namespace signpost::net {

class SplicePipe {
 public:
  // A non-blocking pipe of at least 64 KiB. kSystem when there are no descriptors left: go on by copying.
  static Result<std::unique_ptr<SplicePipe>> Make();

  // Into the pipe, at most `limit` bytes. As StreamSocket::Receive; kWait also when the pipe is full: then
  // `from.readable()` stays true and no OnReady comes for it; fill again once the pipe has been drained.
  // kError with EINVAL: what comes next cannot be spliced (urgent data), but received.
  IoResult Fill(StreamSocket& from, size_t limit);
  // Out of the pipe. As StreamSocket::Send; kWait also when the pipe is empty (held() is 0).
  IoResult Drain(StreamSocket& to);
  size_t held() const { return held_; }  // bytes in the pipe

 private:
  SplicePipe(UniqueFd read_end, UniqueFd write_end);
  UniqueFd read_end_;
  UniqueFd write_end_;
  size_t held_ = 0;
};

}  // namespace signpost::net
