// Signpost. Apache-2.0; see LICENSE.
// An instance with its node and the checks that count for it, as health and prepared queries show it.
#pragma once

#include "common/json/json.h"
#include "dnsd/registry/api/json_rows.h"
#include "dnsd/registry/model/state.h"

namespace signpost::registry {

struct HealthRow {
  RowPtr<NodeRow> node;  // never null
  RowPtr<ServiceRow> service;
  RowList<CheckRow> checks;  // the node's, then the instance's
};

HealthRow JoinHealth(const State& state, RowPtr<ServiceRow> service);
bool AllPassing(const HealthRow& row);
// {Node, Service, Checks}
void WriteHealthRow(json::Writer& out, const HealthRow& row, NoTags no_tags = NoTags::kEmpty);

}  // namespace signpost::registry
