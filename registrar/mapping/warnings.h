// Signpost. Apache-2.0; see LICENSE.
// The warnings of one mapping, kept small: labels are a stranger's, of any length and number. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "registrar/container/container.h"

namespace signpost::registrar {

inline constexpr size_t kMaxWarnings = 64;  // of one container
inline constexpr size_t kMaxWarning = 300;  // bytes

// At most kMaxWarning bytes: of a longer text the beginning and the end, cut between characters.
std::string ShortWarning(std::string_view text);

// Each once, short, in the order of their making, at most kMaxWarnings; each begins with `who`.
Strings FinishedWarnings(std::string_view who, const Strings& warnings);

// The same on the way, when there are many: for after each port of thousands.
void CondenseWarnings(Strings& warnings);

}  // namespace signpost::registrar
