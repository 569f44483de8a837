// Signpost. Apache-2.0; see LICENSE.
#include "registrar/server.h"

#include <csignal>
#include <utility>

#include "common/base/log.h"
#include "common/net/signals.h"

namespace signpost::registrar {
namespace {

constexpr Millis kTick{10000};
constexpr Millis kStopLimit{4000};

}  // namespace

Server::Server(RegistrarOptions options, Invocation invocation)
    : options_(std::move(options)), invocation_(std::move(invocation)) {}

Server::~Server() = default;

Status Server::Run() {
  std::signal(SIGPIPE, SIG_IGN);
  const net::SignalWatcher on_term(loop_, SIGTERM, [this] { OnStopSignal(); });
  const net::SignalWatcher on_int(loop_, SIGINT, [this] { OnStopSignal(); });
  const net::SignalWatcher on_hup(loop_, SIGHUP, [this] { Reload(); });
  if (Status begun = Begin(); !begun.ok()) return begun;
  loop_.Run();
  net::HoldSignals({SIGTERM, SIGINT});
  operations_.reset();
  first_contact_.reset();
  tick_.reset();
  reconciler_.reset();
  return result_;
}

Status Server::Begin() {
  addresses_ = FindHostAddresses(options_.live.ip, MachineAddresses());
  if (!options_.live.ip.empty() && addresses_ == HostAddresses{}) {
    return Status::Unavailable("--ip " + options_.values.String("ip") + " gives no address on this host");
  }
  engine_ = std::make_unique<EngineClient>(loop_, options_.start.engine);
  agent_ = std::make_unique<consul::AgentClient>(loop_, options_.start.agent);
  reconciler_ = std::make_unique<Reconciler>(loop_, *engine_, *agent_, MakeReconcilerOptions(options_, addresses_));
  if (Status bound = BindOperations(); !bound.ok()) return bound;
  tick_ = std::make_unique<net::Timer>(loop_, [this] { OnTick(); });
  tick_->StartPeriodic(kTick);
  for (const std::string& note : options_.notes) LogInfo(note);
  LogInfo("registrar writes to " + options_.start.agent.url + " with " + Describe(addresses_) + ", operations on " +
          operations_->local().ToString() + (options_.start.dry_run ? "; dry run: nothing is written" : ""));
  if (!options_.start.retry_attempts) {
    StartReconciler();
    return Status::Ok();
  }
  first_contact_ = std::make_unique<FirstContact>(loop_, *agent_, *options_.start.retry_attempts,
                                                  options_.start.retry_interval, [this](Status status) {
                                                    if (!status.ok()) return Fail(std::move(status));
                                                    if (!stopping_) StartReconciler();
                                                  });
  return Status::Ok();
}

Status Server::BindOperations() {
  view_ = std::make_unique<OperationsView>(
      OperationsView{*reconciler_, *engine_, *agent_, addresses_, options_.start.dry_run, SystemClock().Monotonic()});
  auto operations = http::Server::Listen(
      loop_, options_.start.http, {.max_connections = 64},
      [this](const http::ServerRequest& request, const std::unique_ptr<http::Responder>& responder) {
        responder->Send(AnswerOperations(*view_, request));
      });
  if (!operations.ok()) {
    return {operations.status().kind(), "cannot open the operations listener " + options_.start.http.ToString() + ": " +
                                            operations.status().text() + "; choose another address with --http"};
  }
  operations_ = std::move(operations).value();
  return Status::Ok();
}

void Server::StartReconciler() {
  started_ = true;
  reconciler_->Start();
}

void Server::OnTick() {
  if (stopping_) return;
  LookAtAddresses();
  LookAtSocket();
}

void Server::LookAtAddresses() {
  const HostAddresses now = WithLast(FindHostAddresses(options_.live.ip, MachineAddresses()), addresses_);
  if (now == addresses_) return;
  LogInfo("the host's address is " + Describe(now) + " now, no longer " + Describe(addresses_));
  addresses_ = now;
  reconciler_->SetMapping(MakeMapping(options_, addresses_));
}

void Server::LookAtSocket() {
  if (started_ && reconciler_->view().stale_socket) Fail(Status::Unavailable(reconciler_->view().engine_trouble));
}

// All or nothing: what is wrong with the new options leaves the old ones in force.
void Server::Reload() {
  auto values = ReadValues(invocation_);
  if (!values.ok()) return LogError("reload refused, the old options stay: " + values.status().text());
  auto options = MakeRegistrarOptions(invocation_, values.value());
  if (!options.ok()) return LogError("reload refused, the old options stay: " + options.status().text());
  HostAddresses addresses = FindHostAddresses(options.value().live.ip, MachineAddresses());
  if (options.value().live.ip == options_.live.ip) addresses = WithLast(std::move(addresses), addresses_);
  if (!options.value().live.ip.empty() && addresses == HostAddresses{}) {
    return LogError("reload refused, the old options stay: --ip " + values.value().String("ip") +
                    " gives no address on this host");
  }
  for (const std::string_view name : options::SealedChanges(options_.values, values.value())) {
    LogWarn("--" + std::string(name) + " changes with the next start only");
  }
  options_.live = std::move(options.value().live);
  addresses_ = std::move(addresses);
  SetLogging(options_.live.log.level, options_.live.log.format);
  agent_->ReloadToken();
  reconciler_->SetMapping(MakeMapping(options_, addresses_));
  LogInfo("options reloaded");
}

void Server::OnStopSignal() {
  if (stopping_) {
    return Fail(Status::Unavailable("stopped by a second signal before everything was done"));
  }
  stopping_ = true;
  LogInfo("stopping");
  if (!started_) return loop_.Stop();
  reconciler_->Stop(options_.start.on_exit, kStopLimit, [this] { loop_.Stop(); });
}

void Server::Fail(Status status) {
  result_ = std::move(status);
  loop_.Stop();
}

}  // namespace signpost::registrar
