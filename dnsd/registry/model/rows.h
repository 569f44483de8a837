// Signpost. Apache-2.0; see LICENSE.
// What the embedded registry keeps, row by row, in Consul's words. Rows are immutable once they are in the State and
// shared by pointer, so that undoing, publishing and storing need no copies.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "common/consul/types.h"

namespace signpost::registry {

using Strings = std::vector<std::string>;
using consul::StringPairs;

// Set by the State. The create index stays through changes; modify is the index of the last write that changed the row.
struct Indexes {
  uint64_t create = 0;
  uint64_t modify = 0;
  // Rows are compared by content: a write that changes nothing must not look like news.
  friend bool operator==(const Indexes& /*a*/, const Indexes& /*b*/) { return true; }
};

struct NodeRow {
  consul::Node node;  // `datacenter` as configured; meta and tagged_addresses sorted by name
  Indexes index;
  friend bool operator==(const NodeRow&, const NodeRow&) = default;
};

// Passing and warning as given; 1 and 1 when not. Whole numbers of any size, as Consul keeps them.
struct RowWeights {
  int64_t passing = 1;
  int64_t warning = 1;
  friend bool operator==(const RowWeights&, const RowWeights&) = default;
};

struct ServiceRow {
  std::string node;  // letter case as the node is registered
  std::string id;
  std::string service;  // letter case as registered
  std::string kind;     // "", "connect-proxy", "mesh-gateway", "terminating-gateway", "ingress-gateway"
  Strings tags;
  std::string address;
  std::vector<consul::TaggedAddress> tagged_addresses;  // sorted by tag
  StringPairs meta;                                     // sorted by key
  int64_t port = 0;
  RowWeights weights;
  bool enable_tag_override = false;
  std::string proxy;              // JSON object text of Proxy as it is shown, or ""
  std::string proxy_destination;  // Proxy.DestinationServiceName
  bool connect_native = false;
  Indexes index;
  friend bool operator==(const ServiceRow&, const ServiceRow&) = default;
};

// How the registry runs a check of its own agent.
struct CheckDefinition {
  enum class Kind : unsigned char { kTtl, kHttp, kTcp, kGrpc, kScript, kDocker, kAlias };
  Kind kind = Kind::kTtl;
  Millis ttl{0};
  Millis interval{0};
  Millis timeout{0};  // 0 = Consul's default: 10 s (30 s for scripts)

  std::string http;  // URL
  std::string method = "GET";
  std::vector<std::pair<std::string, Strings>> header;
  std::string body;
  bool tls_skip_verify = false;
  std::string tcp;   // host:port
  std::string grpc;  // host:port[/service]
  bool grpc_use_tls = false;
  Strings script_args;
  std::string docker_container_id;  // the script's arguments run inside it
  std::string shell;                // for docker; "" = as the container's
  std::string alias_node;           // "" = the own one
  std::string alias_service;        // service ID; "" = all of the node

  Millis deregister_critical_service_after{0};  // 0 = never
  int success_before_passing = 0;
  int failures_before_critical = 0;
  int output_max_size = 4096;  // bytes
  friend bool operator==(const CheckDefinition&, const CheckDefinition&) = default;
};

struct CheckRow {
  std::string node;  // letter case as the node is registered
  std::string check_id;
  std::string name;
  std::string status;
  std::string notes;
  std::string output;
  std::string service_id;  // "" = a check of the node
  std::string service_name;
  Strings service_tags;
  std::string type;        // "ttl", "http", ...; "" for checks that others run
  std::string definition;  // JSON object text as given with a catalog registration, or ""
  // Null: nobody here runs it (registered through the catalog, maintenance).
  std::shared_ptr<const CheckDefinition> run;
  Indexes index;
};
// Compares what `run` points to.
bool operator==(const CheckRow& a, const CheckRow& b);

struct KvRow {
  std::string key;
  std::string value;
  uint64_t flags = 0;
  uint64_t lock_index = 0;
  std::string session;  // that holds the lock, or ""
  Indexes index;
  friend bool operator==(const KvRow&, const KvRow&) = default;
};

struct SessionRow {
  enum class Behavior : unsigned char { kRelease, kDelete };
  std::string id;  // UUID in lower case
  std::string name;
  std::string node;  // letter case as registered
  Strings node_checks;
  Strings checks;              // given in the old way, besides those of the node
  StringPairs service_checks;  // ID and namespace ("" in the open edition)
  Millis lock_delay{15000};
  Behavior behavior = Behavior::kRelease;
  std::string ttl;  // as given, "" = none
  Indexes index;
  friend bool operator==(const SessionRow&, const SessionRow&) = default;
};

struct QueryRow {
  std::string id;  // UUID in lower case
  std::string name;
  std::string session;
  std::string token;
  std::string template_type;  // "" or "name_prefix_match"
  std::string template_regexp;
  bool template_remove_empty_tags = false;
  std::string service;
  int64_t failover_nearest_n = 0;
  Strings failover_datacenters;
  bool only_passing = false;
  Strings ignore_check_ids;
  std::string near;
  Strings tags;
  StringPairs node_meta;
  StringPairs service_meta;
  bool connect = false;
  std::string dns_ttl;  // as given, "" = none
  Indexes index;
  friend bool operator==(const QueryRow&, const QueryRow&) = default;
};

// One row of one table; which alternative it is names the table, and a null pointer in it means "no row".
using Row =
    std::variant<std::shared_ptr<const NodeRow>, std::shared_ptr<const ServiceRow>, std::shared_ptr<const CheckRow>,
                 std::shared_ptr<const KvRow>, std::shared_ptr<const SessionRow>, std::shared_ptr<const QueryRow>>;

std::string Lower(std::string_view text);  // ASCII

// The keys that rows are found by. Node names, service IDs and check IDs do not depend on letter case.
std::string NodeKey(std::string_view node);
std::string PartKey(std::string_view node, std::string_view id);  // services and checks: node, NUL, ID
std::string KeyOf(const NodeRow& row);
std::string KeyOf(const ServiceRow& row);
std::string KeyOf(const CheckRow& row);
std::string KeyOf(const KvRow& row);
std::string KeyOf(const SessionRow& row);
std::string KeyOf(const QueryRow& row);

// One row put, replaced or taken away.
struct RowChange {
  std::string key;
  Row before;
  Row after;  // same alternative as `before`
};

}  // namespace signpost::registry
