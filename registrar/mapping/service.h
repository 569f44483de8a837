// Signpost. Apache-2.0; see LICENSE.
// One service as it should stand at the Consul agent, in Consul's words. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "registrar/container/container.h"

namespace signpost::registrar {

// Who reports the status of a check.
enum class CheckOwner : unsigned char {
  kAgent,         // Consul runs it
  kApplication,   // TTL, reported by the application
  kHeartbeat,     // TTL, passed by registrar while the container runs
  kDockerHealth,  // TTL, mirrors the container's HEALTHCHECK
};

struct HeaderLine {
  std::string name;
  Strings values;
  friend bool operator==(const HeaderLine&, const HeaderLine&) = default;
};

// Empty fields are not sent.
struct CheckDefinition {
  std::string check_id;  // always set: "service:<id>", "service:<id>:2", ..., "docker:<id>" for kDockerHealth,
                         // "alias:<id>" for a further name
  std::string name;
  std::string notes;
  CheckOwner owner = CheckOwner::kAgent;
  std::string http, method, body;
  std::vector<HeaderLine> header;
  std::string tcp, grpc;
  bool grpc_use_tls = false;
  bool tls_skip_verify = false;
  Strings script_args;
  std::string docker_container_id, shell;
  std::string alias_service;
  std::string ttl, interval, timeout;  // Go durations, checked: "10s"
  std::string status;                  // first status: passing, warning, critical
  std::string deregister_after;
  int success_before_passing = 0;
  int failures_before_critical = 0;

  friend bool operator==(const CheckDefinition&, const CheckDefinition&) = default;
};

struct TaggedAddress {
  std::string tag;  // lan_ipv4, lan_ipv6
  std::string address;
  uint16_t port = 0;
  friend bool operator==(const TaggedAddress&, const TaggedAddress&) = default;
};

enum class RegisterWhen : unsigned char { kStarted, kHealthy };

struct Service {
  std::string id;
  std::string name;
  std::string address;  // "" = the node's
  uint16_t port = 0;    // 0 = an address only
  Strings tags;         // in the order to send
  StringPairs meta;     // sorted by key; at most 61 pairs, all acceptable to Consul; without the owner's own keys
  std::vector<TaggedAddress> tagged_addresses;  // besides those that Consul derives from `address`; sorted by tag
  int weight_passing = 1;
  int weight_warning = 1;
  bool enable_tag_override = false;
  std::vector<CheckDefinition> checks;

  // Not sent; what the rest of registrar must know.
  std::string container_id;
  RegisterWhen register_when = RegisterWhen::kStarted;
  Millis drain{10000};  // how long `registrar drain` waits by default; 0: no maintenance at the stop signal

  friend bool operator==(const Service&, const Service&) = default;
};

}  // namespace signpost::registrar
