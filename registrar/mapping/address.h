// Signpost. Apache-2.0; see LICENSE.
// Kinds of addresses, as texts. Pure.
#pragma once

#include <string_view>

namespace signpost::registrar {

bool IsWildcard(std::string_view address);   // "", 0.0.0.0, ::
bool IsLoopback(std::string_view address);   // 127.x, ::1
bool IsIpAddress(std::string_view address);  // a literal of either family
// Consul takes it as the address of a service: a literal that is no wildcard, or a host name.
bool IsUsableAddress(std::string_view address);
// "10.1.2.3/24" without its last slash and what follows.
std::string_view WithoutMask(std::string_view address);

}  // namespace signpost::registrar
