// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/catalog_writes.h"

#include <utility>

#include "dnsd/registry/model/session_writes.h"

namespace signpost::registry {

bool PutCheck(State& state, CheckRow check) {
  if (!state.FindNode(check.node)) return false;
  if (!check.service_id.empty()) {
    const auto service = state.FindService(check.node, check.service_id);
    if (!service) return false;
    check.service_name = service->service;
    check.service_tags = service->tags;
  }
  if (check.status == kCritical) EndSessionsOfCheck(state, check.node, check.check_id);
  return state.Put(std::move(check));
}

bool PutCheckStatus(State& state, std::string_view node, std::string_view check_id, std::string_view status,
                    std::string_view output) {
  const auto known = state.FindCheck(node, check_id);
  if (!known || (known->status == status && known->output == output)) return false;
  CheckRow check = *known;
  check.status = status;
  check.output = output;
  return PutCheck(state, std::move(check));
}

bool PutService(State& state, ServiceRow service) {
  return state.FindNode(service.node) && state.Put(std::move(service));
}

bool RemoveCheck(State& state, std::string_view node, std::string_view check_id) {
  EndSessionsOfCheck(state, node, check_id);
  return state.EraseCheck(node, check_id);
}

bool RemoveService(State& state, std::string_view node, std::string_view id) {
  for (const auto& check : state.ChecksOf(node, id)) RemoveCheck(state, node, check->check_id);
  return state.EraseService(node, id);
}

bool RemoveNode(State& state, std::string_view node) {
  if (!state.FindNode(node)) return false;
  for (const auto& service : state.ServicesOfNode(node)) RemoveService(state, node, service->id);
  for (const auto& check : state.ChecksOfNode(node)) RemoveCheck(state, node, check->check_id);
  EndSessionsOfNode(state, node);
  return state.EraseNode(node);
}

}  // namespace signpost::registry
