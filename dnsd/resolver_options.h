// Signpost. Apache-2.0; see LICENSE.
// The options that make dnsd the host's resolver: forwarding, static zones, protection, exposed names.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/net/address.h"
#include "common/options/options.h"
#include "dnsd/query/address_set.h"
#include "dnsd/static_zone/answer.h"
#include "dnsd/wire/name.h"

namespace signpost::dnsd {

// Sealed at start.
struct ResolverStartOptions {
  std::string resolv_conf;
  size_t cache_size = 0;  // bytes, of all loops and the resolver together
  std::string user;       // empty: the one that started it
  bool seccomp = true;
};

// Replaced as a whole by SIGHUP.
struct ResolverOptions {
  bool upstreams_from_file = true;  // nobody named any: resolv.conf's, followed
  std::vector<net::SocketAddress> upstreams;
  std::vector<std::pair<wire::Name, std::vector<net::SocketAddress>>> forward;  // zones in the order first named
  std::vector<std::pair<std::string, std::string>> zones;                       // origin, file
  bool local_zones = true;
  query::AddressSet recursion;
  std::chrono::seconds cache_min_ttl{};
  std::chrono::seconds cache_max_ttl{};
  std::chrono::seconds cache_max_negative_ttl{};
  std::chrono::milliseconds max_stale_answer{};
  bool prefetch = true;
  bool upstream_0x20 = false;
  bool upstream_cookies = false;
  bool rebind_protection = false;
  std::vector<wire::Name> rebind_allow;
  uint32_t rate_limit = 0;
  bool cookies = true;
  static_zone::AnyPolicy any = static_zone::AnyPolicy::kHinfo;
  std::string identity;
  bool version_bind = false;
  std::string public_domain;  // empty: nothing is exposed
  std::string public_service;
  bool dns_sd = true;
  uint32_t query_log = 0;
  std::vector<wire::Name> query_log_names;
  uint32_t max_waiting_per_client = 0;
};

options::Rows ResolverRows();
ResolverStartOptions ReadResolverStart(const options::Values& values);
// kConfig names the option that is at fault. Zone files are not read here.
Result<ResolverOptions> ReadResolverOptions(const options::Values& values);

}  // namespace signpost::dnsd
