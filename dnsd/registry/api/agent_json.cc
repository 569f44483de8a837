// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/agent_json.h"

#include <string>

#include "dnsd/registry/api/json_rows.h"
#include "dnsd/registry/definition/proxy_definition.h"
#include "dnsd/registry/definition/service_rules.h"

namespace signpost::registry {
namespace {

constexpr std::string_view kNoProxy = R"({"MeshGateway":{},"Expose":{}})";
constexpr std::string_view kNoDefinition =
    R"({"Interval":"0s","Timeout":"0s","DeregisterCriticalServiceAfter":"0s","HTTP":"","Header":null,"Method":"",)"
    R"("Body":"","TLSSkipVerify":false,"TCP":""})";

}  // namespace

void WriteAgentService(json::Writer& out, const ServiceRow& row, std::string_view content_hash) {
  out.BeginObject();
  if (!row.kind.empty()) out.Key("Kind").String(row.kind);
  out.Key("ID").String(row.id).Key("Service").String(row.service);
  WriteStrings(out.Key("Tags"), row.tags);
  WritePairs(out.Key("Meta"), row.meta, false);
  out.Key("Port").Int(row.port).Key("Address").String(row.address);
  if (!row.tagged_addresses.empty()) WriteTaggedAddresses(out.Key("TaggedAddresses"), row.tagged_addresses);
  WriteWeights(out.Key("Weights"), row.weights);
  out.Key("EnableTagOverride").Bool(row.enable_tag_override);
  if (!content_hash.empty()) out.Key("ContentHash").String(content_hash);
  if (IsProxyKind(row.kind)) out.Key("Proxy").Raw(row.proxy.empty() ? std::string(kNoProxy) : AgentProxy(row.proxy));
  if (row.connect_native) out.Key("Connect").BeginObject().Key("Native").Bool(true).EndObject();
  out.EndObject();
}

void WriteAgentCheck(json::Writer& out, const CheckRow& row) {
  CheckRow shown = row;
  shown.index = {};  // the agent counts no indexes
  shown.definition.clear();
  WriteCheck(out, shown);
}

void WriteHealthCheck(json::Writer& out, const CheckRow& row) {
  out.BeginObject().Key("Node").String(row.node).Key("CheckID").String(row.check_id).Key("Name").String(row.name);
  out.Key("Status").String(row.status).Key("Notes").String(row.notes).Key("Output").String(row.output);
  out.Key("ServiceID").String(row.service_id).Key("ServiceName").String(row.service_name);
  out.Key("ServiceTags").Null().Key("Type").String("").Key("Definition").Raw(kNoDefinition);
  out.Key("CreateIndex").Uint(0).Key("ModifyIndex").Uint(0).EndObject();
}

}  // namespace signpost::registry
