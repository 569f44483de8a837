// Signpost. Apache-2.0; see LICENSE.
// Listening sockets as descriptors, which may be made on one thread, used on another and passed to another process;
// and what accepts from one on a reactor.
#pragma once

#include <functional>
#include <memory>

#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/net/address.h"
#include "common/net/reactor.h"
#include "common/net/unique_fd.h"

namespace signpost::net {

// Binds (SO_REUSEADDR, SO_REUSEPORT if asked, IP_FREEBIND, IPV6_V6ONLY) and listens. What it accepts inherits
// TCP_NODELAY and the options of StreamSocket::KeepAlive. The Status names address and reason. Any thread.
Result<UniqueFd> ListenTcp(const SocketAddress& address, bool reuse_port, int backlog = 4096);

struct AcceptCounters {
  Counter accepted;
  Counter out_of_descriptors;  // pauses of 100 ms (case T26)
};

class Acceptor {
 public:
  using OnAccept = std::function<void(UniqueFd, const SocketAddress& peer)>;

  // Accepts from `listener` until destroyed; accepted descriptors are non-blocking and close-on-exec. While only an
  // eighth of the descriptors that the process may have is left, or none, it pauses for 100 ms at a time: those are for
  // what the accepted connections need, and for operators. One per turn, more while every turn brings some, so that a
  // lone connection costs one call and a flood is not held up. `counters` outlives it.
  Acceptor(Reactor& reactor, UniqueFd listener, AcceptCounters& counters, OnAccept on_accept);
  ~Acceptor();  // may be destroyed inside its handler
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  int fd() const;
  const SocketAddress& local() const;
  // Accepts what waits now, 4,096 connections at most: for who closes the last descriptor of this socket, with which
  // the waiting ones would be reset.
  void AcceptAll();
  // Stops accepting and gives the descriptor back, still listening: connections go on queueing in it.
  UniqueFd Release();

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace signpost::net
