// Signpost. Apache-2.0; see LICENSE.
// The pools that routes refer to, by service and tag: the instances that carry the tag, or all. Control thread, no I/O.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "lb/discovery/source.h"
#include "lb/pool/pool.h"
#include "lb/publish/slot_table.h"

namespace signpost::lb {

// What the pools of a service are made of.
struct PoolSource {
  DiscoveredServicePtr service;   // null = no instances
  bool tags_per_instance = true;  // false: what the service has, all its instances have
  std::shared_ptr<const ServiceSettings> settings;
};

class PoolTable {
 public:
  explicit PoolTable(Millis slot_rest) : slots_(slot_rest) {}

  // A round of making routes: whatever SlotOf is asked for between stays, the rest goes. Returns the services whose
  // pools came or went; Update is due for each.
  void BeginRound();
  uint32_t SlotOf(const std::string& service, const std::string& tag, Millis now);  // tag "" = all instances
  std::set<std::string> EndRound(Millis now);

  // Makes the pools of one service anew where they differ. True if any does.
  bool Update(const std::string& service, const PoolSource& source, Millis now);

  bool Has(const std::string& service) const { return services_.contains(service); }
  // By slot; null where nothing is.
  const std::vector<std::shared_ptr<const Pool>>& pools() const { return pools_; }
  // The endpoint of that service with that name ("192.0.2.1:80"), in a pool or remembered; null if there is none.
  std::shared_ptr<Endpoint> FindEndpoint(const std::string& service, const std::string& name) const;
  // Whether endpoints left all pools of their service since the last call.
  bool TakeRemoved() { return std::exchange(removed_, false); }
  EndpointBook& endpoints() { return endpoints_; }

 private:
  struct Entry {
    uint32_t slot = 0;
    bool used = true;
    std::vector<Instance> instances;  // of the present pool, `modified` left out
    std::shared_ptr<const ServiceSettings> settings;
    std::shared_ptr<const Pool> pool;
  };
  struct Service {
    std::map<std::string, Entry> by_tag;
    std::shared_ptr<PoolState> state = std::make_shared<PoolState>();
    std::vector<std::shared_ptr<const Pool>> gone;  // pools that ended since the last Update
  };

  // Marks the endpoints of `before` that are in no pool any more.
  void NoteRemoved(const Service& service, const std::vector<std::shared_ptr<const Pool>>& before, Millis now);

  SlotTable slots_;
  std::map<std::string, Service> services_;
  std::vector<std::shared_ptr<const Pool>> pools_;
  std::set<std::string> changed_;  // in this round
  EndpointBook endpoints_;
  bool removed_ = false;
};

}  // namespace signpost::lb
