// Signpost. Apache-2.0; see LICENSE.
// One core's share of dnsd: a thread with its loop, its sockets and its own tables of the zone.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/base/status.h"
#include "common/net/address.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "dnsd/query/handler.h"
#include "dnsd/resolver/resolver.h"
#include "dnsd/service_zone/zone_data.h"
#include "dnsd/transport/tcp_service.h"
#include "dnsd/transport/udp_service.h"
#include "dnsd/transport/waiting_room.h"

namespace signpost::dnsd {

class Worker {
 public:
  // What the worker asks of others, on its thread.
  struct Hooks {
    // Names of the catalog that clients ask for.
    std::function<void(std::vector<catalog::Key>)> wanted = [](const auto&) {};
    // An answer of an upstream is wanted: Deliver follows.
    std::function<void(resolver::Question)> ask = [](const auto&) {};
    // One is asked for often and ends soon.
    std::function<void(resolver::Question)> refresh = [](const auto&) {};
    // The first label of a loop probe's question came in.
    std::function<void(std::string_view)> probe_seen = [](auto) {};
  };

  // `budget` outlives the worker. `cache_bytes` bounds what it keeps of forwarded names.
  Worker(std::shared_ptr<const service_zone::Settings> settings, transport::TcpOptions tcp_options,
         transport::TcpBudget& budget, size_t cache_bytes, Hooks hooks);
  ~Worker();  // joins a thread that was started: Drain must have been called
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Before Start. Binds UDP and TCP; returns the address bound, whose port is the kernel's choice for port 0.
  Result<net::SocketAddress> Bind(const net::SocketAddress& address);
  void Start();
  // Any thread: takes no more TCP queries; the thread ends when queued TCP answers have left, after `grace` at the
  // latest. UDP is answered to the end.
  void Drain(Millis grace);
  void Join();

  // Any thread: runs `change` on the worker's tables.
  using Update = std::function<void(service_zone::ZoneData&, uint64_t now_ms)>;
  void Post(Update update);
  // The same for a batch of changes; whoever waited for one of the keys is answered.
  void Apply(std::shared_ptr<const std::vector<service_zone::Change>> changes);

  // Any thread: from now on this policy counts. `hop` (8 bytes) outlives the worker.
  void SetPolicy(std::shared_ptr<const query::Policy> policy, std::span<const uint8_t> hop);
  // Any thread: what was asked for has come; who waited for it is answered.
  void Deliver(const resolver::Settled& settled);
  // Any thread: forgets forwarded answers (Forwarded::Flush). Then `done` runs on the worker's thread.
  void Flush(
      const std::string& name, bool tree, std::function<void()> done = [] {});
  // Any thread: runs `look` on the worker's thread.
  void Inspect(std::function<void(query::Handler&, service_zone::ZoneData&, uint64_t now_ms)> look);

  // Any thread.
  const query::Counters& counters() const { return handler_.counters(); }
  const std::vector<std::unique_ptr<transport::UdpService>>& udp() const { return udp_; }
  const std::vector<std::unique_ptr<transport::TcpService>>& tcp() const { return tcp_; }
  const transport::WaitingRoom& waiting() const { return waiting_; }
  // What this worker answers by: behind the publisher's while changes are under way.
  catalog::Freshness freshness() const { return freshness_; }

 private:
  Result<net::SocketAddress> BindBoth(const net::SocketAddress& address);
  void ApplyNow(const std::vector<service_zone::Change>& changes);
  void AfterBatch();
  void ReportUsed();
  void Ask(const query::Want& want);

  net::Loop loop_;
  const transport::TcpOptions tcp_options_;
  transport::TcpBudget& budget_;
  Hooks hooks_;
  service_zone::ZoneData data_;
  std::atomic<catalog::Freshness> freshness_ = catalog::Freshness::kStarting;
  query::Handler handler_;
  transport::WaitingRoom waiting_;
  net::Timer report_used_;
  net::Timer drain_log_;
  net::Timer grace_;
  std::vector<std::unique_ptr<transport::UdpService>> udp_;
  std::vector<std::unique_ptr<transport::TcpService>> tcp_;
  std::thread thread_;
};

}  // namespace signpost::dnsd
