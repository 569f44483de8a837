// Signpost. Apache-2.0; see LICENSE.
// Binds the listening sockets that the routes want, one per worker and address (SO_REUSEPORT), and closes those that
// they want no more. What stays is not touched. Control thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/backoff.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/net/address.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "common/net/unique_fd.h"
#include "lb/listener_host.h"
#include "lb/route/routes.h"

namespace signpost::lb {

// A listening socket that came from the process before this one, or that goes to the next.
struct PassedSocket {
  net::SocketAddress address;
  net::UniqueFd fd;
};

class ListenerSet {
 public:
  // Makes one listening socket; with `alone`, only if no other socket listens there. The tests' own may fail at will.
  using Bind = std::function<Result<net::UniqueFd>(const net::SocketAddress& address, bool alone)>;

  enum class State : unsigned char {
    kBound,
    kRetrying,  // 1 s after the first failure, up to 60 s later on (case C13)
    kWaiting,   // Hold is in force
  };
  struct ListenerStatus {
    net::SocketAddress address;
    State state = State::kRetrying;
    std::string reason;  // kRetrying
    size_t sockets = 0;
  };

  ListenerSet(net::Loop& loop, ListenerHost& host, uint64_t seed, Bind bind = BindListener);
  ~ListenerSet();
  ListenerSet(const ListenerSet&) = delete;
  ListenerSet& operator=(const ListenerSet&) = delete;

  // Sockets to be used for the plans of their addresses. Before the first Follow.
  void Inherit(std::vector<PassedSocket> sockets);
  // Nobody accepts until Release, nor is anything bound.
  void Hold();
  // Accepts. Inherited sockets that no plan wants are closed.
  void Release();
  // Tries at once what could not be bound.
  void RetryNow();
  bool held() const { return held_; }

  void Follow(const std::vector<ListenerPlan>& plans);
  // Forgets all; the workers have closed, or will close, theirs by themselves.
  void Clear();

  // Null when no plan has that address.
  const ListenerStatus* Find(const net::SocketAddress& address) const;
  std::vector<ListenerStatus> statuses() const;
  // Address and number of every descriptor in use, which stays open until the next call of Follow or Clear at least.
  std::vector<std::pair<net::SocketAddress, int>> descriptors() const;

  static Result<net::UniqueFd> BindListener(const net::SocketAddress& address, bool alone);

 private:
  struct Listener {
    ListenerStatus status;
    std::vector<int> descriptors;
    Backoff backoff{Millis(1000), Millis(60000)};
    Millis retry_at{0};
  };

  void Open(Listener& listener);
  Status OpenSockets(Listener& listener);
  void Retry();
  void Schedule();

  net::Loop& loop_;
  ListenerHost& host_;
  Random random_;
  Bind bind_;
  net::Timer retry_;
  bool held_ = false;
  std::vector<net::SocketAddress> followed_;   // the plans' addresses, last time
  std::map<std::string, Listener> listeners_;  // by address
  std::multimap<std::string, net::UniqueFd> inherited_;
};

std::string_view ListenerStateName(ListenerSet::State state);

}  // namespace signpost::lb
