// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/service_definition.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dnsd/registry/definition/body.h"
#include "dnsd/registry/definition/check_definition.h"
#include "dnsd/registry/definition/proxy_definition.h"
#include "dnsd/registry/definition/service_rules.h"

namespace signpost::registry {
namespace {

constexpr StructType kServiceType = {.name = "structs.ServiceDefinition", .owner = ""};
constexpr StructType kWeightsType = {.name = "structs.Weights", .owner = "Weights"};
constexpr StructType kAddressType = {.name = "structs.ServiceAddress", .owner = "ServiceAddress"};

struct Address {
  std::string address;
  int64_t port = 0;
};

// A definition as it was written.
struct Fields {
  ServiceRow row;
  std::map<std::string, Address> tagged_addresses;
  bool weights_given = false;
  WrittenCheck check;
  std::vector<WrittenCheck> checks;
  std::string token;
  ProxyFields proxy;
  std::string proxy_json;
  bool sidecar = false;
};

ReadValue IntoKind(std::string& out) {
  return [&out](json::Value value, const Place& place) {
    if (value.IsNull() || value.IsString()) return Into(out)(value, place);
    return WrongType(value, place, "structs.ServiceKind");
  };
}

ReadValue IntoWeights(Fields& out) {
  return [&out](json::Value value, const Place& place) {
    if (value.IsNull()) return Status::Ok();
    out.weights_given = true;
    out.row.weights = {.passing = 0, .warning = 0};
    return ReadStruct(value, place, kWeightsType,
                      {{"Passing", Into(out.row.weights.passing)}, {"Warning", Into(out.row.weights.warning)}});
  };
}

ReadValue IntoTaggedAddresses(Fields& out) {
  return ForEachKey("map[string]structs.ServiceAddress", [&out](std::string_view tag) {
    Address& address = out.tagged_addresses[std::string(tag)];
    return IntoStruct(kAddressType, {{"Address", Into(address.address)}, {"Port", Into(address.port)}});
  });
}

ReadValue IntoCheck(WrittenCheck& out) {
  return [&out](json::Value value, const Place& place) {
    return ReadWrittenCheck(value, place, CheckPlace::kInService, out);
  };
}

ReadValue IntoChecks(std::vector<WrittenCheck>& out) {
  return ForEach("structs.CheckTypes",
                 [&out](json::Value value, const Place& place) { return IntoCheck(out.emplace_back())(value, place); });
}

ReadValue IntoProxy(Fields& out) {
  return [&out](json::Value value, const Place& place) { return ReadProxy(value, place, out.proxy, out.proxy_json); };
}

// Consul ignores what it does not know here.
ReadValue IntoConnect(Fields& out) {
  return [&out](json::Value value, const Place& place) {
    if (value.IsNull()) return Status::Ok();
    if (!value.IsObject()) return WrongType(value, place, "structs.ServiceConnect");
    Status status;
    value.ForEachMember([&](std::string_view key, json::Value member) {
      const std::string name = Lower(key);
      if (name == "native" && status.ok()) status = Into(out.row.connect_native)(member, place);
      if (name == "sidecarservice" || name == "sidecar_service") out.sidecar = !member.IsNull();
    });
    return status;
  };
}

Status ReadFields(json::Value value, Author author, Fields& out) {
  const Place place{.author = author, .owner = "", .path = ""};
  return ReadStruct(value, place, kServiceType,
                    {{"Kind", IntoKind(out.row.kind)},
                     {"ID", Into(out.row.id)},
                     {"Name", Into(out.row.service)},
                     {"Tags", Into(out.row.tags)},
                     {"Address", Into(out.row.address)},
                     {"TaggedAddresses", IntoTaggedAddresses(out)},
                     {"tagged_addresses", IntoTaggedAddresses(out)},
                     {"Meta", Into(out.row.meta)},
                     {"Port", Into(out.row.port)},
                     {"Check", IntoCheck(out.check)},
                     {"Checks", IntoChecks(out.checks)},
                     {"Weights", IntoWeights(out)},
                     {"Token", Into(out.token)},
                     {"EnableTagOverride", Into(out.row.enable_tag_override)},
                     {"enable_tag_override", Into(out.row.enable_tag_override)},
                     {"Proxy", IntoProxy(out)},
                     {"Connect", IntoConnect(out)}});
}

Status CheckRules(const Fields& fields, const std::vector<WrittenCheck>& checks) {
  if (fields.row.service.empty()) return Status::Invalid("Missing service name");
  if (IsAnyAddress(fields.row.address)) return Status::Invalid("Invalid service address");
  if (const auto fault = WeightsFault(fields.row.weights); !fault.empty()) {
    return Status::Invalid("Invalid Weights: " + std::string(fault));
  }
  if (const Status meta = CheckMeta(fields.row.meta, fields.row.kind); !meta.ok()) {
    return Status::Invalid("Invalid Service Meta: " + meta.text());
  }
  if (auto proxy = CheckProxy(fields.row, fields.proxy); !proxy.ok()) return proxy;
  for (const WrittenCheck& check : checks) {
    if (const auto fault = CheckFault(check); !fault.empty()) {
      return Status::Invalid("Invalid check: " + std::string(fault));
    }
  }
  for (const WrittenCheck& check : checks) {
    if (!check.status.empty() && !IsCheckStatus(check.status)) {
      return Status::Invalid("Status for checks must 'passing', 'warning', 'critical'");
    }
  }
  if (fields.sidecar) {
    return Status::Invalid(
        "Invalid SidecarService: the embedded registry makes no sidecars; register the proxy itself");
  }
  return Status::Ok();
}

// An empty Check is none; an empty member of Checks is a wrong one.
std::vector<WrittenCheck> AllChecks(const Fields& fields) {
  std::vector<WrittenCheck> all = fields.checks;
  if (fields.check != WrittenCheck{}) all.insert(all.begin(), fields.check);
  return all;
}

ServiceRow RowOf(Fields fields) {
  ServiceRow row = std::move(fields.row);
  if (row.id.empty()) row.id = row.service;
  for (auto& [tag, address] : fields.tagged_addresses) {
    const auto port = static_cast<uint16_t>(std::clamp<int64_t>(address.port, 0, 65535));
    row.tagged_addresses.push_back({.tag = tag, .address = std::move(address.address), .port = port});
  }
  AddAddressTags(row);
  if (fields.proxy != ProxyFields{} || IsProxyKind(row.kind)) row.proxy = std::move(fields.proxy_json);
  row.proxy_destination = fields.proxy.destination_service_name;
  return row;
}

std::vector<CheckRow> ChecksOf(const ServiceRow& service, const std::vector<WrittenCheck>& checks) {
  std::vector<CheckRow> rows;
  for (const WrittenCheck& fields : checks) {
    CheckRow row = MakeCheck(fields);
    if (fields.id.empty()) {
      row.check_id = "service:" + service.id;
      if (checks.size() > 1) row.check_id += ":" + std::to_string(rows.size() + 1);
    }
    if (row.name.empty()) row.name = "Service '" + service.service + "' check";
    row.service_id = service.id;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

DefinedService ReadService(json::Value value, Author author) {
  DefinedService defined;
  Fields fields;
  defined.json = ReadFields(value, author, fields);
  if (!defined.json.ok()) return defined;
  const std::vector<WrittenCheck> checks = AllChecks(fields);
  defined.rules = CheckRules(fields, checks);
  defined.service.service = RowOf(std::move(fields));
  if (defined.rules.ok()) defined.service.checks = ChecksOf(defined.service.service, checks);
  return defined;
}

Result<AgentService> ReadServiceBody(std::string_view body) {
  DefinedService defined;
  auto read = ReadBody(body, [&defined](json::Value root) {
    defined = ReadService(root, Author::kClient);
    return defined.json;
  });
  if (!read.ok()) return read;
  if (!defined.rules.ok()) return defined.rules;
  return std::move(defined.service);
}

}  // namespace signpost::registry
