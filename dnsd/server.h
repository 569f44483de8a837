// Signpost. Apache-2.0; see LICENSE.
// dnsd as a whole: what is started in which order, and stopped in the reverse one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/http/server.h"
#include "common/net/loop.h"
#include "common/net/signals.h"
#include "common/options/options.h"
#include "dnsd/dnsd_options.h"
#include "dnsd/feed/consul_feed.h"
#include "dnsd/forwarding.h"
#include "dnsd/operations.h"
#include "dnsd/publisher.h"
#include "dnsd/registry/registry.h"
#include "dnsd/snapshot_writer.h"
#include "dnsd/worker.h"

namespace signpost::dnsd {

class Server {
 public:
  // `zones` are those of the options. `source` is read again on SIGHUP.
  Server(DnsdOptions options, std::shared_ptr<const static_zone::ZoneSet> zones, options::Source source);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds, serves until SIGTERM or SIGINT, stops. The status of a failed start tells what to do.
  Status Run();

 private:
  Status Bind();
  Worker::Hooks HooksOf(size_t worker);
  // On every worker. Returns the address bound.
  Result<net::SocketAddress> BindAddress(net::SocketAddress address);
  Status BindOperations();
  // Gives up what is not needed once all ports are bound.
  Status DropPrivileges();
  Status RestrictSystemCalls();
  // The source of the catalog: Consul, or the embedded registry.
  Status OpenSource();
  void OpenFeed();
  Status OpenRegistry();
  void StartSource();
  void OnRequest(http::ServerRequest request, std::unique_ptr<http::Responder> responder);
  void OnDatacenter(const std::string& name);
  void Reload();
  void Stop();
  // Any thread.
  void OnWanted(std::vector<catalog::Key> keys);

  DnsdOptions options_;
  std::shared_ptr<const static_zone::ZoneSet> zones_;  // until they are handed on
  const options::Source source_;
  net::Loop loop_;
  transport::TcpBudget tcp_budget_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<Forwarding> forwarding_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<feed::ConsulFeed> feed_;        // with --consul
  std::unique_ptr<registry::Registry> registry_;  // without
  catalog::Source* catalog_ = nullptr;            // one of the two
  std::unique_ptr<SnapshotWriter> snapshot_writer_;
  std::unique_ptr<OperationsView> view_;
  std::unique_ptr<http::Server> operations_;
  std::vector<net::SocketAddress> bound_;
};

}  // namespace signpost::dnsd
