// Signpost. Apache-2.0; see LICENSE.
// SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash that strangers cannot aim at. For tables whose keys come from
// the network, and for DNS cookies (RFC 9018 4.4).
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace signpost {

using SipKey = std::array<uint8_t, 16>;

uint64_t SipHash24(const SipKey& key, std::span<const uint8_t> bytes);

}  // namespace signpost
