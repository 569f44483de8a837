// Signpost. Apache-2.0; see LICENSE.
// A message of our own as people read it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace signpost::dns {

// The records of the answer, authority and additional sections in presentation form (RFC 1035 5.1), tabs between the
// fields, one each, without OPT. Empty for bytes that are no message.
std::vector<std::string> RecordTexts(std::span<const uint8_t> message);

}  // namespace signpost::dns
