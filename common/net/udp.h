// Signpost. Apache-2.0; see LICENSE.
// A UDP server socket that receives and sends in batches (recvmmsg, sendmmsg) on buffers of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/net/address.h"
#include "common/net/loop.h"

namespace signpost::net {

struct UdpCounters {
  Counter received;         // datagrams
  Counter sent;             // datagrams
  Counter send_dropped;     // EAGAIN, ENOBUFS or an unreachable peer: dropped, never waited for (W239)
  Counter receive_dropped;  // the kernel's queue was full (SO_RXQ_OVFL)
};

// One datagram of a batch. Spans are valid during the handler's call.
struct UdpDatagram {
  std::span<const uint8_t> payload;  // at most kMaxReceive bytes; a longer datagram arrives cut
  SocketAddress peer;
  std::span<uint8_t> reply;  // kMaxSend bytes to write an answer into
  size_t reply_size = 0;     // set by the handler; 0 sends nothing
  // Opaque token of the local address that was asked, for SendLater.
  uint32_t slot = 0;
};

// What is needed to answer a datagram after its batch is gone. A plain value.
struct UdpReturnPath {
  SocketAddress peer;
  alignas(8) uint8_t control[64] = {};  // IP_PKTINFO / IPV6_PKTINFO ancillary data, ready to send
  uint32_t control_size = 0;
};

class UdpSocket {
 public:
  static constexpr size_t kBatch = 64;
  static constexpr size_t kMaxReceive = 4096;
  static constexpr size_t kMaxSend = 4096;
  // Rounds per readiness event, so that timers and TCP of the loop are not starved.
  static constexpr int kRounds = 4;

  // The handler sees a whole batch and fills reply/reply_size of each entry; answers leave in one
  // sendmmsg, from the address that was asked when the socket is bound to a wildcard (IP_PKTINFO,
  // interface index cleared unless the address is link-local).
  // SO_REUSEPORT, IP_FREEBIND, IPV6_V6ONLY, SO_RXQ_OVFL, SO_RCVBUF 1 MiB, IP_PMTUDISC_OMIT (W237-W242).
  static Result<std::unique_ptr<UdpSocket>> Bind(Loop& loop, const SocketAddress& address,
                                                 std::function<void(std::span<UdpDatagram>)> on_batch);
  // Fails, as Bind would, when any socket holds the address, one of another process with SO_REUSEPORT
  // included (with which Bind would silently share). For start-up, before the first Bind.
  static Status Probe(const SocketAddress& address);
  ~UdpSocket();  // may be destroyed inside its handler
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  // Inside the handler only: the way back to the sender of that datagram.
  UdpReturnPath ReturnPath(const UdpDatagram& datagram) const;
  // On the loop's thread, any time later. Drops (and counts) what the kernel does not take.
  void Send(const UdpReturnPath& path, std::span<const uint8_t> payload);

  const SocketAddress& local() const;
  const UdpCounters& counters() const;  // any thread may read

  struct Impl;
  explicit UdpSocket(std::shared_ptr<Impl> impl);  // for this folder only

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace signpost::net
