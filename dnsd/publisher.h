// Signpost. Apache-2.0; see LICENSE.
// Takes what the source learns, prepares it for answering and hands it to every worker. Keeps the catalog
// itself, for snapshots and for a change of settings. Control thread only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/net/loop.h"
#include "common/net/timer.h"
#include "dnsd/catalog/catalog.h"
#include "dnsd/service_zone/prepared.h"
#include "dnsd/service_zone/settings.h"
#include "dnsd/worker.h"

namespace signpost::dnsd {

class Publisher final : public catalog::Sink {
 public:
  // `workers` outlive the publisher.
  Publisher(net::Loop& loop, std::shared_ptr<const service_zone::Settings> settings,
            std::vector<std::unique_ptr<Worker>>& workers);

  void OnService(const catalog::Key& key, std::shared_ptr<const catalog::Service> service) override;
  void OnServiceName(const catalog::Key& key) override;
  void OnNode(const catalog::Key& key, std::shared_ptr<const consul::Node> node) override;
  void OnUnavailable(const catalog::Key& key) override;
  void OnForget(const catalog::Key& key) override;
  void OnDatacenters(const std::vector<std::string>& names) override;
  void OnFreshness(catalog::Freshness freshness) override;
  void OnIndex(uint64_t index) override;

  // Prepares everything anew. The domain and the datacenter must be as before.
  void SetSettings(std::shared_ptr<const service_zone::Settings> settings);

  const std::map<catalog::Key, std::shared_ptr<const catalog::Service>>& services() const { return services_; }
  const std::map<catalog::Key, std::shared_ptr<const consul::Node>>& nodes() const { return nodes_; }
  const std::vector<std::string>& datacenters() const { return datacenters_; }
  catalog::Freshness freshness() const { return freshness_; }
  uint64_t index() const { return index_; }
  // Grows with every change: whether a snapshot is worth writing.
  uint64_t generation() const { return generation_; }

 private:
  void Add(service_zone::Change change);
  void Flush();
  bool IsTranslated(const catalog::Key& node_key) const;
  template <typename Update>
  void Post(const Update& update);

  std::vector<std::unique_ptr<Worker>>& workers_;
  std::shared_ptr<const service_zone::Settings> settings_;
  service_zone::Preparer preparer_;
  net::Timer flush_;
  std::vector<service_zone::Change> pending_;
  std::map<catalog::Key, std::shared_ptr<const catalog::Service>> services_;
  std::map<catalog::Key, std::shared_ptr<const consul::Node>> nodes_;
  std::vector<std::string> datacenters_;
  catalog::Freshness freshness_ = catalog::Freshness::kStarting;
  uint64_t index_ = 0;
  uint64_t generation_ = 0;
};

}  // namespace signpost::dnsd
