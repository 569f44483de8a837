// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/kv_json.h"

#include "dnsd/registry/api/base64.h"

namespace signpost::registry {

void WriteKv(json::Writer& out, const KvRow& row, KvValue value) {
  out.BeginObject();
  out.Key("LockIndex").Uint(row.lock_index);
  out.Key("Key").String(row.key);
  out.Key("Flags").Uint(row.flags);
  out.Key("Value");
  if (value == KvValue::kWithout || row.value.empty()) {
    out.Null();
  } else {
    out.String(Base64(row.value));
  }
  if (!row.session.empty()) out.Key("Session").String(row.session);
  out.Key("CreateIndex").Uint(row.index.create);
  out.Key("ModifyIndex").Uint(row.index.modify);
  out.EndObject();
}

std::string TooLarge(size_t size, std::string_view option) {
  return "Request body(" + std::to_string(size) + " bytes) too large, max size: " + std::to_string(kMaxKvValue) +
         " bytes. See https://www.consul.io/docs/agent/options.html#" + std::string(option) + ".";
}

}  // namespace signpost::registry
