// Signpost. Apache-2.0; see LICENSE.
// A connected UDP socket that asks one peer: the kernel draws its port at random and drops what comes from elsewhere.
// Make a fresh one per try, so that each has another port and a changed route or address of our own is noticed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "common/base/status.h"
#include "common/net/address.h"
#include "common/net/loop.h"

namespace signpost::net {

class UdpClient {
 public:
  static constexpr size_t kMaxReceive = 65535;

  struct Handlers {
    // A whole datagram, valid during the call.
    std::function<void(std::span<const uint8_t>)> on_datagram;
    // The peer's host says that nobody is there (ICMP), or the network that there is no way. Datagrams may still
    // follow.
    std::function<void(const Status&)> on_error;
  };

  // Handlers run on the loop's thread, never from inside Connect or Send; each may destroy the socket. kLimit when this
  // process or host has no descriptor, port or memory for it, which says nothing about the peer.
  static Result<std::unique_ptr<UdpClient>> Connect(Loop& loop, const SocketAddress& peer, Handlers handlers);
  ~UdpClient();
  UdpClient(const UdpClient&) = delete;
  UdpClient& operator=(const UdpClient&) = delete;

  // One datagram; what the kernel does not take now is lost, as datagrams are. kUnavailable when there is no way to the
  // peer.
  Status Send(std::span<const uint8_t> payload);

  const SocketAddress& peer() const;
  SocketAddress local() const;

  struct Impl;
  explicit UdpClient(std::shared_ptr<Impl> impl);  // for this file only

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace signpost::net
