// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/json_rows.h"

namespace signpost::registry {
namespace {

// What Consul shows of a service that is no proxy.
constexpr std::string_view kNoProxy = R"({"MeshGateway":{},"Expose":{}})";

void WriteIndexes(json::Writer& out, const Indexes& index) {
  out.Key("CreateIndex").Uint(index.create).Key("ModifyIndex").Uint(index.modify);
}

void WriteProxy(json::Writer& out, const ServiceRow& row) { out.Raw(row.proxy.empty() ? kNoProxy : row.proxy); }

void WriteConnect(json::Writer& out, const ServiceRow& row) {
  out.BeginObject();
  if (row.connect_native) out.Key("Native").Bool(true);
  out.EndObject();
}

void WriteNodeAddresses(json::Writer& out, const consul::Node& node) {
  if (node.tagged_addresses.empty()) {
    out.Null();
    return;
  }
  out.BeginObject();
  for (const auto& tagged : node.tagged_addresses) out.Key(tagged.tag).String(tagged.address);
  out.EndObject();
}

}  // namespace

void WriteStrings(json::Writer& out, const Strings& strings) {
  out.BeginArray();
  for (const std::string& text : strings) out.String(text);
  out.EndArray();
}

void WriteTags(json::Writer& out, const Strings& tags, NoTags no_tags) {
  if (tags.empty() && no_tags == NoTags::kNull) {
    out.Null();
  } else {
    WriteStrings(out, tags);
  }
}

void WritePairs(json::Writer& out, const StringPairs& pairs, bool nullable) {
  if (nullable && pairs.empty()) {
    out.Null();
    return;
  }
  out.BeginObject();
  for (const auto& [name, value] : pairs) out.Key(name).String(value);
  out.EndObject();
}

void WriteTaggedAddresses(json::Writer& out, const std::vector<consul::TaggedAddress>& addresses) {
  out.BeginObject();
  for (const auto& tagged : addresses) {
    out.Key(tagged.tag).BeginObject().Key("Address").String(tagged.address).Key("Port").Uint(tagged.port).EndObject();
  }
  out.EndObject();
}

void WriteWeights(json::Writer& out, const RowWeights& weights) {
  out.BeginObject().Key("Passing").Int(weights.passing).Key("Warning").Int(weights.warning).EndObject();
}

void WriteNodeFields(json::Writer& out, const NodeRow& row, std::string_view meta_name, bool datacenter) {
  const consul::Node& node = row.node;
  out.Key("ID").String(node.id).Key("Node").String(node.name).Key("Address").String(node.address);
  if (datacenter) out.Key("Datacenter").String(node.datacenter);
  WriteNodeAddresses(out.Key("TaggedAddresses"), node);
  WritePairs(out.Key(meta_name), node.meta, true);
}

void WriteNode(json::Writer& out, const NodeRow& row) {
  out.BeginObject();
  WriteNodeFields(out, row, "Meta", true);
  WriteIndexes(out, row.index);
  out.EndObject();
}

void WriteService(json::Writer& out, const ServiceRow& row, NoTags no_tags) {
  out.BeginObject();
  if (!row.kind.empty()) out.Key("Kind").String(row.kind);
  out.Key("ID").String(row.id).Key("Service").String(row.service);
  WriteTags(out.Key("Tags"), row.tags, no_tags);
  out.Key("Address").String(row.address);
  if (!row.tagged_addresses.empty()) WriteTaggedAddresses(out.Key("TaggedAddresses"), row.tagged_addresses);
  WritePairs(out.Key("Meta"), row.meta, true);
  out.Key("Port").Int(row.port);
  WriteWeights(out.Key("Weights"), row.weights);
  out.Key("EnableTagOverride").Bool(row.enable_tag_override);
  WriteProxy(out.Key("Proxy"), row);
  WriteConnect(out.Key("Connect"), row);
  WriteIndexes(out, row.index);
  out.EndObject();
}

void WriteCatalogService(json::Writer& out, const NodeRow& node, const ServiceRow& row) {
  out.BeginObject();
  WriteNodeFields(out, node, "NodeMeta", true);
  out.Key("ServiceKind").String(row.kind);
  out.Key("ServiceID").String(row.id).Key("ServiceName").String(row.service);
  WriteStrings(out.Key("ServiceTags"), row.tags);
  out.Key("ServiceAddress").String(row.address);
  if (!row.tagged_addresses.empty()) WriteTaggedAddresses(out.Key("ServiceTaggedAddresses"), row.tagged_addresses);
  WriteWeights(out.Key("ServiceWeights"), row.weights);
  WritePairs(out.Key("ServiceMeta"), row.meta, false);
  out.Key("ServicePort").Int(row.port).Key("ServiceEnableTagOverride").Bool(row.enable_tag_override);
  WriteProxy(out.Key("ServiceProxy"), row);
  WriteConnect(out.Key("ServiceConnect"), row);
  WriteIndexes(out, row.index);
  out.EndObject();
}

void WriteCheck(json::Writer& out, const CheckRow& row, NoTags no_tags) {
  out.BeginObject().Key("Node").String(row.node).Key("CheckID").String(row.check_id).Key("Name").String(row.name);
  out.Key("Status").String(row.status).Key("Notes").String(row.notes).Key("Output").String(row.output);
  out.Key("ServiceID").String(row.service_id).Key("ServiceName").String(row.service_name);
  WriteTags(out.Key("ServiceTags"), row.service_tags, no_tags);
  out.Key("Type").String(row.type);
  out.Key("Definition").Raw(row.definition.empty() ? std::string_view("{}") : row.definition);
  WriteIndexes(out, row.index);
  out.EndObject();
}

}  // namespace signpost::registry
