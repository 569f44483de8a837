// Signpost. Apache-2.0; see LICENSE.
// registrar as a daemon: what is started in which order, and stopped in the reverse one.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/status.h"
#include "common/consul/agent_client.h"
#include "common/http/server.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "registrar/docker/engine_client.h"
#include "registrar/first_contact.h"
#include "registrar/operations.h"
#include "registrar/reconcile/reconciler.h"
#include "registrar/registrar_options.h"

namespace signpost::registrar {

class Server {
 public:
  // `invocation` is read again on SIGHUP.
  Server(RegistrarOptions options, Invocation invocation);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves until SIGTERM or SIGINT, then does what --on-exit says; a second signal ends it at once. The status of a
  // failure tells what to do.
  Status Run();

 private:
  Status Begin();
  Status BindOperations();
  void StartReconciler();
  void OnTick();
  // The host's addresses may have changed (case 112).
  void LookAtAddresses();
  // A socket file that was mounted into this container leads nowhere after the engine's restart.
  void LookAtSocket();
  void Reload();
  void OnStopSignal();
  void Fail(Status status);

  RegistrarOptions options_;
  const Invocation invocation_;
  net::Loop loop_;
  HostAddresses addresses_;
  std::unique_ptr<EngineClient> engine_;
  std::unique_ptr<consul::AgentClient> agent_;
  std::unique_ptr<Reconciler> reconciler_;
  std::unique_ptr<FirstContact> first_contact_;
  std::unique_ptr<OperationsView> view_;
  std::unique_ptr<http::Server> operations_;
  std::unique_ptr<net::Timer> tick_;
  bool started_ = false;
  bool stopping_ = false;
  Status result_;
};

}  // namespace signpost::registrar
