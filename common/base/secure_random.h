// Signpost. Apache-2.0; see LICENSE.
// The kernel's generator, for what strangers must not guess: query ids, keys, secrets. Any thread; each has a buffer of
// its own, so that a query id costs no system call.
#pragma once

#include <cstdint>
#include <span>

namespace signpost {

void SecureBytes(std::span<uint8_t> out);
uint16_t SecureU16();
uint64_t SecureU64();

}  // namespace signpost
