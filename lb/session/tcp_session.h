// Signpost. Apache-2.0; see LICENSE.
// One client's TCP connection, passed through to an endpoint; with SNI, to the endpoint of the service that the
// ClientHello names.
#pragma once

#include "common/net/address.h"
#include "common/net/unique_fd.h"
#include "lb/route/routes.h"
#include "lb/session/session_context.h"

namespace signpost::lb {

// Takes over an accepted connection. The session joins context.sessions and destroys itself when it is over, perhaps
// before this returns. `plan` (kTcp or kSni) is read during the call only; the names of a kSni listener are those that
// context.routes has for plan.address when the ClientHello is complete. A lingering plan's connections are closed.
void StartTcpSession(SessionContext& context, net::UniqueFd fd, const net::SocketAddress& peer,
                     const ListenerPlan& plan);

}  // namespace signpost::lb
