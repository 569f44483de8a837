// Signpost. Apache-2.0; see LICENSE.
// The body of a transaction. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace signpost::registry {

struct TxnOp {
  // What the operation is about: a key, nothing (Consul passes such over), or what transactions here do not serve.
  enum class About : unsigned char { kKey, kNothing, kCatalog } about = About::kNothing;
  std::string verb;
  std::string key;
  std::string value;
  uint64_t flags = 0;
  uint64_t index = 0;
  std::string session;
};

// kInvalid: the text of Consul's 400.
Result<std::vector<TxnOp>> ReadTxnBody(std::string_view body);

}  // namespace signpost::registry
