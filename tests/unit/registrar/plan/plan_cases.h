// Signpost. Apache-2.0; see LICENSE.
// Services and pictures of them that the tests of this folder share.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "registrar/plan/actual.h"
#include "registrar/plan/plan.h"

namespace signpost::registrar {

inline const PlanOptions kOptions{.owner = "owner-1"};

inline Service Web() {
  return {.id = "node1:web.1:80",
          .name = "web",
          .address = "192.0.2.10",
          .port = 8080,
          .tags = {"a", "b"},
          .meta = {{"region", "eu"}},
          .checks = {{.check_id = "service:node1:web.1:80", .http = "http://192.0.2.10:8080/h", .interval = "10s"},
                     {.check_id = "docker:node1:web.1:80",
                      .name = "Docker health",
                      .owner = CheckOwner::kDockerHealth,
                      .ttl = "90s",
                      .status = "passing"}},
          .container_id = std::string(64, 'a')};
}

// What the agent has after `service` was registered by this registrar.
inline ActualService Registered(const Service& service) { return AfterRegistration(service, kOptions.owner, nullptr); }

// One service with every kind of check, and three with little; as tests/cases/consul_agent/registered.* was made from.
inline DesiredServices AllKinds() {
  const std::string check = "service:node1:web.1:80";
  Service web = Web();
  web.tags = {"blue", "b,c", " x ", "\xC3\xA9\xFF"};
  web.meta = {{"empty", ""}, {"region", "eu"}, {"text", "<a & \"b\">\n\t\xC3\xA9"}};
  web.tagged_addresses = {{"lan_ipv6", "2001:db8::1", 81}};
  web.weight_passing = 10;
  web.weight_warning = 0;
  web.checks = {{.check_id = check,
                 .name = "front",
                 .notes = "call",
                 .http = "http://127.0.0.1:1/h",
                 .method = "HEAD",
                 .body = "{}",
                 .header = {{"Host", {"a.example"}}},
                 .interval = "10s",
                 .timeout = "1s",
                 .status = "passing",
                 .deregister_after = "10m",
                 .success_before_passing = 2,
                 .failures_before_critical = 3},
                {.check_id = check + ":2", .http = "https://[::1]:1/", .tls_skip_verify = true, .interval = "1m"},
                {.check_id = check + ":3", .tcp = "[::1]:1", .interval = "1m"},
                {.check_id = check + ":4",
                 .grpc = "127.0.0.1:1/x",
                 .grpc_use_tls = true,
                 .tls_skip_verify = true,
                 .interval = "1m"},
                {.check_id = check + ":5", .script_args = {"true", "a b"}, .interval = "1m", .timeout = "3s"},
                {.check_id = check + ":6",
                 .script_args = {"/bin/true"},
                 .docker_container_id = web.container_id,
                 .shell = "/bin/sh",
                 .interval = "1m"},
                {.check_id = check + ":7", .alias_service = "other"},
                {.check_id = check + ":8", .owner = CheckOwner::kHeartbeat, .ttl = "30s", .status = "passing"},
                {.check_id = check + ":9", .owner = CheckOwner::kApplication, .ttl = "30s"},
                {.check_id = "docker:node1:web.1:80",
                 .name = "Docker health",
                 .owner = CheckOwner::kDockerHealth,
                 .ttl = "90s",
                 .status = "warning"}};
  DesiredServices all;
  for (const Service& service :
       {web,
        Service{.id = "node1:dns:53:udp",
        .name = "dns",
        .address = "2001:db8::5",
        .port = 53,
        .tags = {"udp"},
        .enable_tag_override = true,
        .container_id = std::string(64, 'b')},
        Service{.id = "node1:host:0", .name = "host", .address = "host.example", .container_id = std::string(64, 'c')},
        Service{.id = "node1:bare:0", .name = "bare", .container_id = std::string(64, 'd')}}) {
    all[service.id].service = service;
  }
  return all;
}

// A reply of a real agent, by the name of its file.
inline std::string AgentReplyText(const std::string& name) {
  std::ifstream file("tests/cases/consul_agent/" + name + ".json");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace signpost::registrar
