// Signpost. Apache-2.0; see LICENSE.
// For this folder only: names and data of records from their text to wire form, by ldns. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/dns/zone_lexer.h"

namespace signpost::dns {

// The wire form of a name; `origin`, in wire form, ends a relative one and is what "@" means.
Result<std::string> ReadZoneName(const ZoneToken& token, std::string_view origin);

// "3600", "1h30m"; at most 2^40 or so, so that the caller can tell what is too large from what is no number.
std::optional<uint64_t> ReadSeconds(std::string_view text);

// "MX" or "TYPE65280", in capitals; 0 when it is none.
uint16_t ReadType(std::string_view upper);

// The data of a record in wire form.
Result<std::string> ReadRdata(uint16_t type, std::span<const ZoneToken> tokens, std::string_view origin);

}  // namespace signpost::dns
