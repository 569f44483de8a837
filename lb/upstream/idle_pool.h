// Signpost. Apache-2.0; see LICENSE.
// Connections to endpoints that wait for their next request. One per thread; everything on its loop.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "common/base/metrics.h"
#include "common/net/reactor.h"
#include "common/net/stream_socket.h"
#include "lb/pool/endpoint.h"
#include "lb/pool/settings.h"

namespace signpost::lb {

// A connection to an endpoint, in use or idle.
struct UpstreamConnection {
  std::unique_ptr<net::StreamSocket> socket;
  std::shared_ptr<Endpoint> endpoint;
  uint32_t requests = 0;  // that it served
};

struct IdleCounters {
  Counter reused;
  Counter kept;
  Counter lost;         // closed by the endpoint while idle
  Counter unsolicited;  // bytes came without a request: thrown away (case F21)
};

class IdlePool {
 public:
  explicit IdlePool(net::Reactor& reactor);
  ~IdlePool();
  IdlePool(const IdlePool&) = delete;
  IdlePool& operator=(const IdlePool&) = delete;

  // The one used last, or null. Its socket's owner is still the pool: call SetOwner at once. Never one that is known to
  // be closed or to have bytes waiting.
  std::unique_ptr<UpstreamConnection> Take(const Endpoint& endpoint);
  // Keeps it by the settings (keepalive, keepalive_idle, keepalive_requests), or closes it. Of too many the one idle
  // for longest goes. A removed endpoint's is closed. While it is here the pool watches the socket, and drops it on
  // whatever comes (cases F20, F21).
  void Keep(std::unique_ptr<UpstreamConnection> connection, const ServiceSettings& settings);
  // Closes those of endpoints that are removed (case R01).
  void DropRemoved();
  void Clear();
  size_t size() const { return size_; }
  const IdleCounters& counters() const { return counters_; }

  struct Idle;

 private:
  // Oldest first. Stays when its last connection is taken, since that one comes back soon; goes when that one is lost.
  using Stack = std::vector<std::unique_ptr<Idle>>;

  bool Quiet(net::StreamSocket& socket);
  void Drop(Idle& idle);
  std::unique_ptr<UpstreamConnection> Empty(std::unique_ptr<Idle> idle);

  net::Reactor& reactor_;
  IdleCounters counters_;
  size_t size_ = 0;
  std::unordered_map<const Endpoint*, Stack> idle_;
  Stack spare_;  // without a connection, for the next Keep
};

}  // namespace signpost::lb
