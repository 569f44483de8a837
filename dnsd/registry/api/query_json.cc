// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/query_json.h"

#include "dnsd/registry/api/health_rows.h"
#include "dnsd/registry/api/json_rows.h"

namespace signpost::registry {
namespace {

void WriteTemplate(json::Writer& out, const QueryRow& query) {
  out.BeginObject();
  out.Key("Type").String(query.template_type);
  out.Key("Regexp").String(query.template_regexp);
  out.Key("RemoveEmptyTags").Bool(query.template_remove_empty_tags);
  out.EndObject();
}

void WriteServiceQuery(json::Writer& out, const QueryRow& query, NoTags no_tags) {
  out.BeginObject();
  out.Key("Service").String(query.service);
  out.Key("Failover").BeginObject().Key("NearestN").Int(query.failover_nearest_n);
  WriteTags(out.Key("Datacenters"), query.failover_datacenters, NoTags::kNull);
  out.EndObject();
  out.Key("OnlyPassing").Bool(query.only_passing);
  WriteTags(out.Key("IgnoreCheckIDs"), query.ignore_check_ids, NoTags::kNull);
  out.Key("Near").String(query.near);
  WriteTags(out.Key("Tags"), query.tags, no_tags);
  WritePairs(out.Key("NodeMeta"), query.node_meta, true);
  WritePairs(out.Key("ServiceMeta"), query.service_meta, true);
  out.Key("Connect").Bool(query.connect);
  out.EndObject();
}

}  // namespace

void WriteQuery(json::Writer& out, const QueryRow& query, bool rendered) {
  out.BeginObject();
  out.Key("ID").String(query.id);
  out.Key("Name").String(query.name);
  out.Key("Session").String(query.session);
  out.Key("Token").String(query.token);
  WriteTemplate(out.Key("Template"), query);
  const bool list = rendered && query.template_remove_empty_tags;
  WriteServiceQuery(out.Key("Service"), query, list ? NoTags::kEmpty : NoTags::kNull);
  out.Key("DNS").BeginObject().Key("TTL").String(query.dns_ttl).EndObject();
  out.Key("CreateIndex").Uint(query.index.create);
  out.Key("ModifyIndex").Uint(query.index.modify);
  out.EndObject();
}

void WriteFound(json::Writer& out, const State& state, const RowList<ServiceRow>& instances) {
  out.BeginArray();
  for (const auto& instance : instances) {
    const HealthRow row = JoinHealth(state, instance);
    out.BeginObject();
    WriteNode(out.Key("Node"), *row.node);
    WriteService(out.Key("Service"), *row.service, NoTags::kNull);
    out.Key("Checks");
    if (row.checks.empty()) {
      out.Null();
    } else {
      out.BeginArray();
      for (const auto& check : row.checks) WriteCheck(out, *check, NoTags::kNull);
      out.EndArray();
    }
    out.EndObject();
  }
  out.EndArray();
}

}  // namespace signpost::registry
