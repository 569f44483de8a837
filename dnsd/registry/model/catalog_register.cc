// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/catalog_register.h"

#include <utility>

#include "dnsd/registry/model/agent_writes.h"
#include "dnsd/registry/model/catalog_writes.h"

namespace signpost::registry {
namespace {

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

bool IsOwn(std::string_view own_node, std::string_view node) { return NodeKey(own_node) == NodeKey(node); }

// --- the node ----------------------------------------------------------------------------------------------------

// A name belongs to the node with an ID that holds it, for as long as that node lives.
Status CheckName(const State& state, const consul::Node& node, bool without_id_may_be_replaced) {
  const auto holder = state.FindNode(node.name);
  if (!holder || Lower(holder->node.id) == Lower(node.id)) return Status::Ok();
  const auto alive = state.FindCheck(node.name, kOwnCheckId);
  if (!alive || alive->status == kCritical) return Status::Ok();
  const consul::Node& held = holder->node;
  if (held.id.empty() && without_id_may_be_replaced) return Status::Ok();
  return Status::Invalid("Node name " + node.name + " is reserved by node " + held.id + " with name " + held.name +
                         " (" + held.address + ")");
}

// The node that has the ID goes, since from now on it has another name.
Status Rename(State& state, std::string_view own_node, const NodeRow& from, const consul::Node& to) {
  Status status = CheckName(state, to, false);
  if (status.ok() && IsOwn(own_node, from.node.name)) status = Status::Invalid("it is that of the registry's own node");
  if (!status.ok()) {
    return Status::Invalid("Error while renaming Node ID: " + Quoted(to.id) + " (" + to.address +
                           "): " + status.text());
  }
  RemoveNode(state, from.node.name);
  return Status::Ok();
}

Status MakeRoom(State& state, std::string_view own_node, const consul::Node& node) {
  if (node.id.empty()) return Status::Ok();
  const auto holder = state.FindNodeById(node.id);
  if (holder) {
    return holder->node.name == node.name ? Status::Ok() : Rename(state, own_node, *holder, node);
  }
  Status status = CheckName(state, node, true);
  if (status.ok()) return status;
  return Status::Invalid("Error while renaming Node ID: " + Quoted(node.id) + ": " + status.text());
}

Status RegisterNode(State& state, std::string_view own_node, NodeRow node, bool skip_update) {
  const auto known = state.FindNode(node.node.name);
  if (known && (skip_update || IsOwn(own_node, node.node.name))) return Status::Ok();
  const Status status = MakeRoom(state, own_node, node.node);
  if (!status.ok()) return Status::Invalid("failed inserting node: " + status.text());
  state.Put(std::move(node));
  return Status::Ok();
}

// --- what is on it -----------------------------------------------------------------------------------------------

Status RegisterCheck(State& state, std::string_view own_node, const std::string& node, CheckRow check) {
  if (check.node.empty()) check.node = node;
  if (check.node != node) {
    return Status::Invalid("check node " + Quoted(check.node) + " does not match node " + Quoted(node));
  }
  const std::string failed = "failed inserting check: ";
  if (!check.service_id.empty() && !state.FindService(node, check.service_id)) {
    return Status::Invalid(failed + "Missing service registration on node " + Quoted(node));
  }
  if (check.check_id.empty()) {
    return Status::Invalid(failed + failed + "object missing primary index on node " + Quoted(node));
  }
  if (check.status.empty()) check.status = kCritical;
  if (IsOwn(own_node, node) && IsOwnCheck(check.check_id)) return Status::Ok();
  PutCheck(state, std::move(check));
  return Status::Ok();
}

Status RegisterAll(State& state, std::string_view own_node, Registration registration) {
  const std::string node = registration.node.node.name;
  Status status = RegisterNode(state, own_node, std::move(registration.node), registration.skip_node_update);
  if (!status.ok()) return status;
  if (registration.service) {
    ServiceRow& service = *registration.service;
    service.node = node;
    if (service.id.empty()) {
      return Status::Invalid("failed inserting service: failed inserting service: object missing primary index");
    }
    const bool own = IsOwn(own_node, node) && IsOwnService(service.id);
    if (!own) PutService(state, std::move(service));
  }
  for (CheckRow& check : registration.checks) {
    status = RegisterCheck(state, own_node, node, std::move(check));
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

// All that is on the own node, but for what is the registry's.
void Clear(State& state, std::string_view own_node) {
  for (const auto& service : state.ServicesOfNode(own_node)) {
    if (!IsOwnService(service->id)) RemoveService(state, own_node, service->id);
  }
  for (const auto& check : state.ChecksOfNode(own_node)) {
    if (!IsOwnCheck(check->check_id)) RemoveCheck(state, own_node, check->check_id);
  }
}

}  // namespace

Status Register(State& state, std::string_view own_node, Registration registration) {
  const size_t mark = state.Mark();
  Status status = RegisterAll(state, own_node, std::move(registration));
  if (!status.ok()) state.RollBackTo(mark);
  return status;
}

void Deregister(State& state, std::string_view own_node, const Deregistration& deregistration) {
  const auto& [node, service_id, check_id] = deregistration;
  const bool own = IsOwn(own_node, node);
  if (!service_id.empty()) {
    if (!own || !IsOwnService(service_id)) RemoveService(state, node, service_id);
  } else if (!check_id.empty()) {
    if (!own || !IsOwnCheck(check_id)) RemoveCheck(state, node, check_id);
  } else if (own) {
    Clear(state, node);
  } else {
    RemoveNode(state, node);
  }
}

}  // namespace signpost::registry
