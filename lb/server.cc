// Signpost. Apache-2.0; see LICENSE.
#include "lb/server.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <utility>

#include "common/base/log.h"
#include "common/base/random.h"
#include "common/net/signals.h"
#include "common/options/text.h"

namespace signpost::lb {
namespace {

constexpr Millis kTakeoverTalk{5000};
constexpr Millis kTakeoverTick{50};
// After this the new lb serves with what it knows, as after any start.
constexpr Millis kTakeoverPatience{30000};
constexpr Millis kSnapshotFirst{1000};
constexpr Millis kSnapshotEvery{60000};
constexpr Millis kOperationsRetry{200};
// How long clients with an idle connection may still send a request on it, once no more are accepted.
constexpr Millis kGrace{500};
constexpr Millis kGraceOfSuccession{5000};

std::string SnapshotPath(const StartOptions& start) { return start.data_dir + "/lb-snapshot.json"; }

// A connection takes two descriptors, and the soft limit that shells and systemd give is 1,024.
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Creates the last directory of the path only: a mistyped path should fail.
Status MakeDataDir(const std::string& path) {
  if (mkdir(path.c_str(), 0750) == 0 || errno == EEXIST) return Status::Ok();
  return Status::System(
      "cannot create " + path + "; choose another place with --data-dir, or --data-dir '' to keep nothing", errno);
}

// Unique among all processes, short, and without meaning for strangers.
std::string RequestIdPrefix() {
  char text[17];
  std::snprintf(text, sizeof text, "%012llx", static_cast<unsigned long long>(RandomSeed() & 0xffffffffffffU));
  return text;
}

std::string Age(Nanos since) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(SystemClock().Wall() - since);
  return options::FormatDuration(std::max<Millis>(seconds, Millis(0)));
}

}  // namespace

Server::Server(LbOptions options, options::Source source)
    : options_(std::move(options)),
      source_(std::move(source)),
      started_(SystemClock().Monotonic()),
      takeover_tick_(loop_, [this] { LookAtTakeover(); }),
      operations_retry_(loop_,
                        [this] {
                          if (!BindOperations().ok()) operations_retry_.Start(kOperationsRetry);
                        }),
      snapshot_tick_(loop_, [this] { SaveServices(); }),
      pre_stop_(loop_, [this] { Drain(); }) {}

Server::~Server() = default;

Status Server::Run() {
  std::signal(SIGPIPE, SIG_IGN);
  // Before the first answer: whoever has seen one may ask for the end.
  const net::SignalWatcher on_term(loop_, SIGTERM, [this] { OnStopSignal(); });
  const net::SignalWatcher on_int(loop_, SIGINT, [this] { OnStopSignal(); });
  const net::SignalWatcher on_hup(loop_, SIGHUP, [this] { Reload(); });
  const net::SignalWatcher on_usr1(loop_, SIGUSR1, [this] {
    if (access_log_) access_log_->Reopen();
  });
  RaiseFileLimit();
  if (Status begun = Begin(); !begun.ok()) return begun;
  loop_.Run();
  net::HoldSignals({SIGTERM, SIGINT});
  End();
  return Status::Ok();
}

Status Server::Begin() {
  if (!options_.start.data_dir.empty()) {
    if (Status made = MakeDataDir(options_.start.data_dir); !made.ok()) return made;
  }
  if (Status taken = TakeSockets(); !taken.ok()) return taken;
  publisher_ = std::make_unique<Publisher>(
      loop_, options_.live.publish, options_.live.config,
      [this](const std::shared_ptr<const Routes>& routes, bool removed) { OnPublish(routes, removed); });
  admin_ = std::make_unique<AdminApi>(
      loop_,
      AdminApi::Target{
          .set_drained = [this](const auto& s, const auto& e, bool d) { return publisher_->SetDrained(s, e, d); },
          .set_weight = [this](const auto& s, const auto& e, int w) { return publisher_->SetWeight(s, e, w); }});
  checker_ = std::make_unique<Checker>(loop_);
  sources_ = std::make_unique<SourceSet>(loop_, *publisher_);
  // The predecessor still has the operations' address.
  if (!predecessor_) {
    if (Status bound = BindOperations(); !bound.ok()) return bound;
    OpenTakeover();
  }
  LoadLastServices();
  sources_->Start(options_);
  for (const auto& worker : workers_) worker->Start();
  LogInfo("lb serves with " + std::to_string(workers_.size()) + " threads, operations on " +
          options_.start.http.ToString() + (predecessor_ ? ", after the running lb" : ""));
  return Status::Ok();
}

// Workers and listeners, with the sockets of the lb that runs already.
Status Server::TakeSockets() {
  MakeWorkers();
  ListenerHost& host = *this;
  listeners_ = std::make_unique<ListenerSet>(loop_, host, RandomSeed());
  if (options_.start.takeover.empty()) return Status::Ok();
  auto client = TakeoverClient::Connect(options_.start.takeover, kTakeoverTalk);
  if (client.status().kind() == ErrorKind::kNotFound) return Status::Ok();
  if (!client.ok()) {
    return {client.status().kind(), client.status().text() + "; stop the running lb, or start without --takeover"};
  }
  predecessor_ = std::move(client).value();
  std::vector<PassedSocket> sockets = predecessor_->TakeSockets();
  LogInfo("takes over " + std::to_string(sockets.size()) + " listening sockets");
  listeners_->Inherit(std::move(sockets));
  listeners_->Hold();
  takeover_until_ = loop_.Now() + kTakeoverPatience;
  takeover_tick_.StartPeriodic(kTakeoverTick);
  return Status::Ok();
}

void Server::MakeWorkers() {
  const auto count = static_cast<size_t>(options_.start.threads);
  access_log_ = std::make_unique<AccessLog>(count);
  access_log_->Configure(options_.live.access_path, options_.live.access_format);
  const auto rules = std::make_shared<const SessionRules>(options_.live.rules);
  const std::string prefix = RequestIdPrefix();
  for (size_t i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(access_log_->port(i), prefix + "-" + std::to_string(i) + "-",
                                                [this] { loop_.Post([this] { OnWorkerEnd(); }); }));
    workers_.back()->SetRules(rules);
  }
}

void Server::LoadLastServices() {
  if (options_.start.data_dir.empty()) return;
  const std::string path = SnapshotPath(options_.start);
  snapshot_writer_ = std::make_unique<SnapshotWriter>(loop_, path);
  snapshot_tick_.Start(kSnapshotFirst);
  if (!options_.start.consul && options_.live.dns.servers.empty()) return;
  auto snapshot = LoadSnapshot(path);
  if (!snapshot.ok()) {
    if (snapshot.status().kind() != ErrorKind::kNotFound) LogWarn(snapshot.status().text() + "; started without it");
    return;
  }
  const Nanos age = SystemClock().Wall() - snapshot->saved;
  if (age > options_.start.max_snapshot_age) {
    return LogInfo(path + " is " + Age(snapshot->saved) + " old: not used (--max-snapshot-age)");
  }
  if (Status loaded = publisher_->LoadSnapshot(snapshot->state); !loaded.ok())
    return LogWarn(path + ": " + loaded.text());
  loaded_from_ = snapshot->saved;
  LogInfo("starts with the services of " + Age(snapshot->saved) + " ago, until the sources answer");
}

Status Server::BindOperations() {
  auto operations = http::Server::Listen(
      loop_, options_.start.http, {.max_connections = 64},
      [this](const http::ServerRequest& request, const std::unique_ptr<http::Responder>& responder) {
        OnRequest(request, responder);
      });
  if (!operations.ok()) {
    return {operations.status().kind(), "cannot open the operations listener " + options_.start.http.ToString() + ": " +
                                            operations.status().text() + "; choose another address with --http"};
  }
  operations_ = std::move(operations).value();
  return Status::Ok();
}

// --- one lb after the other ------------------------------------------------------------------------------------------

// Routes that the last word of a source made are published a turn later: hence one tick more.
void Server::LookAtTakeover() {
  const bool learnt = routes_ != nullptr && sources_->ready();
  if (std::exchange(learnt_, learnt) && learnt) return GoOn();
  if (predecessor_->Abandoned() || loop_.Now() >= takeover_until_) {
    LogWarn("goes on without waiting for all sources");
    GoOn();
  }
}

void Server::GoOn() {
  takeover_tick_.Stop();
  listeners_->Release();
  if (const Status released = predecessor_->Serving(kTakeoverTalk); !released.ok()) LogWarn(released.text());
  predecessor_.reset();
  listeners_->RetryNow();  // what only the other had bound is free now
  LogInfo("has taken over");
  OpenTakeover();
  if (const Status bound = BindOperations(); !bound.ok()) {
    LogWarn(bound.text());
    operations_retry_.Start(kOperationsRetry);
  }
}

void Server::OpenTakeover() {
  if (options_.start.takeover.empty() || stopping_) return;
  auto server = TakeoverServer::Listen(
      loop_, options_.start.takeover,
      {.sockets = [this] { return listeners_->descriptors(); }, .on_taken = [this] { OnTaken(); }});
  if (!server.ok()) return LogError(server.status().text() + ": the next lb cannot take over");
  takeover_ = std::move(server).value();
}

void Server::OnTaken() {
  LogInfo("another lb has taken over");
  handed_over_ = true;
  stopping_ = true;
  snapshot_tick_.Stop();
  operations_.reset();
  Drain();
}

// --- at work ---------------------------------------------------------------------------------------------------------

void Server::OnPublish(const std::shared_ptr<const Routes>& routes, bool endpoints_removed) {
  routes_ = routes;
  for (const auto& worker : workers_) worker->Publish(routes, endpoints_removed);
  if (!draining_) listeners_->Follow(routes->listeners);
  checker_->Follow(routes->pools);
}

void Server::ServeSocket(size_t worker, const net::SocketAddress& address, net::UniqueFd fd) {
  workers_[worker]->Serve(address, std::move(fd));
}

void Server::CloseSockets(const net::SocketAddress& address) {
  for (const auto& worker : workers_) worker->Close(address);
}

void Server::OnRequest(const http::ServerRequest& request, const std::unique_ptr<http::Responder>& responder) {
  if (AdminApi::IsMine(request.path)) return responder->Send(admin_->Handle(request, options_.live.admin_token));
  responder->Send(AnswerOperations(View(), request));
}

OperationsView Server::View() const {
  OperationsView view;
  view.now = loop_.Now();
  view.uptime = std::chrono::duration_cast<Millis>(SystemClock().Monotonic() - started_);
  view.stopping = stopping_;
  view.held = listeners_->held();
  if (loaded_from_) view.snapshot = Age(*loaded_from_);
  view.routes = routes_;
  view.sources = sources_->Statuses();
  view.listeners = listeners_->statuses();
  view.unbound = Unbound();
  view.conflicts = publisher_->conflicts();
  view.warnings = publisher_->warnings();
  view.find = [this](const std::string& service) { return publisher_->Find(service); };
  view.endpoints = &publisher_->endpoints();
  for (const auto& worker : workers_) {
    view.workers.push_back({.sessions = worker->sessions(),
                            .idle_connections = worker->idle_connections(),
                            .counters = &worker->counters(),
                            .idle = &worker->idle(),
                            .accepts = &worker->accepts()});
  }
  view.checks = checker_->counters();
  view.access_written = access_log_->written();
  view.access_dropped = access_log_->dropped();
  return view;
}

std::vector<std::string> Server::Unbound() const {
  std::vector<std::string> unbound;
  for (const ListenerSet::ListenerStatus& status : listeners_->statuses()) {
    if (status.state == ListenerSet::State::kBound || !IsRequired(options_.live, status.address)) continue;
    unbound.push_back(status.reason.empty() ? "does not listen on " + status.address.ToString() + " yet"
                                            : status.reason);
  }
  return unbound;
}

// Nothing before the sources have told all: half of the services would replace the file that has them all.
void Server::SaveServices() {
  const bool ready = !sources_->empty() && sources_->ready() && !predecessor_;
  snapshot_tick_.Start(ready ? kSnapshotEvery : kSnapshotFirst);
  if (!ready) return;
  loaded_from_.reset();
  snapshot_writer_->Write(publisher_->SaveSnapshot(), SystemClock().Wall());
}

// Whoever has read the line meets the new options on every connection.
void Server::ReportReload() {
  auto left = std::make_shared<size_t>(workers_.size());
  for (const auto& worker : workers_) {
    worker->Settle([this, left] {
      loop_.Post([left] {
        if (--*left == 0) LogInfo("options reloaded");
      });
    });
  }
}

// All or nothing: what is wrong with the new options leaves the old ones in force (case R09).
void Server::Reload() {
  if (stopping_) return;
  auto values = options::Read(LbRows(), source_);
  if (!values.ok()) return LogError("reload refused, the old options stay: " + values.status().text());
  auto options = MakeLbOptions(values.value());
  if (!options.ok()) return LogError("reload refused, the old options stay: " + options.status().text());
  for (const std::string_view name : options::SealedChanges(options_.values, values.value())) {
    LogWarn("--" + std::string(name) + " changes with the next start only");
  }
  options_.live = std::move(options.value().live);
  SetLogging(options_.live.log.level, options_.live.log.format);
  access_log_->Configure(options_.live.access_path, options_.live.access_format);
  const auto rules = std::make_shared<const SessionRules>(options_.live.rules);
  for (const auto& worker : workers_) worker->SetRules(rules);
  publisher_->Reconfigure(options_.live.publish, options_.live.config);
  sources_->Reload(options_.live);
  loop_.Post([this] { ReportReload(); });  // behind the publication
}

// --- the end ---------------------------------------------------------------------------------------------------------

// Case R06: not ready first, so that whoever sends us traffic looks elsewhere; then no new connections; then the end.
void Server::OnStopSignal() {
  if (std::exchange(signalled_, true)) {
    LogInfo("stopping at once");
    for (const auto& worker : workers_) worker->Kill();
    return;
  }
  if (handed_over_) return LogInfo("stops already, since another lb has taken over; a second signal ends it at once");
  stopping_ = true;
  LogInfo("stopping");
  takeover_.reset();
  takeover_tick_.Stop();  // a takeover that waited is off: the running lb goes on
  operations_retry_.Stop();
  predecessor_.reset();
  for (const auto& worker : workers_) worker->Announce();
  if (options_.live.pre_stop == Millis(0)) return Drain();
  pre_stop_.Start(options_.live.pre_stop);
}

void Server::Drain() {
  draining_ = true;
  const Millis limit = options_.live.stop_timeout;
  const Millis grace = std::min(handed_over_ ? kGraceOfSuccession : kGrace, limit / 2);
  for (const auto& worker : workers_) worker->Drain(grace, limit, handed_over_);
  listeners_->Clear();
}

void Server::OnWorkerEnd() {
  if (++ended_ == workers_.size()) loop_.Stop();
}

void Server::End() {
  for (const auto& worker : workers_) worker->Join();
  operations_.reset();
  if (snapshot_writer_ && !handed_over_ && !sources_->empty() && sources_->ready()) {
    snapshot_writer_->WriteLast(publisher_->SaveSnapshot(), SystemClock().Wall());
  }
  takeover_.reset();
  sources_.reset();
  checker_.reset();
  admin_.reset();
  snapshot_writer_.reset();
  workers_.clear();
  access_log_.reset();
}

}  // namespace signpost::lb
