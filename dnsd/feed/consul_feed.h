// Signpost. Apache-2.0; see LICENSE.
// A Consul cluster, through one agent, as the source of the catalog. At most 150 connections whatever the catalog's
// size: three blocking queries cover the datacenter, one more per name in use while slots last, a few connections
// fetch. Emptiness is news only when a service list with `consul` in it confirms it. Everything on the control thread;
// the sink must not call back into the feed from inside its own methods.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/consul/agent_client.h"
#include "common/net/timer.h"
#include "dnsd/catalog/catalog.h"
#include "dnsd/catalog/snapshot_codec.h"
#include "dnsd/feed/agent_probe.h"
#include "dnsd/feed/feed_status.h"
#include "dnsd/feed/freshness.h"

namespace signpost::feed {

struct ConsulFeedOptions {
  consul::AgentOptions agent;  // max_connections is set by the feed
  // Own datacenter in lower case; "" = the snapshot's, else the agent's.
  std::string datacenter;
  int max_watches = 128;  // of names in use; lowered so that all connections are at most 150
  int fetch_connections = 12;
  Millis wait{60000};  // of blocking queries
  Nanos max_stale = std::chrono::hours(7 * 24);
  Millis in_use{600000};  // a name counts as in use for that long after its last Want
  size_t max_on_demand = 10000;
  double sweep_per_second = 500;
  // Called with the own datacenter before anything is published under it; again if it turns out to be another.
  std::function<void(const std::string&)> on_datacenter;
};

class ConsulFeed : public catalog::Source {
 public:
  static constexpr int kMaxConnections = 150;

  ConsulFeed(net::Loop& loop, const Clock& clock, ConsulFeedOptions options);
  ~ConsulFeed() override;
  ConsulFeed(const ConsulFeed&) = delete;
  ConsulFeed& operator=(const ConsulFeed&) = delete;

  // Before Start: what an earlier run knew. Start then publishes it as kStale (kExpired if older than max_stale).
  // Ignored if a datacenter is given and differs.
  void Restore(catalog::Snapshot snapshot);

  // With a datacenter at hand (given or restored) publishing begins inside this call.
  void Start(catalog::Sink& sink) override;
  // The sink may be called from inside (what is known already, or is known not to exist).
  void Want(const catalog::Key& key) override;

  // For SaveSnapshot, on whatever thread. Without a datacenter and thus without content before the first contact, and
  // while nothing complete is known: then nothing.
  std::optional<catalog::Snapshot> Collect() const;
  // SIGHUP.
  void ReloadToken();
  void SetMaxStale(Nanos max_stale);
  FeedStatus status() const;

 private:
  struct Parts;

  void Begin(const std::string& datacenter, const std::string& agent_datacenter);
  void PublishRestored();
  void OnOwnDatacenter(const std::string& datacenter);
  void ForgetAll();
  void OnContact(bool reachable, bool recovered, const std::string& text);
  void OnGlobalResult(FreshnessTracker::Part part, bool good, const std::string& text);
  void OnReply(const catalog::Key& key, const consul::AgentReply& reply);
  void OnConfirmedList(const std::string& datacenter, const consul::AgentReply& reply, Millis sent);
  void WantOwnNode(const catalog::Key& key);
  void Update();
  void Tick();
  void RetryIfTripped();
  std::string Trouble() const;

  net::Loop& loop_;
  const Clock& clock_;
  ConsulFeedOptions options_;
  catalog::Sink* sink_ = nullptr;
  consul::AgentClient watch_client_;
  consul::AgentClient fetch_client_;
  std::optional<catalog::Snapshot> restored_;
  FreshnessTracker tracker_;
  catalog::Freshness freshness_ = catalog::Freshness::kStarting;
  std::array<std::string, 4> troubles_;  // by FreshnessTracker::Part
  std::vector<std::string> datacenters_;
  uint64_t index_ = 0;
  uint64_t ticks_ = 0;
  bool list_since_retry_ = false;
  bool tripped_ = false;  // the ACL guard, at the last look
  NeighbourLog log_{"the catalog of Consul"};
  std::unique_ptr<AgentProbe> probe_;
  std::unique_ptr<Parts> parts_;  // null until the own datacenter is known
  net::Timer tick_;
};

}  // namespace signpost::feed
