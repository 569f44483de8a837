// Signpost. Apache-2.0; see LICENSE.
// What the key/value endpoints and transactions share. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/json/json.h"
#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

inline constexpr size_t kMaxKvValue = size_t{512} << 10;

enum class KvValue : unsigned char { kWith, kWithout };

// An empty value is shown as null.
void WriteKv(json::Writer& out, const KvRow& row, KvValue value);
// Consul's words for a body of `size` bytes; `option` is what sets the limit there.
std::string TooLarge(size_t size, std::string_view option);

}  // namespace signpost::registry
