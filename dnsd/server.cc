// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/server.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

#include "common/base/log.h"
#include "common/http/operations.h"
#include "common/net/tcp.h"
#include "common/net/udp.h"
#include "dnsd/catalog/snapshot_file.h"
#include "dnsd/explain.h"
#include "dnsd/sandbox/privileges.h"
#include "dnsd/sandbox/system_calls.h"
#include "dnsd/settings.h"

namespace signpost::dnsd {
namespace {

// TCP clients get this long to take their last answers.
constexpr Millis kStopGrace{1000};

std::string SnapshotPath(const StartOptions& start) { return start.data_dir + "/catalog.snapshot"; }

feed::ConsulFeedOptions FeedOptions(const DnsdOptions& options) {
  const options::ConsulOptions& consul = *options.start.consul;
  feed::ConsulFeedOptions feed;
  feed.agent.url = consul.unix_socket.empty() ? consul.url : "unix://" + consul.unix_socket;
  feed.agent.token = consul.token;
  feed.agent.token_file = consul.token_file;
  feed.agent.tls = {.ca_file = consul.ca_file, .client_cert = consul.client_cert, .client_key = consul.client_key};
  if (!options.start.datacenter_is_default) feed.datacenter = options.start.datacenter;
  feed.max_stale = options.live.max_stale;
  return feed;
}

// Of the API's 4,096 blocked queries and as many others; Consul's own clients hold one or two each.
constexpr size_t kApiConnections = 8192;

registry::RegistrySettings SettingsOf(const StartOptions& start) {
  const RegistryOptions& registry = start.registry;
  return {.datacenter = start.datacenter,
          .node = registry.node,
          .address = registry.address,
          .database = start.data_dir.empty() ? "" : start.data_dir + "/registry.db",
          .service_files = registry.service_files,
          .token_file = registry.token_file,
          .read_needs_token = registry.read_needs_token,
          .script_checks = registry.script_checks,
          .docker_url = registry.docker_url};
}

// Every blocked query holds a connection, and the soft limit that shells and systemd give is 1,024 files. Not more than
// needed: programs that health checks start may walk through all numbers up to the limit.
void RaiseFileLimit() {
  constexpr rlim_t kEnough = 65536;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kEnough) return;
  limit.rlim_cur = std::min(limit.rlim_max, kEnough);
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Creates the last directory of the path only: a mistyped path should fail.
Status MakeDataDir(const std::string& path) {
  if (mkdir(path.c_str(), 0750) == 0 || errno == EEXIST) return Status::Ok();
  return Status::System("cannot create " + path + "; choose another place with --data-dir, or --dev to keep nothing",
                        errno);
}

// A snapshot that cannot be read stays for a look; the next one must not overwrite it.
// Returns the rest of the sentence that reports it.
std::string KeepUnusable(const std::string& path) {
  const std::string kept = path + ".unusable";
  return std::rename(path.c_str(), kept.c_str()) == 0 ? "; the file is kept as " + kept : "";
}

std::string PortInUse(const Status& status) {
  return status.text() +
         ". If another name server holds the port (systemd-resolved on 127.0.0.53, dnsmasq, a second dnsd), stop it or "
         "choose other addresses with --listen; `ss -lunp` shows who it is";
}

}  // namespace

Server::Server(DnsdOptions options, std::shared_ptr<const static_zone::ZoneSet> zones, options::Source source)
    : options_(std::move(options)),
      zones_(std::move(zones)),
      source_(std::move(source)),
      tcp_budget_(static_cast<size_t>(options_.start.tcp_max_connections),
                  static_cast<size_t>(options_.start.tcp_max_per_client)) {}

Server::~Server() = default;

Status Server::Run() {
  std::signal(SIGPIPE, SIG_IGN);
  // Before the first answer: whoever has seen one may ask for the end.
  const net::SignalWatcher on_term(loop_, SIGTERM, [this] { loop_.Stop(); });
  const net::SignalWatcher on_int(loop_, SIGINT, [this] { loop_.Stop(); });
  const net::SignalWatcher on_hup(loop_, SIGHUP, [this] { Reload(); });
  RaiseFileLimit();
  if (!options_.start.data_dir.empty()) {
    if (Status made = MakeDataDir(options_.start.data_dir); !made.ok()) return made;
  }
  if (Status bound = Bind(); !bound.ok()) return bound;
  if (Status bound = BindOperations(); !bound.ok()) return bound;
  if (Status dropped = DropPrivileges(); !dropped.ok()) return dropped;
  if (Status opened = OpenSource(); !opened.ok()) return opened;
  view_ = std::make_unique<OperationsView>(OperationsView{workers_, *publisher_, *forwarding_, feed_.get(),
                                                          registry_.get(), bound_, SystemClock().Monotonic()});
  StartSource();
  forwarding_->Start(options_.live.resolver, std::move(zones_), bound_);
  for (const auto& worker : workers_) worker->Start();
  if (Status restricted = RestrictSystemCalls(); !restricted.ok()) {
    Stop();
    return restricted;
  }

  if (getuid() == 0) LogWarn("runs as root; name a user with --user, which it becomes once its ports are bound");
  LogInfo("dnsd answers on " + bound_.front().ToString() + (bound_.size() > 1 ? " and other addresses" : "") + " for " +
          options_.start.domain + ", operations on " + operations_->local().ToString());
  loop_.Run();
  Stop();
  net::HoldSignals({SIGTERM, SIGINT});
  return Status::Ok();
}

Status Server::Bind() {
  const auto settings = MakeSettings(options_);
  const transport::TcpOptions tcp{.idle_timeout = options_.start.tcp_idle_timeout};
  std::vector<wire::Name> own_domains = {settings->domain};
  if (settings->alt_domain) own_domains.push_back(*settings->alt_domain);
  const ResolverStartOptions& resolver = options_.start.resolver;
  const auto threads = static_cast<size_t>(options_.start.threads);
  forwarding_ = std::make_unique<Forwarding>(loop_, workers_, resolver, std::move(own_domains));
  for (size_t i = 0; i < threads; ++i) {
    workers_.push_back(
        std::make_unique<Worker>(settings, tcp, tcp_budget_, Forwarding::CacheShare(resolver, threads), HooksOf(i)));
  }
  for (const net::SocketAddress& address : options_.start.listen) {
    auto bound = BindAddress(address);
    if (bound.ok()) {
      bound_.push_back(bound.value());
    } else if (options_.start.listen_is_default && address.family() == AF_INET6 && !bound_.empty()) {
      LogInfo("goes on without IPv6: " + bound.status().text());
    } else {
      return {bound.status().kind(), PortInUse(bound.status())};
    }
  }
  publisher_ = std::make_unique<Publisher>(loop_, settings, workers_);
  return Status::Ok();
}

Worker::Hooks Server::HooksOf(size_t worker) {
  return {.wanted = [this](std::vector<catalog::Key> keys) { OnWanted(std::move(keys)); },
          .ask = [this, worker](resolver::Question question) { forwarding_->Ask(worker, std::move(question)); },
          .refresh = [this](resolver::Question question) { forwarding_->Refresh(std::move(question)); },
          .probe_seen = [this](std::string_view label) { forwarding_->OnProbe(label); }};
}

Result<net::SocketAddress> Server::BindAddress(net::SocketAddress address) {
  // With SO_REUSEPORT a second dnsd would share the port in silence and take half of the questions.
  if (Status free = net::UdpSocket::Probe(address); !free.ok()) return free;
  if (Status free = net::TcpListener::Probe(address); !free.ok()) return free;
  for (const auto& worker : workers_) {
    auto bound = worker->Bind(address);
    if (!bound.ok()) return bound.status();
    address = bound.value();  // port 0: all workers share the port that the first one got
  }
  return address;
}

Status Server::OpenSource() {
  if (!options_.start.consul) return OpenRegistry();
  OpenFeed();
  return Status::Ok();
}

void Server::OpenFeed() {
  feed::ConsulFeedOptions feed_options = FeedOptions(options_);
  feed_options.on_datacenter = [this](const std::string& name) { OnDatacenter(name); };
  feed_ = std::make_unique<feed::ConsulFeed>(loop_, SystemClock(), std::move(feed_options));
  catalog_ = feed_.get();
  if (options_.start.data_dir.empty()) return;
  const std::string path = SnapshotPath(options_.start);
  auto snapshot = catalog::LoadSnapshot(path);
  if (snapshot.ok()) {
    feed_->Restore(std::move(snapshot).value());
  } else if (snapshot.status().kind() != ErrorKind::kNotFound) {
    LogWarn(snapshot.status().text() + KeepUnusable(path));
  }
  snapshot_writer_ = std::make_unique<SnapshotWriter>(loop_, path, options_.start.snapshot_interval, *feed_);
}

Status Server::OpenRegistry() {
  auto registry = registry::Registry::Open(loop_, SystemClock(), SettingsOf(options_.start));
  if (!registry.ok()) return registry.status();
  registry_ = std::move(registry).value();
  catalog_ = &registry_->source();
  return Status::Ok();
}

void Server::StartSource() { catalog_->Start(*publisher_); }

Status Server::BindOperations() {
  http::ServerOptions http_options{.max_connections = 64};
  const bool is_api = !options_.start.consul;
  if (is_api) {
    http_options.max_connections = kApiConnections;
    http_options.gzip = true;
  }
  auto operations =
      http::Server::Listen(loop_, options_.start.http, http_options,
                           [this](http::ServerRequest request, std::unique_ptr<http::Responder> responder) {
                             OnRequest(std::move(request), std::move(responder));
                           });
  if (!operations.ok()) {
    const std::string what = is_api ? "the registry's API " : "the operations listener ";
    return {operations.status().kind(), "cannot open " + what + options_.start.http.ToString() + ": " +
                                            operations.status().text() + "; choose another address with --http"};
  }
  operations_ = std::move(operations).value();
  return Status::Ok();
}

Status Server::DropPrivileges() {
  const std::string& user = options_.start.resolver.user;
  if (!user.empty()) {
    std::vector<std::string> owned;
    const std::string& folder = options_.start.data_dir;
    // What another user may have left there at an earlier start.
    for (const char* file : {"", "/registry.db", "/registry.db-wal", "/registry.db-shm", "/catalog.snapshot"}) {
      if (!folder.empty() && access((folder + file).c_str(), F_OK) == 0) owned.push_back(folder + file);
    }
    if (Status become = sandbox::BecomeUser(user, owned); !become.ok()) return become;
  }
  return sandbox::RefuseNewPrivileges();
}

// After all threads have started, which the kernel is asked to bind to the same rules.
Status Server::RestrictSystemCalls() {
  if (!options_.start.resolver.seccomp) return Status::Ok();
  Status restricted = sandbox::RestrictSystemCalls({.may_execute = options_.start.registry.script_checks});
  if (restricted.kind() != ErrorKind::kUnavailable) return restricted;
  LogWarn("goes on without a system call filter: " + restricted.text());
  return Status::Ok();
}

void Server::OnRequest(http::ServerRequest request, std::unique_ptr<http::Responder> responder) {
  if (request.path == kExplainPath) return Explain(*view_, request, loop_, std::move(responder));
  if (request.path == kFlushPath) return Flush(*view_, request, loop_, std::move(responder));
  if (registry_ && !http::IsOperationsPath(request.path))
    return registry_->Handle(std::move(request), std::move(responder));
  responder->Send(AnswerOperations(*view_, request));
}

void Server::OnDatacenter(const std::string& name) {
  if (name == options_.start.datacenter) return;
  LogInfo("the agent's datacenter is " + name);
  options_.start.datacenter = name;
  publisher_->SetSettings(MakeSettings(options_), std::nullopt);
}

void Server::OnWanted(std::vector<catalog::Key> keys) {
  loop_.Post([this, keys = std::move(keys)] {
    for (const catalog::Key& key : keys) catalog_->Want(key);
  });
}

// All or nothing: what is wrong with the new options leaves the old ones in force.
void Server::Reload() {
  auto values = options::Read(DnsdRows(), source_);
  if (!values.ok()) {
    LogError("reload refused, the old options stay: " + values.status().text());
    return;
  }
  for (const std::string_view name : options::SealedChanges(options_.values, values.value())) {
    LogWarn("--" + std::string(name) + " changes with the next start only");
  }
  auto options = MakeDnsdOptions(values.value());
  if (!options.ok()) {
    LogError("reload refused, the old options stay: " + options.status().text());
    return;
  }
  auto zones = LoadZones(options.value().live.resolver);
  if (!zones.ok()) {
    LogError("reload refused, the old options stay: " + zones.status().text());
    return;
  }
  if (registry_) {
    if (Status reloaded = registry_->Reload(); !reloaded.ok()) {
      LogError("reload refused, the old options stay: " + reloaded.text());
      return;
    }
  }
  options_.live = options.value().live;
  SetLogging(options_.live.log.level, options_.live.log.format);
  forwarding_->Apply(options_.live.resolver, std::move(zones).value());
  if (feed_) {
    feed_->ReloadToken();
    feed_->SetMaxStale(options_.live.max_stale);
    publisher_->SetSettings(MakeSettings(options_), feed_->Collect());
  } else {
    publisher_->SetSettings(MakeSettings(options_), std::nullopt);
    registry_->Republish();
  }
  LogInfo("options reloaded");
}

void Server::Stop() {
  LogInfo("stopping");
  operations_.reset();
  if (snapshot_writer_) snapshot_writer_->WriteLast();
  for (const auto& worker : workers_) worker->Drain(kStopGrace);
  for (const auto& worker : workers_) worker->Join();
  forwarding_->Stop();
  snapshot_writer_.reset();
  feed_.reset();
  registry_.reset();
}

}  // namespace signpost::dnsd
