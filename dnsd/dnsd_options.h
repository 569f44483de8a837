// Signpost. Apache-2.0; see LICENSE.
// dnsd's options: the table, and the plain structs that the rest of the program reads.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/net/address.h"
#include "common/options/options.h"
#include "common/options/shared_rows.h"
#include "dnsd/registry_options.h"
#include "dnsd/resolver_options.h"

namespace signpost::dnsd {

// Sealed at start: SIGHUP cannot change it.
struct StartOptions {
  std::vector<net::SocketAddress> listen;  // UDP and TCP
  bool listen_is_default = false;  // nobody chose the addresses: one that this host lacks ([::1]) may be passed over
  net::SocketAddress http;
  std::string data_dir;  // empty with --dev: nothing is kept on disk
  std::chrono::milliseconds snapshot_interval{};
  std::optional<options::ConsulOptions> consul;  // none: the embedded registry
  RegistryOptions registry;                      // without consul
  ResolverStartOptions resolver;
  std::string domain;                  // lower case, no final dot
  std::string alt_domain;              // likewise; empty = none
  std::string datacenter;              // lower case
  bool datacenter_is_default = false;  // nobody named it: the agent's counts
  int threads = 1;                     // one per core when none is given
  int tcp_max_connections = 0;
  int tcp_max_per_client = 0;  // 0 = no limit
  std::chrono::milliseconds tcp_idle_timeout{};
};

// Replaced as a whole by SIGHUP. Limits of 0 are off. TTLs are whole seconds, cut off as Consul does.
struct LiveOptions {
  options::LogOptions log;
  std::chrono::seconds node_ttl{};
  // Name, or a prefix that ends in '*'; the value for the longest match counts.
  std::vector<std::pair<std::string, std::chrono::seconds>> service_ttl;
  std::vector<std::pair<std::string, int>> answer_limit;
  bool only_passing = false;
  int udp_answer_limit = 0;
  int a_record_limit = 0;
  std::chrono::seconds soa_refresh{};
  std::chrono::seconds soa_retry{};
  std::chrono::seconds soa_expire{};
  std::chrono::seconds soa_min_ttl{};
  bool node_meta_txt = true;
  std::chrono::seconds max_stale{};
  std::chrono::seconds stale_ttl{};
  ResolverOptions resolver;
};

struct DnsdOptions {
  StartOptions start;
  LiveOptions live;
  options::Values values;  // for SealedChanges on a reload
};

// The table, made once; lives as long as the program.
const options::Rows& DnsdRows();

// Checks `values` against each other and converts them. kConfig names the option that is at fault.
Result<DnsdOptions> MakeDnsdOptions(const options::Values& values);

}  // namespace signpost::dnsd
