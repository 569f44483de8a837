// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/kv_writes.h"

#include <utility>

namespace signpost::registry {
namespace {

KvRow RowOf(const KvEntry& entry) {
  KvRow row;
  row.key = entry.key;
  row.value = entry.value;
  row.flags = entry.flags;
  return row;
}

}  // namespace

void KvSet(State& state, const KvEntry& entry) {
  KvRow row = RowOf(entry);
  if (const auto known = state.FindKv(entry.key)) row.session = known->session;
  state.Put(std::move(row));
}

bool KvSetIf(State& state, const KvEntry& entry, uint64_t index) {
  const auto known = state.FindKv(entry.key);
  if (known ? known->index.modify != index : index != 0) return false;
  KvSet(state, entry);
  return true;
}

bool KvAcquire(State& state, const KvEntry& entry, const std::string& session, Millis lock_delay) {
  const auto known = state.FindKv(entry.key);
  KvRow row = RowOf(entry);
  row.session = session;
  if (known && known->session == session) {
    row.lock_index = known->lock_index;
  } else {
    if (lock_delay > Millis(0) || (known && !known->session.empty())) return false;
    row.lock_index = (known ? known->lock_index : 0) + 1;
  }
  state.Put(std::move(row));
  return true;
}

bool KvRelease(State& state, const KvEntry& entry, const std::string& session) {
  const auto known = state.FindKv(entry.key);
  if (!known || known->session != session) return false;
  KvRow row = RowOf(entry);
  row.lock_index = known->lock_index;
  state.Put(std::move(row));
  return true;
}

bool KvDeleteIf(State& state, const std::string& key, uint64_t index) {
  const auto known = state.FindKv(key);
  if (!known) return true;
  return known->index.modify == index && state.EraseKv(key);
}

void KvDeleteTree(State& state, const std::string& prefix) {
  Strings keys;
  for (auto row = state.kv().lower_bound(prefix); row != state.kv().end() && row->first.starts_with(prefix); ++row) {
    keys.push_back(row->first);
  }
  for (const std::string& key : keys) state.EraseKv(key);
}

}  // namespace signpost::registry
