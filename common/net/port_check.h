// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include "common/base/status.h"
#include "common/net/address.h"

namespace signpost::net {

// Binds UDP and TCP for an instant without SO_REUSEPORT. Sockets with it would let a second server of the same user share
// the port in silence and take half of the questions. Port 0 is always free. The failure names protocol, address and reason.
Status CheckPortFree(const SocketAddress& address);

}  // namespace signpost::net
