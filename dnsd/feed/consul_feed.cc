// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/consul_feed.h"

#include <algorithm>
#include <utility>

#include "common/consul/catalog_json.h"
#include "dnsd/feed/global_watches.h"
#include "dnsd/feed/list_confirmer.h"
#include "dnsd/feed/on_demand.h"
#include "dnsd/feed/own_services.h"
#include "dnsd/feed/prepared_queries.h"

namespace signpost::feed {
namespace {

using catalog::Kind;

constexpr int kGlobalWatches = 3;
constexpr int kSpareConnections = 2;  // beside the fetches: the probe and confirmations must not wait behind them
constexpr Millis kTick{1000};
constexpr int64_t kIdleTicks = 30;     // how often idle entries are looked for, at most
constexpr uint64_t kTrippedTicks = 2;  // how often lost rights are tried again

consul::AgentOptions With(consul::AgentOptions options, int max_connections) {
  options.max_connections = max_connections;
  return options;
}

ConsulFeedOptions Bounded(ConsulFeedOptions options) {
  options.fetch_connections = std::clamp(options.fetch_connections, 1, 64);
  const int left = ConsulFeed::kMaxConnections - kGlobalWatches - kSpareConnections - options.fetch_connections;
  options.max_watches = std::clamp(options.max_watches, 1, left);
  options.datacenter = Lower(options.datacenter);
  return options;
}

FetcherOptions FetchOptions(const ConsulFeedOptions& options, std::string own, std::string agent_datacenter) {
  FetcherOptions fetch;
  fetch.max_in_flight = static_cast<size_t>(options.fetch_connections);
  fetch.sweep_per_second = options.sweep_per_second;
  fetch.own_datacenter = std::move(own);
  fetch.agent_datacenter = std::move(agent_datacenter);
  return fetch;
}

}  // namespace

struct ConsulFeed::Parts {
  Parts(ConsulFeed& feed, const std::string& datacenter, const std::string& agent_datacenter);

  FeedContext context;
  OwnServices own;
  OnDemand on_demand;
  ListConfirmer confirmer;
  PreparedQueries queries;
  Fetcher fetcher;
  KeyWatches watches;
  GlobalWatches globals;

  bool IsOwnService(const catalog::Key& key) const { return key.kind == Kind::kService && context.own(key); }
  Status OnWatched(const catalog::Key& key, const consul::AgentReply& reply) {
    return IsOwnService(key) ? own.OnWatched(key, reply) : on_demand.OnWatched(key, reply);
  }
  void OnWatchFailed(const catalog::Key& key) {
    IsOwnService(key) ? own.OnWatchFailed(key) : on_demand.OnWatchFailed(key);
  }
  Status OnServices(const consul::AgentReply& reply, bool advanced) {
    const bool first = !own.listed();
    Status read = own.OnServiceList(reply, std::nullopt);
    if (read.ok() && advanced && !first) own.RequestSweep();
    return read;
  }
  void DropIdle(Millis limit) {
    watches.DropIdle(limit);
    own.DropIdle(limit);
    on_demand.DropIdle(limit);
    queries.DropIdle(limit);
  }
  void OnNode(const NodeList::Change& change) {
    ++context.changes;
    context.sink.OnNode({Kind::kNode, context.datacenter, change.name}, change.node);
    own.RefreshOnNode(change.name);
  }
  void OnChecks(const Affected& affected) {
    for (const std::string& name : affected.services) own.Refresh(name);
    for (const std::string& node : affected.nodes) own.RefreshOnNode(node);
  }
};

ConsulFeed::Parts::Parts(ConsulFeed& feed, const std::string& datacenter, const std::string& agent_datacenter)
    : context{feed.loop_, *feed.sink_, datacenter},
      own(context),
      on_demand(context, feed.options_.max_on_demand),
      confirmer(feed.loop_, feed.fetch_client_, agent_datacenter,
                [&feed](const auto&... list) { feed.OnConfirmedList(list...); }),
      queries(context, feed.fetch_client_, agent_datacenter, feed.options_.max_on_demand),
      fetcher(feed.loop_, feed.fetch_client_, FetchOptions(feed.options_, datacenter, agent_datacenter),
              {[&feed](const catalog::Key& key, const consul::AgentReply& reply) { feed.OnReply(key, reply); },
               [this] {
                 auto key = on_demand.NextOfSweep();
                 return key ? key : own.NextOfSweep();
               }}),
      watches(feed.loop_, feed.watch_client_,
              {static_cast<size_t>(feed.options_.max_watches), feed.options_.wait, agent_datacenter},
              {[this](const catalog::Key& key, const consul::AgentReply& reply) { return OnWatched(key, reply); },
               [this](const catalog::Key& key, consul::AgentError) { OnWatchFailed(key); }}),
      globals(context, feed.watch_client_, {feed.options_.wait, agent_datacenter},
              {[this](const consul::AgentReply& reply, bool advanced) { return OnServices(reply, advanced); },
               [this](const NodeList::Change& change) { OnNode(change); },
               [this](const Affected& affected) { OnChecks(affected); },
               [&feed](FreshnessTracker::Part part, bool good, const std::string& text) {
                 feed.OnGlobalResult(part, good, text);
               }}) {
  context.fetcher = &fetcher;
  context.watches = &watches;
  context.confirm = [this](const std::string& of, Doubt doubt) { confirmer.Request(of, doubt); };
  context.bad_body = [&feed](const catalog::Key& key, const Status& status) {
    feed.fetch_client_.CountError(consul::AgentError::kBadReply);
    LogDebug(key.name + ": " + status.text());
  };
}

ConsulFeed::ConsulFeed(net::Loop& loop, const Clock& clock, ConsulFeedOptions options)
    : loop_(loop),
      clock_(clock),
      options_(Bounded(std::move(options))),
      watch_client_(loop, With(options_.agent, options_.max_watches + kGlobalWatches)),
      fetch_client_(loop, With(options_.agent, options_.fetch_connections + kSpareConnections)),
      tracker_(options_.max_stale),
      tick_(loop, [this] { Tick(); }) {}

ConsulFeed::~ConsulFeed() = default;

void ConsulFeed::Restore(catalog::Snapshot snapshot) {
  if (!options_.datacenter.empty() && snapshot.datacenter != options_.datacenter) {
    LogWarn("the catalog snapshot is of datacenter " + snapshot.datacenter + ": it is not used");
    return;
  }
  restored_ = std::move(snapshot);
}

void ConsulFeed::Start(catalog::Sink& sink) {
  sink_ = &sink;
  AgentProbeOptions probe;
  probe.learn_datacenter = options_.datacenter.empty();
  probe_ = std::make_unique<AgentProbe>(
      loop_, fetch_client_, probe,
      AgentProbe::Callbacks{
          [this](std::vector<std::string> names) {
            datacenters_ = std::move(names);
            sink_->OnDatacenters(datacenters_);
          },
          [this](bool reachable, bool recovered, const std::string& text) { OnContact(reachable, recovered, text); },
          [this](const std::string& datacenter) { OnOwnDatacenter(datacenter); }});
  tick_.StartPeriodic(kTick);
  sink_->OnFreshness(freshness_);
  // Without an agent's word on its own datacenter every request must name the one meant.
  if (!options_.datacenter.empty()) return Begin(options_.datacenter, "");
  if (restored_) Begin(restored_->datacenter, "");
}

void ConsulFeed::Begin(const std::string& datacenter, const std::string& agent_datacenter) {
  if (options_.on_datacenter) options_.on_datacenter(datacenter);
  parts_ = std::make_unique<Parts>(*this, datacenter, agent_datacenter);
  if (restored_) PublishRestored();
}

void ConsulFeed::PublishRestored() {
  const catalog::Snapshot snapshot = *std::exchange(restored_, std::nullopt);
  datacenters_ = snapshot.datacenters;
  index_ = snapshot.index;
  sink_->OnDatacenters(datacenters_);
  sink_->OnIndex(index_);
  std::vector<NodePointer> own_nodes;
  for (const NodePointer& node : snapshot.nodes) {
    if (node->datacenter == snapshot.datacenter) {
      own_nodes.push_back(node);
    } else {
      parts_->on_demand.Restore({Kind::kNode, node->datacenter, Lower(node->name)}, node);
    }
  }
  parts_->globals.Restore(own_nodes);
  std::vector<std::shared_ptr<const catalog::Service>> own_services;
  for (const auto& service : snapshot.services) {
    if (parts_->IsOwnService(service->key)) {
      own_services.push_back(service);
    } else {
      parts_->on_demand.Restore(service);
    }
  }
  parts_->own.Restore(own_services);
  tracker_.Restored(clock_.Wall() - snapshot.taken, clock_.Monotonic());
  Update();
}

void ConsulFeed::OnOwnDatacenter(const std::string& datacenter) {
  if (!parts_) return Begin(datacenter, datacenter);
  if (parts_->context.datacenter == datacenter) return;
  LogWarn("the agent is of datacenter " + datacenter + ", the catalog snapshot is of " + parts_->context.datacenter +
          ": the snapshot is dropped");
  ForgetAll();
  Begin(datacenter, datacenter);
}

void ConsulFeed::ForgetAll() {
  std::vector<std::shared_ptr<const catalog::Service>> services;
  std::vector<NodePointer> nodes;
  parts_->own.Collect(services);
  parts_->on_demand.Collect(services, nodes);
  for (const auto& [name, node] : parts_->globals.nodes().all()) nodes.push_back(node);
  parts_.reset();
  tracker_ = FreshnessTracker(options_.max_stale);
  tripped_ = false;
  Update();
  for (const auto& service : services) sink_->OnService(service->key, nullptr);
  for (const auto& node : nodes) sink_->OnNode({Kind::kNode, node->datacenter, Lower(node->name)}, nullptr);
}

void ConsulFeed::SetMaxStale(Nanos max_stale) {
  options_.max_stale = max_stale;
  tracker_.SetMaxStale(max_stale);
  Update();
}

void ConsulFeed::Want(const catalog::Key& key) {
  if (!parts_) return sink_->OnUnavailable(key);
  if (parts_->IsOwnService(key)) return parts_->own.Want(key.name);
  if (key.kind == Kind::kQuery) return parts_->queries.Want(key);
  if (key.kind == Kind::kNode && parts_->context.own(key)) return WantOwnNode(key);
  parts_->on_demand.Want(key);
}

void ConsulFeed::WantOwnNode(const catalog::Key& key) {
  const GlobalWatches& globals = parts_->globals;
  NodePointer node = globals.nodes().Find(key.name);
  if (!node && IsUuid(key.name)) node = globals.nodes().FindById(key.name);
  if (!node && (!globals.nodes_known() || parts_->context.distrust)) return sink_->OnUnavailable(key);
  sink_->OnNode(key, std::move(node));
}

void ConsulFeed::OnContact(bool reachable, bool recovered, const std::string& text) {
  tracker_.Report(FreshnessTracker::kContact, reachable);
  troubles_[FreshnessTracker::kContact] = reachable ? "" : text;
  if (parts_) parts_->context.NoteContact(reachable);
  if (recovered && parts_) {
    parts_->globals.Restart();
    parts_->watches.RestartAll();
    parts_->fetcher.Resume();
  }
  Update();
}

void ConsulFeed::OnGlobalResult(FreshnessTracker::Part part, bool good, const std::string& text) {
  const bool recovered = good && !troubles_[part].empty();
  tracker_.Report(part, good);
  troubles_[part] = text;
  if (!good) probe_->Hurry();
  if (!good && parts_) parts_->context.distrust = true;
  if (part == FreshnessTracker::kServices && good) {
    list_since_retry_ = true;
    if (recovered) {
      parts_->watches.RestartFailing();
      parts_->fetcher.Resume();
    }
  }
  const uint64_t index = parts_ ? parts_->globals.index() : 0;
  if (good && index != index_) {
    index_ = index;
    sink_->OnIndex(index_);
  }
  Update();
}

void ConsulFeed::OnReply(const catalog::Key& key, const consul::AgentReply& reply) {
  if (parts_->IsOwnService(key)) {
    parts_->own.OnFetched(key, reply);
    if (freshness_ != catalog::Freshness::kFresh) Update();
  } else if (key.kind == Kind::kQuery) {
    parts_->queries.OnFetched(key, reply);
  } else {
    parts_->on_demand.OnFetched(key, reply);
  }
}

void ConsulFeed::OnConfirmedList(const std::string& datacenter, const consul::AgentReply& reply, Millis sent) {
  const auto services = consul::ReadCatalogServices(reply.body);
  if (!services.ok()) return fetch_client_.CountError(consul::AgentError::kBadReply);
  const ServiceList list = MakeServiceList(services.value());
  FeedContext& context = parts_->context;
  if (datacenter == context.datacenter && !parts_->own.OnServiceList(reply, sent).ok()) return;
  const auto verdict = context.guards[datacenter].JudgeServices(list.size(), Contains(list, "consul"));
  if (verdict == AclGuard::Verdict::kNews && !context.own_guard().tripped()) {
    parts_->on_demand.OnConfirmed(datacenter, list, sent);
  }
  Update();
}

void ConsulFeed::Tick() {
  ++ticks_;
  if (parts_) {
    parts_->own.Tick();
    parts_->on_demand.Tick();
    parts_->queries.Tick();
    RetryIfTripped();
    const int64_t idle_ticks = std::clamp(options_.in_use / kTick / 10, int64_t{1}, kIdleTicks);
    if (ticks_ % static_cast<uint64_t>(idle_ticks) == 0) parts_->DropIdle(options_.in_use);
  }
  Update();
}

// A blocking query does not hear that the token got its rights back.
void ConsulFeed::RetryIfTripped() {
  if (!parts_->context.own_guard().tripped() || ticks_ % kTrippedTicks != 0 || !list_since_retry_) return;
  list_since_retry_ = false;
  parts_->globals.Restart();
}

std::string ConsulFeed::Trouble() const {
  for (const std::string& trouble : troubles_) {
    if (!trouble.empty()) return trouble;
  }
  if (parts_ && parts_->context.tripped(parts_->context.datacenter)) {
    return "the lists of services or nodes became empty or lack the service 'consul': the token seems to have lost its "
           "rights (service:read, node:read); what is known is kept";
  }
  return {};
}

void ConsulFeed::Update() {
  if (parts_) {
    const bool tripped = parts_->context.own_guard().tripped();
    // What was hidden may have changed, and regained rights wake no blocking query.
    if (std::exchange(tripped_, tripped) && !tripped) {
      parts_->watches.RestartAll();
      parts_->own.RequestSweep();
    }
    tracker_.SetTripped(tripped || parts_->own.unconfirmed());
    if (!parts_->context.distrust) parts_->globals.Settled();
    if (parts_->own.loaded()) tracker_.SetLoaded();
  }
  const catalog::Freshness now = tracker_.At(clock_.Monotonic());
  if (now == catalog::Freshness::kFresh) {
    log_.Report(Status::Ok());
  } else if (std::string trouble = Trouble(); !trouble.empty()) {
    log_.Report(Status::Unavailable(std::move(trouble)));
  }
  if (now == freshness_) return;
  freshness_ = now;
  sink_->OnFreshness(now);
}

std::optional<catalog::Snapshot> ConsulFeed::Collect() const {
  if (!parts_ || !tracker_.have_data()) return std::nullopt;
  catalog::Snapshot snapshot;
  snapshot.index = index_;
  snapshot.taken = std::chrono::duration_cast<std::chrono::seconds>(clock_.Wall() - tracker_.Age(clock_.Monotonic()));
  snapshot.datacenter = parts_->context.datacenter;
  snapshot.datacenters = datacenters_;
  for (const auto& [name, node] : parts_->globals.nodes().all()) snapshot.nodes.push_back(node);
  parts_->own.Collect(snapshot.services);
  parts_->on_demand.Collect(snapshot.services, snapshot.nodes);
  return snapshot;
}

void ConsulFeed::ReloadToken() {
  watch_client_.ReloadToken();
  fetch_client_.ReloadToken();
}

FeedStatus ConsulFeed::status() const {
  FeedStatus status;
  status.freshness = freshness_;
  status.age = tracker_.Age(clock_.Monotonic());
  status.index = index_;
  status.connections = watch_client_.connections() + fetch_client_.connections();
  status.trouble = Trouble();
  for (const auto* counters : {&watch_client_.counters(), &fetch_client_.counters()}) {
    status.replies += counters->replies.value();
    for (size_t i = 0; i < status.errors.size(); ++i) status.errors[i] += counters->errors[i].value();
  }
  if (!parts_) return status;
  status.datacenter = parts_->context.datacenter;
  status.services = parts_->own.known();
  status.services_pending = parts_->own.pending();
  status.nodes = parts_->globals.nodes().all().size();
  status.on_demand = parts_->on_demand.size();
  status.queries = parts_->queries.size();
  status.watches = parts_->watches.size() + kGlobalWatches;
  status.fetches_in_flight = parts_->fetcher.in_flight();
  status.fetches_waiting = parts_->fetcher.waiting();
  status.sweeps = parts_->own.sweeps();
  status.suspicious = parts_->context.suspicious;
  status.guard_tripped = parts_->context.tripped(parts_->context.datacenter);
  status.changes = parts_->context.changes;
  return status;
}

}  // namespace signpost::feed
