// Signpost. Apache-2.0; see LICENSE.
// lb as a whole: what is started in which order, and stopped in the reverse one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/http/server.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "common/options/options.h"
#include "lb/access_log.h"
#include "lb/admin_api.h"
#include "lb/health/checker.h"
#include "lb/lb_options.h"
#include "lb/listener_set.h"
#include "lb/operations.h"
#include "lb/publish/publisher.h"
#include "lb/snapshot_file.h"
#include "lb/source_set.h"
#include "lb/takeover.h"
#include "lb/worker.h"

namespace signpost::lb {

class Server final : private ListenerHost {
 public:
  // `source` is read again on SIGHUP.
  Server(LbOptions options, options::Source source);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves until SIGTERM or SIGINT, or until another lb has taken over; lets what is under way finish, a second signal
  // ends it at once. The status of a failed start tells what to do.
  Status Run();

 private:
  // Before the loop runs.
  Status Begin();
  Status TakeSockets();
  void MakeWorkers();
  void LoadLastServices();
  Status BindOperations();

  // The running lb is left behind: accepts, and tells it so.
  void LookAtTakeover();
  void GoOn();
  void OpenTakeover();
  void OnTaken();

  void OnPublish(const std::shared_ptr<const Routes>& routes, bool endpoints_removed);
  void OnRequest(const http::ServerRequest& request, const std::unique_ptr<http::Responder>& responder);
  OperationsView View() const;
  std::vector<std::string> Unbound() const;
  void SaveServices();
  void Reload();
  void ReportReload();

  void OnStopSignal();
  void Drain();
  void OnWorkerEnd();
  void End();

  size_t workers() const override { return workers_.size(); }
  void ServeSocket(size_t worker, const net::SocketAddress& address, net::UniqueFd fd) override;
  void CloseSockets(const net::SocketAddress& address) override;

  LbOptions options_;
  const options::Source source_;
  const Nanos started_;
  net::Loop loop_;
  std::unique_ptr<AccessLog> access_log_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<ListenerSet> listeners_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<SourceSet> sources_;
  std::unique_ptr<Checker> checker_;
  std::unique_ptr<AdminApi> admin_;
  std::unique_ptr<http::Server> operations_;
  std::unique_ptr<SnapshotWriter> snapshot_writer_;
  std::unique_ptr<TakeoverServer> takeover_;   // while others may take over from us
  std::optional<TakeoverClient> predecessor_;  // while we take over
  net::Timer takeover_tick_;
  net::Timer operations_retry_;
  net::Timer snapshot_tick_;
  net::Timer pre_stop_;
  std::shared_ptr<const Routes> routes_;
  Millis takeover_until_{0};
  bool learnt_ = false;               // a tick ago all sources were ready
  std::optional<Nanos> loaded_from_;  // when the snapshot was saved, wall clock
  bool signalled_ = false;            // SIGTERM or SIGINT came
  bool stopping_ = false;
  bool draining_ = false;
  bool handed_over_ = false;
  size_t ended_ = 0;  // workers
};

}  // namespace signpost::lb
