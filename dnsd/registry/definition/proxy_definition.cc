// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/proxy_definition.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace signpost::registry {
namespace {

constexpr StructType kProxyType = {.name = "structs.ConnectProxyConfig", .owner = "", .opaque = true};
constexpr StructType kUpstreamType = {.name = "structs.Upstream", .owner = "", .opaque = true};
constexpr StructType kMeshType = {.name = "structs.MeshGatewayConfig", .owner = "MeshGatewayConfig", .opaque = true};
constexpr StructType kExposeType = {.name = "structs.ExposeConfig", .owner = "ExposeConfig", .opaque = true};
constexpr StructType kPathType = {.name = "structs.ExposePath", .owner = "ExposePath", .opaque = true};

struct Upstream {
  std::string type;
  std::string name_space;
  std::string name;
  std::string datacenter;
  std::string bind_address;
  int64_t bind_port = 0;
  json::Value config;
  std::string mesh_mode;
};

struct Path {
  int64_t listener_port = 0;
  std::string path;
  int64_t local_path_port = 0;
  std::string protocol;
  bool parsed_from_check = false;
};

struct Proxy {
  json::Value config;
  std::vector<Upstream> upstreams;
  std::string mesh_mode;
  bool expose_checks = false;
  std::vector<Path> paths;
};

ReadValue IntoMesh(std::string& mode) { return IntoStruct(kMeshType, {{"Mode", Into(mode)}}); }

// An object of anything.
ReadValue IntoConfig(json::Value& out) {
  return [&out](json::Value value, const Place& place) {
    if (!value.IsNull() && !value.IsObject()) return WrongType(value, place, "map[string]interface {}");
    out = value;
    return Status::Ok();
  };
}

Status ReadUpstream(json::Value value, const Place& place, Upstream& out) {
  return ReadStruct(value, place, kUpstreamType,
                    {{"DestinationType", Into(out.type)},
                     {"destination_type", Into(out.type)},
                     {"DestinationNamespace", Into(out.name_space)},
                     {"destination_namespace", Into(out.name_space)},
                     {"DestinationName", Into(out.name)},
                     {"destination_name", Into(out.name)},
                     {"Datacenter", Into(out.datacenter)},
                     {"LocalBindAddress", Into(out.bind_address)},
                     {"local_bind_address", Into(out.bind_address)},
                     {"LocalBindPort", Into(out.bind_port)},
                     {"local_bind_port", Into(out.bind_port)},
                     {"Config", IntoConfig(out.config)},
                     {"MeshGateway", IntoMesh(out.mesh_mode)}});
}

Status ReadPath(json::Value value, const Place& place, Path& out) {
  return ReadStruct(value, place, kPathType,
                    {{"ListenerPort", Into(out.listener_port)},
                     {"listener_port", Into(out.listener_port)},
                     {"Path", Into(out.path)},
                     {"LocalPathPort", Into(out.local_path_port)},
                     {"local_path_port", Into(out.local_path_port)},
                     {"Protocol", Into(out.protocol)},
                     {"ParsedFromCheck", Into(out.parsed_from_check)}});
}

ReadValue IntoUpstreams(std::vector<Upstream>& out) {
  return ForEach("structs.Upstreams", [&out](json::Value value, const Place& place) {
    Upstream& upstream = out.emplace_back();
    Status status = ReadUpstream(value, place, upstream);
    if (upstream.type.empty()) upstream.type = "service";
    return status;
  });
}

ReadValue IntoExpose(Proxy& out) {
  const ReadValue paths = ForEach("[]structs.ExposePath", [&out](json::Value value, const Place& place) {
    return ReadPath(value, place, out.paths.emplace_back());
  });
  return IntoStruct(kExposeType, {{"Checks", Into(out.expose_checks)}, {"Paths", paths}});
}

void Copy(json::Value from, json::Writer& to) {
  if (from.IsObject()) {
    to.BeginObject();
    from.ForEachMember([&to](std::string_view key, json::Value value) { Copy(value, to.Key(key)); });
    to.EndObject();
  } else if (from.IsArray()) {
    to.BeginArray();
    from.ForEachElement([&to](json::Value value) { Copy(value, to); });
    to.EndArray();
  } else if (from.IsString()) {
    to.String(from.String());
  } else if (from.IsBool()) {
    to.Bool(from.Bool());
  } else if (!from.IsNumber()) {
    to.Null();
  } else if (from.Int(0) == from.Int(1)) {
    to.Int(from.Int());
  } else {
    to.Double(from.Double());
  }
}

void WriteText(json::Writer& out, std::string_view key, const std::string& text) {
  if (!text.empty()) out.Key(key).String(text);
}

void WriteMesh(json::Writer& out, const std::string& mode) {
  out.Key("MeshGateway").BeginObject();
  WriteText(out, "Mode", mode);
  out.EndObject();
}

void WriteUpstreams(json::Writer& out, const std::vector<Upstream>& upstreams) {
  out.Key("Upstreams").BeginArray();
  for (const Upstream& upstream : upstreams) {
    out.BeginObject().Key("DestinationType").String(upstream.type);
    WriteText(out, "DestinationNamespace", upstream.name_space);
    out.Key("DestinationName").String(upstream.name).Key("Datacenter").String(upstream.datacenter);
    WriteText(out, "LocalBindAddress", upstream.bind_address);
    out.Key("LocalBindPort").Int(upstream.bind_port);
    Copy(upstream.config, out.Key("Config"));
    WriteMesh(out, upstream.mesh_mode);
    out.EndObject();
  }
  out.EndArray();
}

void WriteExpose(json::Writer& out, const Proxy& proxy) {
  out.Key("Expose").BeginObject();
  if (proxy.expose_checks) out.Key("Checks").Bool(true);
  if (!proxy.paths.empty()) {
    out.Key("Paths").BeginArray();
    for (const Path& path : proxy.paths) {
      out.BeginObject().Key("ListenerPort").Int(path.listener_port).Key("Path").String(path.path);
      out.Key("LocalPathPort").Int(path.local_path_port);
      WriteText(out, "Protocol", path.protocol);
      out.Key("ParsedFromCheck").Bool(path.parsed_from_check).EndObject();
    }
    out.EndArray();
  }
  out.EndObject();
}

std::string ProxyJson(const Proxy& proxy, const ProxyFields& fields) {
  json::Writer out;
  out.BeginObject();
  WriteText(out, "DestinationServiceName", fields.destination_service_name);
  WriteText(out, "DestinationServiceID", fields.destination_service_id);
  WriteText(out, "LocalServiceAddress", fields.local_service_address);
  if (fields.local_service_port != 0) out.Key("LocalServicePort").Int(fields.local_service_port);
  if (proxy.config.size() > 0) Copy(proxy.config, out.Key("Config"));
  if (!proxy.upstreams.empty()) WriteUpstreams(out, proxy.upstreams);
  WriteMesh(out, proxy.mesh_mode);
  WriteExpose(out, proxy);
  out.EndObject();
  return out.Take();
}

}  // namespace

Status ReadProxy(json::Value value, const Place& place, ProxyFields& fields, std::string& json) {
  Proxy proxy;
  const StructFields known = {{"DestinationServiceName", Into(fields.destination_service_name)},
                              {"destination_service_name", Into(fields.destination_service_name)},
                              {"DestinationServiceID", Into(fields.destination_service_id)},
                              {"destination_service_id", Into(fields.destination_service_id)},
                              {"LocalServiceAddress", Into(fields.local_service_address)},
                              {"local_service_address", Into(fields.local_service_address)},
                              {"LocalServicePort", Into(fields.local_service_port)},
                              {"local_service_port", Into(fields.local_service_port)},
                              {"Config", IntoConfig(proxy.config)},
                              {"Upstreams", IntoUpstreams(proxy.upstreams)},
                              {"MeshGateway", IntoMesh(proxy.mesh_mode)},
                              {"Expose", IntoExpose(proxy)}};
  if (value.present()) {
    if (auto status = ReadStruct(value, place, kProxyType, known); !status.ok()) return status;
  }
  fields.upstreams.clear();
  for (const Upstream& each : proxy.upstreams) {
    fields.upstreams.push_back({.type = each.type, .name = each.name, .port = each.bind_port});
  }
  json = ProxyJson(proxy, fields);
  return Status::Ok();
}

std::string AgentProxy(const std::string& json) {
  const auto document = json::Document::Parse(json);
  if (!document.ok()) return json;
  json::Writer out;
  out.BeginObject();
  document.value().root().ForEachMember([&out](std::string_view key, json::Value value) {
    out.Key(key);
    if (key != "Upstreams") return Copy(value, out);
    out.BeginArray();
    value.ForEachElement([&out](json::Value upstream) {
      out.BeginObject();
      upstream.ForEachMember([&out](std::string_view name, json::Value part) {
        const bool empty = part.IsNull() || (part.IsString() && part.String().empty());
        if (!empty) Copy(part, out.Key(name));
      });
      out.EndObject();
    });
    out.EndArray();
  });
  out.EndObject();
  return out.Take();
}

}  // namespace signpost::registry
