// Signpost. Apache-2.0; see LICENSE.
// A small catalog in a State, and the words that its tests are written in.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dnsd/registry/model/catalog_writes.h"
#include "dnsd/registry/model/state.h"
#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {

// Puts `row` in a write of its own.
template <typename T>
bool Write(State& state, T row) {
  state.BeginWrite();
  return state.Put(std::move(row));
}

inline std::vector<std::string> IdsOf(const RowList<ServiceRow>& rows) {
  std::vector<std::string> ids;
  for (const auto& row : rows) ids.push_back(row->node + "/" + row->id);
  return ids;
}

// Two nodes with two instances of web and a check each; db on one of them.
inline State Filled() {
  State state;
  Write(state, TestNode("n2", "10.0.0.2"));
  Write(state, TestNode("n1", "10.0.0.1"));
  Write(state, TestService("n2", "web"));
  Write(state, TestService("n1", "web"));
  Write(state, TestService("n1", "db"));
  state.BeginWrite();
  PutCheck(state, TestCheck("n1", "web-check", "web"));
  state.BeginWrite();
  PutCheck(state, TestCheck("n2", "node-check"));
  state.TakeJournal();
  return state;
}

}  // namespace signpost::registry
