// Signpost. Apache-2.0; see LICENSE.
// In what two pictures of one service differ, in words for people. Pure.
#pragma once

#include <string>
#include <string_view>

#include "registrar/plan/actual.h"

namespace signpost::registrar {

// What registering would change, as "port 8080 instead of 80; tags a,b instead of a,c"; "" when nothing. `wanted` is
// what the registration would leave (AfterRegistration). Tags do not count while tag override is on in both. Checks
// that only the agent has do not count, nor do addresses that Consul derives by itself.
std::string Differences(const ActualService& wanted, const ActualService& actual);

// One line of at most 60 bytes.
std::string Shown(std::string_view text);

}  // namespace signpost::registrar
