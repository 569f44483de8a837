// Signpost. Apache-2.0; see LICENSE.
// The functions that a template may call. Pure and bounded: no result is above 64 KiB.
//
//   strSlice TEXT START [END]      sIndex N LIST                   mIndex KEY MAP         index LIST N | MAP KEY
//   toUpper TEXT                   toLower TEXT                    replace N OLD NEW TEXT (N -1: every one)
//   join SEPARATOR LIST            split SEPARATOR TEXT            splitIndex N SEPARATOR TEXT
//   matchFirstElement PATTERN LIST                                 matchAllElements PATTERN LIST
//   printf FORMAT VALUE...  (%s, %d, %v, %%)
//
// A negative N counts from the end. Numbers may stand anywhere among the arguments. An element that is not there is
// the empty text, except for `index`, where it is an error as in Go.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/status.h"
#include "registrar/container/container.h"

namespace signpost::registrar {

using TemplateValue = std::variant<std::string, int64_t, Strings, StringPairs>;

inline constexpr size_t kMaxTemplateValue = size_t{64} << 10;

// kInvalid: no such function, wrong arguments, or too long a result.
Result<TemplateValue> CallTemplateFunction(std::string_view name, const std::vector<TemplateValue>& arguments);

// A text or a number as text. kInvalid for lists and maps.
Result<std::string> TemplateText(const TemplateValue& value);

}  // namespace signpost::registrar
