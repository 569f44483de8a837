// Signpost. Apache-2.0; see LICENSE.
// The structured part of the config file: "services" and "routes". Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "lb/discovery/dns_source.h"
#include "lb/pool/instance.h"
#include "lb/pool/settings.h"
#include "lb/route/routes.h"

namespace signpost::lb {

// "services": {"web": {"endpoints": ["192.0.2.1:80", {"address": "192.0.2.2:80", "weight": 3, "priority": 1, "version":
// "v2"}],
//                      "dns": "web.service.consul", "port": 8080, "versions": {"v2": "v2.web.service.consul"},
//                      "tags": ["http"], "split": "v1:95,v2:5", "max_fails": 3, ...}}
// With "endpoints" it is static, with "dns" it comes from SRV records; with neither the entry only sets how the
// catalog's service of that name is balanced.
struct ServiceConfig {
  std::string name;
  std::vector<Instance> endpoints;
  bool is_static = false;
  bool from_dns = false;
  DnsName dns;  // from_dns
  std::vector<std::string> tags;
  std::vector<std::pair<std::string, std::string>> settings;  // checked by ApplySetting, in the file's order
};

// "routes": [{"host": "web.example.com", "path": "/api", "service": "web", "strip": "/api", "prepend": "", "send_host":
// ""},
//            {"host": "old.example.com", "redirect": 301, "to": "http://web.example.com$path"},
//            {"tcp": 6379 | "198.18.0.1:6379", "service": "redis", "accept_proxy": true},
//            {"sni": "db.example.com", "tcp": 443, "service": "db"}]
struct TcpRouteConfig {
  std::string address;  // empty = the addresses of --tcp-bind
  uint16_t port = 0;
  std::string service;
  std::string sni;  // "" = all connections
  bool accept_proxy = false;
};

struct FileConfig {
  std::map<std::string, ServiceConfig> services;
  std::vector<HttpRoute> http;  // slots unset
  std::vector<TcpRouteConfig> tcp;
};

// JSON texts of the two keys; empty text = absent. kConfig names the key by its path: "services.web.max_fails must be
// ...".
Result<FileConfig> ReadFileConfig(std::string_view services_json, std::string_view routes_json);

// All services that routes name, and that are neither static nor from DNS: the catalog is to be asked for them.
std::set<std::string> WantedServices(const FileConfig& config);

}  // namespace signpost::lb
