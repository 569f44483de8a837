// Signpost. Apache-2.0; see LICENSE.
// The endpoints of one service at one moment. Immutable once published; what changes all the time lives in the
// Endpoints and in PoolState, which outlive it.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "lb/pool/endpoint.h"
#include "lb/pool/instance.h"
#include "lb/pool/settings.h"

namespace signpost::lb {

struct PoolMember {
  std::shared_ptr<Endpoint> endpoint;
  uint16_t tier = 0;    // 0 is the lowest SRV priority; dense
  uint32_t weight = 1;  // 0..65535; 0 as settings.zero_weight says
  uint8_t version = 0;  // index into Pool::versions
  std::string id;       // the catalog's service ID or the SRV target, for people
  uint64_t sticky = 0;  // what its sticky cookie says
};

// Shared by all pools of one service, one after the other, and by all threads.
struct PoolState {
  std::atomic<uint64_t> requests = 0;
  std::atomic<uint64_t> retries = 0;
  std::atomic<uint64_t> budget_exhausted = 0;
  std::atomic<uint64_t> queued = 0;  // all that ever waited
  std::atomic<uint64_t> queue_timeouts = 0;
  std::atomic<uint64_t> spills = 0;   // a version's share went to the others
  std::atomic<uint64_t> panics = 0;   // requests that went to unusable endpoints for want of others
  std::atomic<uint32_t> waiting = 0;  // now
};

struct Pool {
  std::string service;  // as registered or configured
  uint32_t slot = 0;    // its place in Routes::pools; kept for as long as the service is known
  std::shared_ptr<const ServiceSettings> settings;
  std::vector<PoolMember> members;  // by tier, then as the source gave them
  // The split's, in its order and whether or not a member has them, then the other members'. At most 256; members of
  // any further version count as the last one.
  std::vector<std::string> versions;
  uint16_t tiers = 0;
  std::shared_ptr<PoolState> state;  // never null
};

// The endpoints of all services by service and address: who comes back keeps its counts (case R03). Control thread.
class EndpointBook {
 public:
  // Made if need be; a new one counts as removed until MakePool takes it.
  std::shared_ptr<Endpoint> Get(const std::string& service, const net::SocketAddress& address, Millis now);
  // Forgets what has been removed for longer than `keep` and is not in use.
  void Expire(Millis now, Millis keep);
  // An operator's wish (drained, a weight) is kept for a day of absence: maintenance takes its time.
  static constexpr Millis kKeepWish{24 * 3600 * 1000};
  // Null when it is not known, or not any more. `name` as Endpoint::name().
  std::shared_ptr<Endpoint> Find(const std::string& service, const std::string& name) const;
  size_t size() const { return endpoints_.size(); }

  // Calls for every endpoint, the removed ones included.
  template <typename F>
  void ForEach(F f) const {
    for (const auto& [key, endpoint] : endpoints_) f(key.first, *endpoint);
  }

 private:
  std::map<std::pair<std::string, std::string>, std::shared_ptr<Endpoint>> endpoints_;
};

// Builds a pool of at most 65,535 members. Instances with equal addresses are merged and their weights added (cap
// 65,535); of different priorities of one address the lowest counts. Priorities become dense tiers. Endpoints that join
// start slow if settings say so (never all of a new pool). Sets `removed` to 0 on the members. Instances without a port
// are left out.
Pool MakePool(const std::string& service, uint32_t slot, std::shared_ptr<const ServiceSettings> settings,
              const std::vector<Instance>& instances, EndpointBook& book, std::shared_ptr<PoolState> state, Millis now);

}  // namespace signpost::lb
