// Signpost. Apache-2.0; see LICENSE.
// DNS over TCP (RFC 1035 4.2.2, RFC 7766): length-prefixed messages, pipelined, answered out of order
// where one has to wait. One per loop and listen address.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "common/base/clock.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/net/address.h"
#include "common/net/loop.h"
#include "common/net/tcp.h"
#include "common/net/timer.h"
#include "dnsd/query/handler.h"
#include "dnsd/transport/tcp_budget.h"
#include "dnsd/transport/waiting_room.h"

namespace signpost::transport {

struct TcpOptions {
  Millis idle_timeout{10000};    // halved at half the connection limit, a tenth of it at nine tenths (RFC 7766 6.2.3)
  Millis message_timeout{2000};  // for the rest of a message that has begun
};

struct TcpCounters {
  Counter accepted;
  Counter closed_idle;
  Counter closed_slow;      // a message begun and not finished, or output not read
  Counter closed_for_room;  // the most idle one, in favour of a new one
  Counter refused_client;   // over the limit of one client
  Counter closed_framing;   // a length below 12, or a response instead of a query
};

class TcpService {
 public:
  // `budget` is shared by all services: a connection too many closes the most idle one of this service.
  static Result<std::unique_ptr<TcpService>> Listen(net::Loop& loop, const net::SocketAddress& address,
                                                    TcpOptions options, TcpBudget& budget, query::Handler& handler,
                                                    WaitingRoom& waiting, std::function<void()> after_batch);
  ~TcpService();

  // Takes no more connections and no more queries; what is queued is still sent. True if anything is queued.
  bool Drain();

  const net::SocketAddress& local() const { return listener_->local(); }
  const TcpCounters& counters() const { return counters_; }
  size_t connections() const { return count_.load(std::memory_order_relaxed); }  // any thread

 private:
  class Connection;
  friend class Connection;
  using Connections = std::list<std::shared_ptr<Connection>>;

  TcpService(net::Loop& loop, TcpOptions options, TcpBudget& budget, query::Handler& handler, WaitingRoom& waiting,
             std::function<void()> after_batch);

  void OnAccept(std::unique_ptr<net::TcpStream> stream);
  void Touch(Connection& connection);
  void Remove(Connection& connection);
  void Sweep();
  Millis IdleTimeout() const;

  net::Loop& loop_;
  const TcpOptions options_;
  TcpBudget& budget_;
  query::Handler& handler_;
  WaitingRoom& waiting_;
  std::function<void()> after_batch_;
  net::Timer sweep_;
  std::unique_ptr<net::TcpListener> listener_;
  Connections connections_;  // the most idle first
  std::atomic<size_t> count_ = 0;
  TcpCounters counters_;
  std::vector<uint8_t> answer_;
};

}  // namespace signpost::transport
