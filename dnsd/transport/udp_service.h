// Signpost. Apache-2.0; see LICENSE.
// From UDP datagrams to the query handler and back. One per loop and listen address.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "common/base/status.h"
#include "common/net/address.h"
#include "common/net/loop.h"
#include "common/net/udp.h"
#include "dnsd/query/handler.h"
#include "dnsd/transport/waiting_room.h"

namespace signpost::transport {

class UdpService {
 public:
  // `after_batch` runs when the answers of a batch are ready. All references outlive the service.
  static Result<std::unique_ptr<UdpService>> Bind(net::Loop& loop, const net::SocketAddress& address,
                                                  query::Handler& handler, WaitingRoom& waiting,
                                                  std::function<void()> after_batch);

  const net::SocketAddress& local() const { return socket_->local(); }
  const net::UdpCounters& counters() const { return socket_->counters(); }

 private:
  UdpService(net::Loop& loop, query::Handler& handler, WaitingRoom& waiting, std::function<void()> after_batch)
      : loop_(loop), handler_(handler), waiting_(waiting), after_batch_(std::move(after_batch)) {}

  void OnBatch(std::span<net::UdpDatagram> batch);
  // True if the answer is ready; a parked question is timed by the waiting room.
  bool Answer(net::UdpDatagram& datagram, const query::Context& context);
  void Park(const net::UdpDatagram& datagram, const query::Context& context, const query::Want& want);
  bool WouldBounce(const net::SocketAddress& peer) const;

  net::Loop& loop_;
  query::Handler& handler_;
  WaitingRoom& waiting_;
  std::function<void()> after_batch_;
  std::shared_ptr<net::UdpSocket> socket_;
};

}  // namespace signpost::transport
