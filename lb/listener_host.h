// Signpost. Apache-2.0; see LICENSE.
// Who serves listening sockets: the workers, or a test's stand-in.
#pragma once

#include <cstddef>

#include "common/net/address.h"
#include "common/net/unique_fd.h"

namespace signpost::lb {

class ListenerHost {
 public:
  virtual size_t workers() const = 0;
  // `worker` accepts from that socket from now on; what becomes of a connection is what the newest routes say of that
  // address. A worker may hold several sockets of one address. The descriptor keeps its number until CloseSocket.
  virtual void ServeSocket(size_t worker, const net::SocketAddress& address, net::UniqueFd fd) = 0;
  // Nobody accepts on that address any more. The descriptors are closed soon afterwards.
  virtual void CloseSockets(const net::SocketAddress& address) = 0;

 protected:
  ~ListenerHost() = default;
};

}  // namespace signpost::lb
