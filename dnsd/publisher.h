// Signpost. Apache-2.0; see LICENSE.
// Takes what the source learns, prepares it for answering and hands it to every worker. Control thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/net/loop.h"
#include "common/net/timer.h"
#include "dnsd/catalog/catalog.h"
#include "dnsd/catalog/snapshot_codec.h"
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
  void Settle(std::function<void()> done) override;

  // From now on these settings count. `known` is what was published so far; it is prepared anew (prepared queries
  // follow when they are next executed). The domain must be as before, and the datacenter too once anything was
  // published.
  void SetSettings(std::shared_ptr<const service_zone::Settings> settings,
                   const std::optional<catalog::Snapshot>& known);

  const std::vector<std::string>& datacenters() const { return datacenters_; }
  catalog::Freshness freshness() const { return freshness_; }
  uint64_t index() const { return index_; }

 private:
  void Add(service_zone::Change change);
  void Flush();
  // Prepares the next few objects of `republish_` that nothing newer has taken the place of.
  void Republish();
  template <typename Update>
  void Post(const Update& update);

  net::Loop& loop_;
  std::vector<std::unique_ptr<Worker>>& workers_;
  std::shared_ptr<const service_zone::Settings> settings_;
  service_zone::Preparer preparer_;
  net::Timer flush_;
  net::Timer republish_timer_;
  std::vector<std::shared_ptr<const catalog::Service>> republish_services_;
  std::vector<std::shared_ptr<const consul::Node>> republish_nodes_;
  std::set<catalog::Key> superseded_;  // told anew by the source while the republishing goes on
  std::vector<service_zone::Change> pending_;
  std::vector<std::string> datacenters_;
  catalog::Freshness freshness_ = catalog::Freshness::kStarting;
  uint64_t index_ = 0;
};

}  // namespace signpost::dnsd
