// Signpost. Apache-2.0; see LICENSE.
// Which service of an SNI listener a ClientHello names. Pure.
#pragma once

#include <span>
#include <string_view>

#include "lb/route/routes.h"

namespace signpost::lb {

// `server_name` in lower case; "" when there was none, or no TLS. The exact name, then "*.parent", then "*". Null when
// none fits; of equal hosts the first wins.
const SniRoute* FindSniRoute(std::span<const SniRoute> routes, std::string_view server_name);

// The same among the routes of the listener at that address; null when there is none.
const SniRoute* FindSniRoute(const Routes& routes, const net::SocketAddress& listener, std::string_view server_name);

}  // namespace signpost::lb
