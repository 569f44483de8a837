// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/config.h"

#include <algorithm>

#include "lb/pool/settings_keys.h"
#include "lb/publish/config_routes.h"
#include "lb/publish/config_value.h"

namespace signpost::lb {
namespace {

constexpr size_t kMaxName = 128;
constexpr std::string_view kOwnKeys[] = {"endpoints", "dns", "port", "versions", "tags"};

net::SocketAddress ReadAddress(const ConfigValue& at, uint16_t port) {
  const std::string text = at.Text();
  auto address = net::SocketAddress::Parse(text, port);
  if (!address.ok()) {
    at.Wrong("must be an address and port like 192.0.2.1:80, not " + QuotedText(text));
    return {};
  }
  if (address.value().port() == 0 || address.value().is_wildcard()) {
    at.Wrong("must be an address that can be connected to, not " + QuotedText(text));
  }
  return address.value();
}

Instance ReadEndpoint(const ConfigValue& at, uint16_t port, const std::vector<std::string>& tags) {
  Instance instance;
  if (at.value.IsString()) {
    instance.address = ReadAddress(at, port);
  } else if (at.value.IsObject()) {
    at.OnlyKeys({"address", "weight", "priority", "version"});
    if (!at.value["address"].present()) at.Wrong("needs an address");
    instance.address = ReadAddress(at.Get("address"), port);
    instance.weight = static_cast<uint32_t>(at.Get("weight").Number(0, 65535, 1));
    instance.priority = static_cast<uint16_t>(at.Get("priority").Number(0, 65535, 0));
    instance.version = at.Get("version").Text("default");
    if (instance.version.empty()) at.Get("version").Wrong("must not be empty");
  } else {
    at.Wrong("must be an address or an object with one");
  }
  instance.id = instance.address.empty() ? "" : instance.address.ToString();
  instance.tags = tags;
  return instance;
}

void ReadEndpoints(const ConfigValue& list, uint16_t port, ServiceConfig& service) {
  service.is_static = true;
  if (!list.value.IsArray()) return list.Wrong("must be a list");
  for (size_t i = 0; i < list.value.size() && list.errors.ok(); ++i) {
    const ConfigValue at{list.value.At(i), list.path + "[" + std::to_string(i) + "]", list.errors};
    service.endpoints.push_back(ReadEndpoint(at, port, service.tags));
  }
}

// Printable ASCII without blanks, as a name for DNS or the catalog must be.
bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= 253 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

void ReadDns(const ConfigValue& entry, uint16_t port, ServiceConfig& service) {
  service.from_dns = true;
  service.dns.service = service.name;
  service.dns.name = entry.Get("dns").Text();
  service.dns.port = port;
  service.dns.tags = service.tags;
  if (!IsName(service.dns.name)) entry.Get("dns").Wrong("must be a name for DNS");
  const ConfigValue versions = entry.Get("versions");
  if (versions.value.present() && !versions.value.IsObject()) versions.Wrong("must be an object of names by version");
  versions.value.ForEachMember([&](std::string_view version, json::Value) {
    const ConfigValue name = versions.Get(version);
    std::string text = name.Text();
    if (version.empty() || !IsName(text)) name.Wrong("must be a name for DNS");
    service.dns.versions[std::string(version)] = std::move(text);
  });
}

ServiceConfig ReadService(std::string_view name, const ConfigValue& entry) {
  ServiceConfig service;
  service.name = name;
  if (!IsName(name) || name.size() > kMaxName) entry.Wrong("is not a name for a service");
  if (!entry.value.IsObject()) {
    entry.Wrong("must be an object");
    return service;
  }
  service.tags = LowerTexts(entry.Get("tags"));
  const auto port = static_cast<uint16_t>(entry.Get("port").Number(1, 65535, 0));
  const bool has_endpoints = entry.value["endpoints"].present();
  const bool has_dns = entry.value["dns"].present();
  if (has_endpoints && has_dns) entry.Wrong("has both endpoints and dns; one of them decides");
  if (has_endpoints) ReadEndpoints(entry.Get("endpoints"), port, service);
  if (has_dns) ReadDns(entry, port, service);
  if (!has_dns && entry.value["versions"].present()) entry.Get("versions").Wrong("needs dns");
  if (!has_dns && !has_endpoints && entry.value["port"].present()) entry.Get("port").Wrong("needs dns or endpoints");
  if (!has_dns && !has_endpoints && !service.tags.empty()) entry.Get("tags").Wrong("needs dns or endpoints");
  ServiceSettings scratch;
  entry.value.ForEachMember([&](std::string_view key, json::Value) {
    if (std::find(std::begin(kOwnKeys), std::end(kOwnKeys), key) != std::end(kOwnKeys)) return;
    std::string text = entry.Get(key).Scalar();
    const Status status = ApplySetting(scratch, key, text);
    if (!status.ok()) entry.errors.Add(entry.path + ":", status.text());
    service.settings.emplace_back(key, std::move(text));
  });
  return service;
}

// An absent text is an empty document.
Result<json::Document> ParsePart(std::string_view text, std::string_view absent, const std::string& what) {
  auto document = json::Document::Parse(text.empty() ? absent : text, json::Dialect::kComments);
  if (document.ok()) return document;
  return Status::Config(what + " is not JSON: " + document.status().text());
}

}  // namespace

Result<FileConfig> ReadFileConfig(std::string_view services_json, std::string_view routes_json) {
  const auto services = ParsePart(services_json, "{}", "services");
  if (!services.ok()) return services.status();
  const auto routes = ParsePart(routes_json, "[]", "routes");
  if (!routes.ok()) return routes.status();
  FileConfig config;
  ConfigErrors errors;
  const ConfigValue root{services.value().root(), "services", errors};
  if (!root.value.IsObject()) root.Wrong("must be an object of services by name");
  root.value.ForEachMember([&](std::string_view name, json::Value) {
    ServiceConfig service = ReadService(name, root.Get(name));
    if (!config.services.emplace(std::string(name), std::move(service)).second) root.Get(name).Wrong("stands twice");
  });
  ReadRoutes({routes.value().root(), "routes", errors}, config);
  if (!errors.ok()) return errors.first();
  return config;
}

std::set<std::string> WantedServices(const FileConfig& config) {
  std::set<std::string> wanted;
  const auto want = [&](const std::string& name) {
    if (name.empty()) return;
    const auto known = config.services.find(name);
    const bool elsewhere = known != config.services.end() && (known->second.is_static || known->second.from_dns);
    if (!elsewhere) wanted.insert(name);
  };
  for (const HttpRoute& route : config.http) want(route.service);
  for (const TcpRouteConfig& route : config.tcp) want(route.service);
  return wanted;
}

}  // namespace signpost::lb
