// Signpost. Apache-2.0; see LICENSE.
// Types of records, and where the names stand in their data. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "dnsd/wire/response_writer.h"

namespace signpost::static_zone {

inline std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view Text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// "MX", or "TYPE65280" for types that are not common.
std::string TypeText(uint16_t type);

// False when data of a type with names, strings or addresses are not made of just these.
bool IsWellFormed(uint16_t type, std::string_view rdata);

// The name that data of type NS, CNAME, PTR, DNAME, MX or SRV point to; empty for other types. `rdata` is well formed.
std::span<const uint8_t> Target(uint16_t type, std::string_view rdata);

// Writes well-formed data; names of the types of RFC 1035 compressed, of no other (RFC 3597 4, RFC 6672 2.5).
void PutRdata(uint16_t type, std::string_view rdata, wire::ResponseWriter& writer);

}  // namespace signpost::static_zone
