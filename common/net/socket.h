// Signpost. Apache-2.0; see LICENSE.
// For this folder only: owned descriptors and server sockets bound by our rules.
#pragma once

#include <unistd.h>

#include <string_view>
#include <utility>

#include "common/base/status.h"
#include "common/net/address.h"

namespace signpost::net {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { Reset(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }
  void Reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

enum class ReusePort : bool { kNo, kYes };

// A non-blocking socket of `type` (SOCK_DGRAM or SOCK_STREAM) bound to `address` with SO_REUSEADDR (TCP only),
// IP_FREEBIND, IPV6_V6ONLY and, if asked, SO_REUSEPORT. The Status of a failure names protocol, address and reason.
Result<UniqueFd> BindSocket(const SocketAddress& address, int type, ReusePort reuse_port);

// The name the socket has now; empty on failure.
SocketAddress LocalName(int fd);

// setsockopt with an int. False when the kernel refuses; for options without which we can live.
bool SetOption(int fd, int level, int option, int value);

// "cannot listen on udp 127.0.0.1:53: Address already in use"
Status ListenError(int type, const SocketAddress& address, int error_number);

}  // namespace signpost::net
