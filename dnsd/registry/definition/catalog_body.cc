// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/catalog_body.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "dnsd/registry/definition/body.h"
#include "dnsd/registry/definition/catalog_check.h"
#include "dnsd/registry/definition/proxy_definition.h"
#include "dnsd/registry/definition/service_rules.h"
#include "dnsd/registry/definition/struct_reader.h"

namespace signpost::registry {
namespace {

constexpr StructType kRequest = {.name = "structs.RegisterRequest", .owner = "RegisterRequest"};
constexpr StructType kService = {.name = "structs.NodeService", .owner = "NodeService"};
constexpr StructType kCheck = {.name = "structs.HealthCheck", .owner = "HealthCheck"};
constexpr StructType kWeights = {.name = "structs.Weights", .owner = "Weights"};
constexpr StructType kAddress = {.name = "structs.ServiceAddress", .owner = "ServiceAddress"};
constexpr StructType kDeregister = {.name = "struct { Address string; *structs.Alias }", .owner = ""};
constexpr std::string_view kConnectType =
    "struct { SidecarServiceSnake *structs.ServiceDefinition \"json:\\\"sidecar_service\\\"\"; *structs.Alias }";

struct ServiceFields {
  ServiceRow row;
  std::map<std::string, std::pair<std::string, int64_t>> tagged_addresses;
  ProxyFields proxy;
  std::string proxy_json;
};

struct RegisterFields {
  std::string datacenter;
  std::string token;  // taken and ignored
  consul::Node node;
  StringPairs tagged_addresses;
  bool skip_node_update = false;
  bool has_service = false;
  ServiceFields service;
  std::vector<CheckRow> check;
  std::vector<CheckRow> checks;
};

// --- reading -----------------------------------------------------------------------------------------------------

// A string whose type has a name of its own.
ReadValue IntoNamed(std::string& out, std::string_view type) {
  return [&out, type](json::Value value, const Place& place) {
    if (value.IsNull() || value.IsString()) return Into(out)(value, place);
    return WrongType(value, place, type);
  };
}

// Indexes are the catalog's business, whatever a client says.
ReadValue Ignored() {
  return [](json::Value value, const Place& place) {
    const bool fits = value.IsNull() || (value.IsNumber() && value.Uint(0) == value.Uint(1));
    return fits ? Status::Ok() : WrongType(value, place, "uint64");
  };
}

ReadValue IntoTaggedAddresses(ServiceFields& out) {
  return ForEachKey("map[string]structs.ServiceAddress", [&out](std::string_view tag) {
    auto& [address, port] = out.tagged_addresses[std::string(tag)];
    return IntoStruct(kAddress, {{"Address", Into(address)}, {"Port", Into(port)}});
  });
}

ReadValue IntoWeights(RowWeights& out) {
  return [&out](json::Value value, const Place& place) {
    if (value.IsNull()) return Status::Ok();
    out = {.passing = 0, .warning = 0};
    return ReadStruct(value, place, kWeights, {{"Passing", Into(out.passing)}, {"Warning", Into(out.warning)}});
  };
}

// Consul ignores what it does not know here.
ReadValue IntoConnect(bool& native) {
  return [&native](json::Value value, const Place& place) {
    if (value.IsNull()) return Status::Ok();
    if (!value.IsObject()) return WrongType(value, place, kConnectType);
    Status status;
    value.ForEachMember([&](std::string_view key, json::Value member) {
      if (status.ok() && Lower(key) == "native") status = Into(native)(member, place);
    });
    return status;
  };
}

ReadValue IntoService(RegisterFields& out) {
  return [&out](json::Value value, const Place& place) {
    ServiceFields& fields = out.service;
    ServiceRow& row = fields.row;
    if (value.IsNull()) return Status::Ok();
    out.has_service = true;
    return ReadStruct(
        value, place, kService,
        {{"Kind", IntoNamed(row.kind, "structs.ServiceKind")},
         {"ID", Into(row.id)},
         {"Service", Into(row.service)},
         {"Tags", Into(row.tags)},
         {"Address", Into(row.address)},
         {"TaggedAddresses", IntoTaggedAddresses(fields)},
         {"Meta", Into(row.meta)},
         {"Port", Into(row.port)},
         {"Weights", IntoWeights(row.weights)},
         {"EnableTagOverride", Into(row.enable_tag_override)},
         {"Proxy", [&fields](json::Value proxy,
                             const Place& at) { return ReadProxy(proxy, at, fields.proxy, fields.proxy_json); }},
         {"Connect", IntoConnect(row.connect_native)},
         {"CreateIndex", Ignored()},
         {"ModifyIndex", Ignored()}});
  };
}

Status ReadCheck(json::Value value, const Place& place, CheckRow& row) {
  CatalogCheck definition;
  const auto read_definition = [&definition](json::Value given, const Place& at) {
    return ReadCatalogCheck(given, at, definition);
  };
  Status status = ReadStruct(value, place, kCheck,
                             {{"Node", Into(row.node)},
                              {"CheckID", IntoNamed(row.check_id, "types.CheckID")},
                              {"Name", Into(row.name)},
                              {"Status", Into(row.status)},
                              {"Notes", Into(row.notes)},
                              {"Output", Into(row.output)},
                              {"ServiceID", Into(row.service_id)},
                              {"ServiceName", Into(row.service_name)},
                              {"ServiceTags", Into(row.service_tags)},
                              {"Type", Into(row.type)},
                              {"Definition", read_definition},
                              {"CreateIndex", Ignored()},
                              {"ModifyIndex", Ignored()}});
  row.definition = std::move(definition.json);
  if (row.type.empty()) row.type = std::move(definition.type);
  if (row.check_id.empty()) row.check_id = row.name;
  return status;
}

ReadValue IntoCheckList(std::vector<CheckRow>& out) {
  return [&out](json::Value value, const Place& place) {
    return value.IsNull() ? Status::Ok() : ReadCheck(value, place, out.emplace_back());
  };
}

Status ReadFields(json::Value root, RegisterFields& out) {
  return ReadStruct(root, Place{}, kRequest,
                    {{"Datacenter", Into(out.datacenter)},
                     {"ID", IntoNamed(out.node.id, "types.NodeID")},
                     {"Node", Into(out.node.name)},
                     {"Address", Into(out.node.address)},
                     {"TaggedAddresses", Into(out.tagged_addresses)},
                     {"NodeMeta", Into(out.node.meta)},
                     {"Service", IntoService(out)},
                     {"Check", IntoCheckList(out.check)},
                     {"Checks", ForEach("structs.HealthChecks", IntoCheckList(out.checks))},
                     {"SkipNodeUpdate", Into(out.skip_node_update)},
                     {"Token", Into(out.token)},
                     {"CreateIndex", Ignored()},
                     {"ModifyIndex", Ignored()}});
}

// Consul adds this to its decoder's words in the catalog, and not elsewhere.
Status Explained(Status status) {
  if (!status.text().ends_with("unknown field \"Namespace\"")) return status;
  return Status::Invalid(status.text() + " - Namespaces are a Consul Enterprise feature");
}

// --- rules -------------------------------------------------------------------------------------------------------

Status CheckNodeId(std::string_view id) {
  if (id.empty()) return Status::Ok();
  const std::string bad = "Bad node ID: ";
  if (id.size() != 36) return Status::Invalid(bad + "uuid string is wrong length");
  for (size_t i = 0; i < id.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash && id[i] != '-') return Status::Invalid(bad + "uuid is improperly formatted");
  }
  const bool hex = std::all_of(id.begin(), id.end(),
                               [](char c) { return c == '-' || std::isxdigit(static_cast<unsigned char>(c)) != 0; });
  return hex ? Status::Ok() : Status::Invalid(bad + "uuid is improperly formatted");
}

Status CheckService(const RegisterFields& fields) {
  const ServiceRow& row = fields.service.row;
  if (auto status = CheckProxy(row, fields.service.proxy); !status.ok()) return status;
  if (!row.id.empty() && row.service.empty()) return Status::Invalid("Must provide service name with ID");
  if (IsAnyAddress(row.address)) return Status::Invalid("Invalid service address");
  if (const auto meta = CheckMeta(row.meta, row.kind); !meta.ok()) {
    const std::string& id = row.id.empty() ? row.service : row.id;
    return Status::Invalid("failed inserting service: Invalid Service Meta for node " + fields.node.name +
                           " and serviceID " + id + ": " + meta.text());
  }
  return Status::Ok();
}

Status CheckRules(const RegisterFields& fields) {
  if (fields.node.name.empty()) return Status::Invalid("Must provide node");
  if (fields.node.address.empty() && !fields.skip_node_update) {
    return Status::Invalid("Must provide address if SkipNodeUpdate is not set");
  }
  if (auto status = CheckNodeId(fields.node.id); !status.ok()) return status;
  return fields.has_service ? CheckService(fields) : Status::Ok();
}

// --- rows --------------------------------------------------------------------------------------------------------

ServiceRow RowOf(ServiceFields fields) {
  ServiceRow row = std::move(fields.row);
  if (row.id.empty()) row.id = row.service;
  if (!WeightsFault(row.weights).empty()) row.weights = {};
  for (auto& [tag, address] : fields.tagged_addresses) {
    const auto port = static_cast<uint16_t>(std::clamp<int64_t>(address.second, 0, 65535));
    row.tagged_addresses.push_back({.tag = tag, .address = std::move(address.first), .port = port});
  }
  if (fields.proxy_json != R"({"MeshGateway":{},"Expose":{}})") row.proxy = std::move(fields.proxy_json);
  row.proxy_destination = fields.proxy.destination_service_name;
  return row;
}

Registration RowsOf(RegisterFields fields) {
  Registration out;
  out.node.node = std::move(fields.node);
  for (auto& [tag, address] : fields.tagged_addresses) {
    out.node.node.tagged_addresses.push_back({.tag = tag, .address = std::move(address)});
  }
  out.skip_node_update = fields.skip_node_update;
  if (fields.has_service) out.service = RowOf(std::move(fields.service));
  out.checks = std::move(fields.checks);
  for (CheckRow& check : fields.check) out.checks.push_back(std::move(check));
  return out;
}

}  // namespace

Result<CatalogRegistration> ReadRegisterBody(std::string_view body) {
  RegisterFields fields;
  const Status read = ReadBody(body, [&fields](json::Value root) { return Explained(ReadFields(root, fields)); });
  if (!read.ok()) return read;
  CatalogRegistration out;
  out.datacenter = fields.datacenter;
  out.rules = CheckRules(fields);
  if (out.rules.ok()) out.registration = RowsOf(std::move(fields));
  return out;
}

Result<CatalogDeregistration> ReadDeregisterBody(std::string_view body) {
  CatalogDeregistration out;
  std::string ignored;
  const auto read = [&](json::Value root) {
    return Explained(ReadStruct(root, Place{}, kDeregister,
                                {{"Datacenter", Into(out.datacenter)},
                                 {"Node", Into(out.deregistration.node)},
                                 {"ServiceID", Into(out.deregistration.service_id)},
                                 {"CheckID", IntoNamed(out.deregistration.check_id, "types.CheckID")},
                                 {"Address", Into(ignored)},
                                 {"Token", Into(ignored)},
                                 {"CreateIndex", Ignored()},
                                 {"ModifyIndex", Ignored()}}));
  };
  if (const Status status = ReadBody(body, read); !status.ok()) return status;
  if (out.deregistration.node.empty()) out.rules = Status::Invalid("Must provide node");
  return out;
}

}  // namespace signpost::registry
