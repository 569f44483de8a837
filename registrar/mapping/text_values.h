// Signpost. Apache-2.0; see LICENSE.
// Reads the texts that people write into labels. Pure and total.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "registrar/container/container.h"

namespace signpost::registrar {

std::string_view Trimmed(std::string_view text);  // without blanks at both ends
std::string LowerCase(std::string_view text);     // ASCII only
// "SERVICE_WEIGHT" of "SERVICE_" and "weight": the key as people write it.
std::string KeyName(std::string_view prefix, std::string_view key);

// `at`, or the first byte of the UTF-8 character that it stands inside of.
size_t CharacterStart(std::string_view text, size_t at);

// Digits only, at most `max`; nothing else, no sign.
std::optional<int64_t> ParseWhole(std::string_view text, int64_t max);
// 1, true, yes, on; 0, false, no, off; in any case.
std::optional<bool> ParseSwitch(std::string_view text);
// Seconds ("10") or numbers with h, m, s, ms ("1m30s"); at most a day.
std::optional<Millis> ParseWait(std::string_view text);
// "tcp", "udp", "sctp" in any case.
std::optional<Protocol> ParseProtocol(std::string_view text);

// `*` in the pattern stands for any text, also none. Time is bounded by the product of both lengths.
bool MatchesPattern(std::string_view pattern, std::string_view text);

}  // namespace signpost::registrar
