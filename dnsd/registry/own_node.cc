// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/own_node.h"

#include <utility>

#include "dnsd/registry/model/catalog_writes.h"

namespace signpost::registry {
namespace {

constexpr int64_t kServerPort = 8300;

NodeRow NodeOf(const OwnNode& own) {
  const std::string family = own.address.find(':') == std::string::npos ? "ipv4" : "ipv6";
  NodeRow row;
  row.node.id = own.id;
  row.node.name = own.name;
  row.node.address = own.address;
  row.node.datacenter = own.datacenter;
  for (const std::string& tag : {std::string("lan"), "lan_" + family, std::string("wan"), "wan_" + family}) {
    row.node.tagged_addresses.push_back({.tag = tag, .address = own.address});
  }
  row.node.meta = {{"consul-network-segment", ""}};
  return row;
}

// What clients expect to find: Consul's servers are a service of the catalog.
ServiceRow ConsulService(const std::string& node) {
  ServiceRow row;
  row.node = node;
  row.id = "consul";
  row.service = "consul";
  row.port = kServerPort;
  row.meta = {{"non_voter", "false"},     {"raft_version", "3"},      {"serf_protocol_current", "2"},
              {"serf_protocol_max", "5"}, {"serf_protocol_min", "1"}, {"version", "1.8.7"}};
  return row;
}

CheckRow SerfHealth(const std::string& node) {
  CheckRow row;
  row.node = node;
  row.check_id = "serfHealth";
  row.name = "Serf Health Status";
  row.status = kPassing;
  row.output = "Agent alive and reachable";
  return row;
}

void MoveParts(State& state, const std::string& from, const std::string& to) {
  for (const auto& service : state.ServicesOfNode(from)) {
    ServiceRow moved = *service;
    moved.node = to;
    PutService(state, std::move(moved));
  }
  for (const auto& check : state.ChecksOfNode(from)) {
    CheckRow moved = *check;
    moved.node = to;
    PutCheck(state, std::move(moved));
  }
}

}  // namespace

void PutOwnNode(State& state, const OwnNode& own, const std::string& earlier_name) {
  state.BeginWrite();
  state.Put(NodeOf(own));
  if (!earlier_name.empty() && NodeKey(earlier_name) != NodeKey(own.name)) {
    MoveParts(state, earlier_name, own.name);
    RemoveNode(state, earlier_name);
  }
  PutService(state, ConsulService(own.name));
  PutCheck(state, SerfHealth(own.name));
}

}  // namespace signpost::registry
