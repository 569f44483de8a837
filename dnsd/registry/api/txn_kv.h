// Signpost. Apache-2.0; see LICENSE.
// One operation of a transaction on the key/value store.
#pragma once

#include <string>

#include "common/json/json.h"
#include "dnsd/registry/api/txn_body.h"
#include "dnsd/registry/engine/engine.h"

namespace signpost::registry {

// Whether the operation changes something. Verbs that nobody knows do not.
bool IsWrite(const TxnOp& op);

// What is wrong with the operation before any is done, in Consul's words, or "".
std::string PreCheck(const Engine& engine, const TxnOp& op);

// Does it. Writes what it results in as elements of a list, {"KV": {...}} each. Returns what went wrong, or "".
std::string Apply(State& state, const TxnOp& op, json::Writer& results);

}  // namespace signpost::registry
