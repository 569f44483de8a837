// Signpost. Apache-2.0; see LICENSE.
// What the operator decides about questions, as one immutable value that every loop reads. Replaced as a whole.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "dnsd/query/address_set.h"
#include "dnsd/query/cookies.h"
#include "dnsd/query/query_log.h"
#include "dnsd/resolver/routes.h"
#include "dnsd/static_zone/answer.h"
#include "dnsd/static_zone/zone.h"
#include "dnsd/wire/name.h"

namespace signpost::query {

// Services that lb shows to the world, as names: `<service>.<domain>` for every service with `tag` has the addresses of
// the healthy instances of `balancer`.
struct Exposure {
  wire::Name domain;
  std::string balancer;  // a service's name, lower case
  std::string tag = "http";
  // Where an upstream's CNAME leads to one, its addresses follow; false: the upstream's word, which can be checked for
  // private addresses.
  bool by_upstreams = true;
};

struct Policy {
  std::shared_ptr<const resolver::Routes> routes;     // never null; may be empty: nothing is forwarded
  std::shared_ptr<const static_zone::ZoneSet> zones;  // never null
  AddressSet recursion;                               // who may have names forwarded; exempt from rate limiting too
  uint32_t responses_per_second = 0;                  // for others, by network; 0 = no limit
  bool cookies = true;
  CookieKeys cookie_keys;
  static_zone::AnyPolicy any = static_zone::AnyPolicy::kHinfo;
  std::optional<Exposure> exposure;
  std::string identity;  // id.server, hostname.bind, NSID; empty: refused
  std::string version;   // version.bind, version.server; empty: refused
  QueryLogRules log;
  uint32_t max_waiting_per_client = 0;  // questions of one address waiting at once in one loop; 0 = no limit
};

}  // namespace signpost::query
