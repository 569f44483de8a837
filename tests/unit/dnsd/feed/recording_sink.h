// Signpost. Apache-2.0; see LICENSE.
// A catalog sink that keeps what it was told, for the feed's tests.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "dnsd/catalog/catalog.h"

namespace signpost::feed {

class RecordingSink : public catalog::Sink {
 public:
  void OnService(const catalog::Key& key, std::shared_ptr<const catalog::Service> service) override {
    ++told[key];
    services[key] = std::move(service);
    unavailable.erase(key);
  }
  void OnServiceName(const catalog::Key& key) override { names.insert(key.name); }
  void OnNode(const catalog::Key& key, std::shared_ptr<const consul::Node> node) override {
    ++told[key];
    nodes[key] = std::move(node);
  }
  void OnUnavailable(const catalog::Key& key) override { unavailable.insert(key); }
  void OnForget(const catalog::Key& key) override { forgotten.insert(key); }
  void OnDatacenters(const std::vector<std::string>& list) override { datacenters = list; }
  void OnFreshness(catalog::Freshness now) override { freshness.push_back(now); }
  void OnIndex(uint64_t now) override { index = now; }
  void Settle(std::function<void()> done) override { done(); }

  // What a question for `key` would find: "unknown", "absent", or the ports of the instances, passing ones only, as
  // "80 81".
  std::string Ports(const catalog::Key& key) const {
    const auto it = services.find(key);
    if (it == services.end()) return "unknown";
    if (!it->second) return "absent";
    std::string ports;
    for (const auto& instance : it->second->instances) {
      if (instance.health != consul::Health::kPassing) continue;
      ports += (ports.empty() ? "" : " ") + std::to_string(instance.port);
    }
    return ports;
  }
  bool Fresh() const { return !freshness.empty() && freshness.back() == catalog::Freshness::kFresh; }
  bool Stale() const { return !freshness.empty() && freshness.back() == catalog::Freshness::kStale; }

  std::map<catalog::Key, std::shared_ptr<const catalog::Service>> services;
  std::map<catalog::Key, std::shared_ptr<const consul::Node>> nodes;
  std::map<catalog::Key, int> told;
  std::set<std::string> names;
  std::set<catalog::Key> unavailable;
  std::set<catalog::Key> forgotten;
  std::vector<std::string> datacenters;
  std::vector<catalog::Freshness> freshness;
  uint64_t index = 0;
};

}  // namespace signpost::feed
