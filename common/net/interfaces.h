// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <string>

namespace signpost::net {

// The first IPv4 address, else IPv6 address, of an interface that is up, without loopback and link-local ones; empty if
// there is none.
std::string FirstGlobalAddress();

}  // namespace signpost::net
