// Signpost. Apache-2.0; see LICENSE.
// What an operator may decide about the consul zone. Immutable once published to the loops.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "dnsd/wire/name.h"

namespace signpost::service_zone {

// Values by service name. A key ending in '*' is a prefix; an exact key wins over every prefix, a longer prefix over a
// shorter one. Keys are compared in lower case.
template <typename T>
class ServiceRules {
 public:
  void Set(std::string_view key, T value) { rules_[wire::ToLower(key)] = value; }
  bool empty() const { return rules_.empty(); }

  // `service` in lower case.
  std::optional<T> Find(std::string_view service) const {
    if (const auto exact = rules_.find(service); exact != rules_.end()) return exact->second;
    std::optional<T> best;
    size_t best_length = 0;
    for (const auto& [key, value] : rules_) {
      if (!key.ends_with('*')) continue;
      const std::string_view prefix = std::string_view(key).substr(0, key.size() - 1);
      if (!service.starts_with(prefix) || (best && prefix.size() < best_length)) continue;
      best = value;
      best_length = prefix.size();
    }
    return best;
  }

 private:
  std::map<std::string, T, std::less<>> rules_;
};

struct Soa {
  uint32_t refresh = 3600;
  uint32_t retry = 600;
  uint32_t expire = 86400;
  uint32_t minimum = 1;  // also the TTL of negative answers (RFC 2308)
};

struct Settings {
  wire::Name domain;                     // "consul."
  std::optional<wire::Name> alt_domain;  // answered alike; records name the primary domain
  std::string datacenter;                // the own one, lower case
  uint32_t node_ttl = 0;                 // seconds: node, addr, NS, glue, PTR
  ServiceRules<uint32_t> service_ttl;    // seconds; no rule = 0
  bool only_passing = false;
  uint32_t udp_answer_limit = 0;        // records of A, AAAA, SRV and ANY in replies of at most 512 bytes; 0 = no limit
  uint32_t a_record_limit = 0;          // records of A, AAAA and ANY over UDP and TCP; 0 = no limit
  ServiceRules<uint32_t> answer_limit;  // the same per service, for SRV too; the smallest limit counts
  bool node_meta_txt = true;            // node meta TXT in additional sections
  bool dns_sd = true;                   // the catalog can be browsed (RFC 6763)
  uint32_t stale_ttl = 5;               // cap of every TTL while the catalog's source is lost
  Soa soa;

  // The domain or the alternative one, whichever `name` lies in (the longer where both match); null if in neither.
  const wire::Name* DomainOf(const wire::Name& name) const {
    const wire::Name* found = name.EndsWith(domain) ? &domain : nullptr;
    if (alt_domain && name.EndsWith(*alt_domain) && (found == nullptr || alt_domain->size() > found->size())) {
      found = &*alt_domain;
    }
    return found;
  }
};

}  // namespace signpost::service_zone
