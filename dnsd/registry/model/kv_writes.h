// Signpost. Apache-2.0; see LICENSE.
// Writes to the key/value store, with Consul's rules for compare-and-set and locks. Callers call State::BeginWrite
// before.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/clock.h"
#include "dnsd/registry/model/state.h"

namespace signpost::registry {

struct KvEntry {
  std::string key;
  std::string value;
  uint64_t flags = 0;
};

// Whoever holds the key's lock goes on to hold it; the count of locks begins anew.
void KvSet(State& state, const KvEntry& entry);
// Only if the key's modify index is `index`, or, with 0, there is no such key. False: nothing was done.
bool KvSetIf(State& state, const KvEntry& entry, uint64_t index);
// Sets the key and locks it for `session`, which exists. False: another session holds it, or it is still to rest.
bool KvAcquire(State& state, const KvEntry& entry, const std::string& session, Millis lock_delay);
// Sets the key and gives its lock up. False: `session` does not hold it.
bool KvRelease(State& state, const KvEntry& entry, const std::string& session);
// True also when there is no such key; false: its modify index is not `index`.
bool KvDeleteIf(State& state, const std::string& key, uint64_t index);
void KvDeleteTree(State& state, const std::string& prefix);

}  // namespace signpost::registry
