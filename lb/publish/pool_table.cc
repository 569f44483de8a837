// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/pool_table.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace signpost::lb {
namespace {

// Without what does not change a pool: an index that moved alone is no news.
std::vector<Instance> InstancesFor(const PoolSource& source, const std::string& tag) {
  std::vector<Instance> instances;
  if (!source.service) return instances;
  for (const Instance& instance : source.service->instances) {
    const bool fits = tag.empty() || !source.tags_per_instance ||
                      std::find(instance.tags.begin(), instance.tags.end(), tag) != instance.tags.end();
    if (!fits) continue;
    instances.push_back(instance);
    instances.back().modified = 0;
  }
  return instances;
}

}  // namespace

void PoolTable::BeginRound() {
  for (auto& [name, service] : services_) {
    for (auto& [tag, entry] : service.by_tag) entry.used = false;
  }
}

uint32_t PoolTable::SlotOf(const std::string& service, const std::string& tag, Millis now) {
  const auto [entry, added] = services_[service].by_tag.try_emplace(tag);
  entry->second.used = true;
  if (added) {
    entry->second.slot = slots_.Take(now);
    changed_.insert(service);
  }
  return entry->second.slot;
}

std::set<std::string> PoolTable::EndRound(Millis now) {
  pools_.resize(slots_.size());
  for (auto& [name, service] : services_) {
    for (auto it = service.by_tag.begin(); it != service.by_tag.end();) {
      Entry& entry = it->second;
      if (entry.used) {
        ++it;
        continue;
      }
      if (entry.pool) service.gone.push_back(entry.pool);
      pools_[entry.slot] = nullptr;
      slots_.GiveBack(entry.slot, now);
      it = service.by_tag.erase(it);
      changed_.insert(name);
    }
  }
  return std::exchange(changed_, {});
}

bool PoolTable::Update(const std::string& name, const PoolSource& source, Millis now) {
  const auto found = services_.find(name);
  if (found == services_.end()) return false;
  Service& service = found->second;
  std::vector<std::shared_ptr<const Pool>> before = std::exchange(service.gone, {});
  bool changed = !before.empty();
  for (auto& [tag, entry] : service.by_tag) {
    std::vector<Instance> instances = InstancesFor(source, tag);
    if (entry.pool && entry.settings == source.settings && entry.instances == instances) continue;
    if (entry.pool) before.push_back(entry.pool);
    entry.pool = std::make_shared<const Pool>(
        MakePool(name, entry.slot, source.settings, instances, endpoints_, service.state, now));
    entry.instances = std::move(instances);
    entry.settings = source.settings;
    pools_[entry.slot] = entry.pool;
    changed = true;
  }
  NoteRemoved(service, before, now);
  if (service.by_tag.empty()) services_.erase(found);
  return changed;
}

void PoolTable::NoteRemoved(const Service& service, const std::vector<std::shared_ptr<const Pool>>& before,
                            Millis now) {
  if (before.empty()) return;
  std::unordered_set<const Endpoint*> present;
  for (const auto& [tag, entry] : service.by_tag) {
    for (const PoolMember& member : entry.pool->members) present.insert(member.endpoint.get());
  }
  for (const auto& pool : before) {
    for (const PoolMember& member : pool->members) {
      if (present.contains(member.endpoint.get()) || member.endpoint->removed() != Millis(0)) continue;
      member.endpoint->SetRemoved(std::max(now, Millis(1)));
      removed_ = true;
    }
  }
}

std::shared_ptr<Endpoint> PoolTable::FindEndpoint(const std::string& service, const std::string& name) const {
  return endpoints_.Find(service, name);
}

}  // namespace signpost::lb
