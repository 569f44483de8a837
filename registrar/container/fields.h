// Signpost. Apache-2.0; see LICENSE.
// For this folder only: fields that engines write in more than one way. Total, like json::Value.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/json/json.h"

namespace signpost::registrar {

// Decimal, the whole text, with or without "-". Nothing for anything else and out of range.
std::optional<int64_t> ParseDecimal(std::string_view text);

// A number, or a text that is one (Podman).
int64_t IntOf(json::Value value, int64_t fallback = 0);

// A port, 1 to 65535, as a number or text; 0 for anything else, ranges included.
uint16_t PortOf(json::Value value);
uint16_t ParsePort(std::string_view text);

// A signal by name ("SIGTERM", "term", "RTMIN+3") or number (15, "15"), 1 to 64; 0 for anything else.
int SignalOf(json::Value value);

// What may stand in a request's path: 1 to 128 letters, digits, "_", "-" and ".", not beginning with a ".".
bool IsUsableId(std::string_view id);

}  // namespace signpost::registrar
