// Signpost. Apache-2.0; see LICENSE.
// Where services come from. A source (dns, consul, static) tells a sink about whole services; the sink (the publisher)
// makes pools and routes of them. Everything on the control thread.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "lb/pool/instance.h"

namespace signpost::lb {

enum class SourceKind : unsigned char { kStatic, kConsul, kDns };  // in order of precedence for one service

enum class ServiceState : unsigned char {
  kKnown,           // the instances are the source's last word
  kHeld,            // the source fails or says suspicious things; the instances are its last good word
  kEmpty,           // the source says that there is none
  kDeclaredAbsent,  // SRV with target "." (RFC 2782)
};

// One service as a source sees it. Immutable once told.
struct DiscoveredService {
  std::string name;                 // in the catalog's letters, or the config file's
  std::vector<Instance> instances;  // usable ones only: what the source calls unhealthy is left out
  std::vector<std::string> tags;    // the union of its instances', the unusable ones included; in their form
  ServiceState state = ServiceState::kKnown;
  std::string reason;  // of kHeld and kEmpty, for people: "NXDOMAIN for 12 s", "no cluster leader"
  // Least CreateIndex of its instances, the unusable ones included; 0 = none, or the source has no such thing. The
  // older service wins a conflict.
  uint64_t create_index = 0;
  // Settings for this service from the source (Consul's KV: lb/policy/NAME), as JSON; "" = none.
  std::string policy;
};
using DiscoveredServicePtr = std::shared_ptr<const DiscoveredService>;

class SourceSink {
 public:
  // A service is new or differs from what was told last. Instances of a service with kHeld are to be used.
  virtual void OnService(SourceKind kind, DiscoveredServicePtr service) = 0;
  // The source does not know that name any more.
  virtual void OnGone(SourceKind kind, const std::string& name) = 0;
  // The source has told all it could learn at the start; the loop may count as ready. Of `unknown` it has no good word
  // yet, but still asks: what was known of them before stays until it tells them or says that they are gone.
  virtual void OnReady(SourceKind kind, const std::set<std::string>& unknown) = 0;

 protected:
  ~SourceSink() = default;
};

// How a source fares, for /status, /metrics and /readyz.
struct SourceStatus {
  SourceKind kind = SourceKind::kStatic;
  std::string where;  // "consul http://127.0.0.1:8500", "dns 127.0.0.1:53"
  bool ready = false;
  bool failing = false;
  std::string reason;                                 // one line, without secrets; "" when not failing
  Millis age{0};                                      // since the last good word
  uint64_t good = 0;                                  // replies
  std::vector<std::pair<std::string, uint64_t>> bad;  // by reason: "timeout", "servfail", "acl", ...
};

class Source {
 public:
  virtual ~Source() = default;
  // Tells the sink from now on, never from inside this call.
  virtual void Start() = 0;
  virtual SourceStatus Status() const = 0;
};

}  // namespace signpost::lb
