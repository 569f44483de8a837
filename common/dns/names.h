// Signpost. Apache-2.0; see LICENSE.
// For this folder only: the extent of names in a message, checked before ldns reads it, because ldns follows pointers
// forward and 65,535 times.
#pragma once

#include <cstdint>
#include <span>

namespace signpost::dns {

// The first byte behind the name that starts at `at`; 0 when it is none: past the end, a label type of no RFC, longer
// than 255 bytes, or pointers that do not lead strictly backwards into the message's body.
size_t SkipName(std::span<const uint8_t> message, size_t at);

}  // namespace signpost::dns
