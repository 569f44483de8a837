// Signpost. Apache-2.0; see LICENSE.
// IP addresses and sockets' names as values. Nothing here resolves host names.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace signpost::net {

// An address with a port: a sockaddr_in or sockaddr_in6 that carries its own length.
class SocketAddress {
 public:
  SocketAddress() = default;
  // From the kernel. Families other than IPv4 and IPv6 give an empty address.
  static SocketAddress From(const sockaddr* address, socklen_t length);
  // "192.0.2.1:53", "[::1]:53", "[fe80::1%eth0]:53", ":53" (all IPv4 addresses). A missing port is
  // `default_port`; when that is 0 the port is demanded. The message names the text and the form wanted.
  static Result<SocketAddress> Parse(std::string_view text, uint16_t default_port);

  bool empty() const { return length_ == 0; }
  int family() const { return storage_.base.sa_family; }  // AF_INET or AF_INET6
  uint16_t port() const;
  void set_port(uint16_t port);
  bool is_wildcard() const;
  bool is_loopback() const;  // 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104
  // 4 or 16 bytes, network order; valid while this object lives.
  std::span<const uint8_t> ip() const;
  std::string ToString() const;  // as Parse reads it

  const sockaddr* get() const { return &storage_.base; }
  sockaddr* get() { return &storage_.base; }
  socklen_t length() const { return length_; }
  void set_length(socklen_t length) { length_ = length; }
  static constexpr socklen_t kCapacity = sizeof(sockaddr_in6);

  friend bool operator==(const SocketAddress& a, const SocketAddress& b);

 private:
  union Storage {
    sockaddr base;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  Storage storage_{};
  socklen_t length_ = 0;
};

}  // namespace signpost::net
