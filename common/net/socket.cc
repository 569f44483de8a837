// Signpost. Apache-2.0; see LICENSE.
#include "common/net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

namespace signpost::net {

bool SetOption(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

Status ListenError(int type, const SocketAddress& address, int error_number) {
  const std::string protocol = type == SOCK_DGRAM ? "udp " : "tcp ";
  return Status::System("cannot listen on " + protocol + address.ToString(), error_number);
}

SocketAddress LocalName(int fd) {
  sockaddr_storage name{};
  socklen_t length = sizeof name;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0) return {};
  return SocketAddress::From(reinterpret_cast<const sockaddr*>(&name), length);
}

SocketAddress PeerName(int fd) {
  sockaddr_storage name{};
  socklen_t length = sizeof name;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0) return {};
  return SocketAddress::From(reinterpret_cast<const sockaddr*>(&name), length);
}

void KeepTcpAlive(int fd) {
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 6);
  SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 90000);
}

Result<UniqueFd> BindSocket(const SocketAddress& address, int type, ReusePort reuse_port) {
  if (address.empty()) return Status::Config("cannot listen: no address given");
  UniqueFd fd(socket(address.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return ListenError(type, address, errno);
  // Without it a restarted listener would wait for its old connections' TIME_WAIT. Never for UDP:
  // there it would let a second socket take over the address.
  bool ok = type == SOCK_DGRAM || SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (reuse_port == ReusePort::kYes) ok = ok && SetOption(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.family() == AF_INET6) {
    ok = ok && SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1) && SetOption(fd.get(), IPPROTO_IPV6, IPV6_FREEBIND, 1);
  } else {
    ok = ok && SetOption(fd.get(), IPPROTO_IP, IP_FREEBIND, 1);
  }
  if (!ok || bind(fd.get(), address.get(), address.length()) != 0) return ListenError(type, address, errno);
  return fd;
}

}  // namespace signpost::net
