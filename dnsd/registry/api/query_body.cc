// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/query_body.h"

#include <cstdint>
#include <string>

#include "dnsd/registry/definition/body.h"
#include "dnsd/registry/definition/go_duration.h"
#include "dnsd/registry/definition/service_rules.h"
#include "dnsd/registry/definition/struct_reader.h"

namespace signpost::registry {
namespace {

constexpr StructType kQuery = {.name = "structs.PreparedQuery", .owner = "PreparedQuery"};
constexpr StructType kTemplate = {.name = "structs.QueryTemplateOptions", .owner = "QueryTemplateOptions"};
constexpr StructType kService = {.name = "structs.ServiceQuery", .owner = "ServiceQuery"};
constexpr StructType kFailover = {.name = "structs.QueryDatacenterOptions", .owner = "QueryDatacenterOptions"};
constexpr StructType kDns = {.name = "structs.QueryDNSOptions", .owner = "QueryDNSOptions"};
constexpr std::string_view kReserved = "consul-";

ReadValue IntoTemplate(QueryRow& row) {
  return IntoStruct(kTemplate, {{"Type", Into(row.template_type)},
                                {"Regexp", Into(row.template_regexp)},
                                {"RemoveEmptyTags", Into(row.template_remove_empty_tags)}});
}

ReadValue IntoService(QueryRow& row) {
  return IntoStruct(kService, {{"Service", Into(row.service)},
                               {"Failover", IntoStruct(kFailover, {{"NearestN", Into(row.failover_nearest_n)},
                                                                   {"Datacenters", Into(row.failover_datacenters)}})},
                               {"OnlyPassing", Into(row.only_passing)},
                               {"IgnoreCheckIDs", Into(row.ignore_check_ids, "[]types.CheckID")},
                               {"Near", Into(row.near)},
                               {"Tags", Into(row.tags)},
                               {"NodeMeta", Into(row.node_meta)},
                               {"ServiceMeta", Into(row.service_meta)},
                               {"Connect", Into(row.connect)}});
}

// The metadata of nodes may begin with "consul-", in queries.
Status CheckNodeMeta(const StringPairs& meta) {
  StringPairs judged;
  for (const auto& [key, value] : meta) {
    const bool reserved = key.size() > kReserved.size() && key.starts_with(kReserved);
    judged.emplace_back(reserved ? key.substr(kReserved.size()) : key, value);
  }
  return CheckMeta(judged, "");
}

Status CheckTtl(const std::string& ttl) {
  if (ttl.empty()) return Status::Ok();
  const auto nanos = ParseGoDuration(ttl);
  if (!nanos.ok()) return Status::Invalid("Bad DNS TTL '" + ttl + "': " + nanos.status().text());
  if (nanos.value() >= 0) return Status::Ok();
  return Status::Invalid("DNS TTL '" + std::to_string(nanos.value()) + "', must be >=0");
}

Status CheckFields(const QueryRow& query) {
  if (query.template_type.empty() && query.name.empty() && query.session.empty()) {
    return Status::Invalid("Must be bound to a session");
  }
  if (query.token == "<hidden>") {
    return Status::Invalid(
        "Bad Token '<hidden>', it looks like a query definition with a redacted token was submitted");
  }
  if (query.service.empty()) return Status::Invalid("Must provide a Service name to query");
  if (query.failover_nearest_n < 0) {
    return Status::Invalid("Bad NearestN '" + std::to_string(query.failover_nearest_n) + "', must be >= 0");
  }
  if (Status status = CheckNodeMeta(query.node_meta); !status.ok()) return status;
  return CheckTtl(query.dns_ttl);
}

}  // namespace

Result<QueryRow> ReadQueryBody(std::string_view body) {
  QueryRow row;
  json::Value ignored;
  const Status read = ReadBody(body, [&](json::Value root) {
    return ReadStruct(root, {}, kQuery,
                      {{"ID", Into(row.id)},
                       {"Name", Into(row.name)},
                       {"Session", Into(row.session)},
                       {"Token", Into(row.token)},
                       {"Template", IntoTemplate(row)},
                       {"Service", IntoService(row)},
                       {"DNS", IntoStruct(kDns, {{"TTL", Into(row.dns_ttl)}})},
                       {"CreateIndex", IntoRaw(ignored)},
                       {"ModifyIndex", IntoRaw(ignored)}});
  });
  if (!read.ok()) return read;
  return row;
}

Status CheckQuery(const QueryRow& query) {
  const Status status = CheckFields(query);
  return status.ok() ? status : Status::Invalid("Invalid prepared query: " + status.text());
}

}  // namespace signpost::registry
