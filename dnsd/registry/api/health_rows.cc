// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/health_rows.h"

#include <algorithm>
#include <utility>

#include "dnsd/registry/model/catalog_writes.h"

namespace signpost::registry {

HealthRow JoinHealth(const State& state, RowPtr<ServiceRow> service) {
  HealthRow row;
  row.node = state.FindNode(service->node);
  row.checks = state.ChecksOf(service->node, "");
  for (auto& check : state.ChecksOf(service->node, service->id)) row.checks.push_back(std::move(check));
  row.service = std::move(service);
  return row;
}

bool AllPassing(const HealthRow& row) {
  return std::all_of(row.checks.begin(), row.checks.end(),
                     [](const RowPtr<CheckRow>& check) { return check->status == kPassing; });
}

void WriteHealthRow(json::Writer& out, const HealthRow& row, NoTags no_tags) {
  out.BeginObject();
  WriteNode(out.Key("Node"), *row.node);
  WriteService(out.Key("Service"), *row.service, no_tags);
  out.Key("Checks").BeginArray();
  for (const auto& check : row.checks) WriteCheck(out, *check, no_tags);
  out.EndArray().EndObject();
}

}  // namespace signpost::registry
