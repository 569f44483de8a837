// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/pool.h"

#include <algorithm>
#include <unordered_map>

#include "lb/pool/stable_hash.h"

namespace signpost::lb {
namespace {

constexpr uint32_t kMaxWeight = 65535;
constexpr size_t kMaxMembers = 65535;
constexpr size_t kMaxVersions = 256;  // PoolMember::version is one byte; what is above shares the last

class PoolBuilder {
 public:
  PoolBuilder(Pool& pool, EndpointBook& book, Millis now) : pool_(pool), book_(book), now_(now) {
    for (const VersionShare& share : pool.settings->split.shares) VersionIndex(share.version);
  }

  void Add(const Instance& instance) {
    if (instance.address.empty() || instance.address.port() == 0 || pool_.members.size() == kMaxMembers) return;
    std::shared_ptr<Endpoint> endpoint = book_.Get(pool_.service, instance.address, now_);
    const auto [known, is_new] = places_.try_emplace(endpoint.get(), Place{pool_.members.size(), instance.priority});
    if (!is_new) {
      // Of different priorities the lowest counts, and that came first.
      if (known->second.priority == instance.priority) Merge(pool_.members[known->second.index], instance);
      return;
    }
    if (pool_.tiers == 0 || priority_ != instance.priority) ++pool_.tiers;
    priority_ = instance.priority;
    PoolMember member;
    member.tier = static_cast<uint16_t>(pool_.tiers - 1);
    member.weight = std::min(instance.weight, kMaxWeight);
    member.version = VersionIndex(instance.version);
    member.id = instance.id;
    member.sticky = CombineHash(endpoint->hash(), StableHash(pool_.service));
    member.endpoint = std::move(endpoint);
    pool_.members.push_back(std::move(member));
  }

  void Finish() {
    const auto joined = [](const PoolMember& member) { return member.endpoint->removed() != Millis(0); };
    const bool all_new = std::all_of(pool_.members.begin(), pool_.members.end(), joined);
    for (const PoolMember& member : pool_.members) {
      if (!joined(member)) continue;
      if (!all_new) member.endpoint->RestartSlowStart(now_);
      member.endpoint->SetRemoved(Millis(0));
    }
  }

 private:
  struct Place {
    size_t index;
    uint16_t priority;
  };

  static void Merge(PoolMember& member, const Instance& instance) {
    member.weight = std::min(kMaxWeight, member.weight + std::min(instance.weight, kMaxWeight));
  }

  uint8_t VersionIndex(const std::string& version) {
    const auto known = std::find(pool_.versions.begin(), pool_.versions.end(), version);
    const auto index = static_cast<size_t>(known - pool_.versions.begin());
    if (index >= kMaxVersions) return kMaxVersions - 1;
    if (known == pool_.versions.end()) pool_.versions.push_back(version);
    return static_cast<uint8_t>(index);
  }

  Pool& pool_;
  EndpointBook& book_;
  const Millis now_;
  uint16_t priority_ = 0;
  std::unordered_map<const Endpoint*, Place> places_;
};

}  // namespace

std::shared_ptr<Endpoint> EndpointBook::Get(const std::string& service, const net::SocketAddress& address, Millis now) {
  auto& endpoint = endpoints_[{service, address.ToString()}];
  if (!endpoint) {
    endpoint = std::make_shared<Endpoint>(address, now);
    endpoint->SetRemoved(std::max(Millis(1), now));
  }
  return endpoint;
}

std::shared_ptr<Endpoint> EndpointBook::Find(const std::string& service, const std::string& name) const {
  const auto found = endpoints_.find({service, name});
  return found == endpoints_.end() ? nullptr : found->second;
}

void EndpointBook::Expire(Millis now, Millis keep) {
  std::erase_if(endpoints_, [&](const auto& entry) {
    const Endpoint& endpoint = *entry.second;
    const bool wished = endpoint.drained() || endpoint.admin_weight() >= 0;
    return endpoint.removed() != Millis(0) && now - endpoint.removed() > (wished ? kKeepWish : keep) &&
           endpoint.in_use() == 0;
  });
}

Pool MakePool(const std::string& service, uint32_t slot, std::shared_ptr<const ServiceSettings> settings,
              const std::vector<Instance>& instances, EndpointBook& book, std::shared_ptr<PoolState> state,
              Millis now) {
  Pool pool;
  pool.service = service;
  pool.slot = slot;
  pool.settings = std::move(settings);
  pool.state = std::move(state);

  std::vector<const Instance*> by_priority;
  by_priority.reserve(instances.size());
  for (const Instance& instance : instances) by_priority.push_back(&instance);
  std::stable_sort(by_priority.begin(), by_priority.end(),
                   [](const Instance* a, const Instance* b) { return a->priority < b->priority; });
  pool.members.reserve(instances.size());
  PoolBuilder builder(pool, book, now);
  for (const Instance* instance : by_priority) builder.Add(*instance);
  builder.Finish();
  return pool;
}

}  // namespace signpost::lb
