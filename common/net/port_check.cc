// Signpost. Apache-2.0; see LICENSE.
#include "common/net/port_check.h"

#include "common/net/socket.h"

namespace signpost::net {

Status CheckPortFree(const SocketAddress& address) {
  for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
    auto bound = BindSocket(address, type, ReusePort::kNo);
    if (!bound.ok()) return bound.status();
  }
  return Status::Ok();
}

}  // namespace signpost::net
