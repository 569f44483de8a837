// Signpost. Apache-2.0; see LICENSE.
// For this folder only: sockets bound and tuned by our rules.
#pragma once

#include <string_view>

#include "common/base/status.h"
#include "common/net/address.h"
#include "common/net/unique_fd.h"

namespace signpost::net {

enum class ReusePort : bool { kNo, kYes };

// A non-blocking socket of `type` (SOCK_DGRAM or SOCK_STREAM) bound to `address` with SO_REUSEADDR (TCP only),
// IP_FREEBIND, IPV6_V6ONLY and, if asked, SO_REUSEPORT. The Status of a failure names protocol, address and reason.
Result<UniqueFd> BindSocket(const SocketAddress& address, int type, ReusePort reuse_port);

// The name the socket has now; empty on failure.
SocketAddress LocalName(int fd);
SocketAddress PeerName(int fd);

// setsockopt with an int. False when the kernel refuses; for options without which we can live.
bool SetOption(int fd, int level, int option, int value);

// The options of StreamSocket::KeepAlive. Sockets accepted from `fd` later inherit them.
void KeepTcpAlive(int fd);

// "cannot listen on udp 127.0.0.1:53: Address already in use"
Status ListenError(int type, const SocketAddress& address, int error_number);

}  // namespace signpost::net
