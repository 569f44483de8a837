// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/publisher.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "common/base/log.h"
#include "lb/publish/config_value.h"
#include "lb/publish/owner_book.h"
#include "lb/publish/pool_table.h"
#include "lb/publish/route_builder.h"
#include "lb/publish/service_settings.h"
#include "lb/publish/snapshot_json.h"
#include "lb/publish/source_views.h"

namespace signpost::lb {
namespace {

constexpr Millis kSlotRest{300000};
constexpr Millis kEndpointKeep{300000};
constexpr Millis kExpirePeriod{60000};
constexpr Millis kWarnAgain{3600000};

// All that is known of one name.
struct Record {
  SourceViews views;
  SourceViews::Choice choice;
  uint64_t since = UINT64_MAX;     // least create_index while it is known
  std::array<bool, 3> restored{};  // by source: its view is from the snapshot
  SplitMemory splits;
  std::shared_ptr<const ServiceSettings> settings;
  std::vector<std::string> warnings;
};

// While DNS stands in for the catalog, the service keeps what the catalog's tags gave it.
std::vector<std::string> ExposedTags(const Record& record) {
  std::vector<std::string> tags = record.choice.service->tags;
  const DiscoveredServicePtr& catalog = record.views.of(SourceKind::kConsul);
  if (record.choice.kind != SourceKind::kDns || !catalog) return tags;
  for (const std::string& tag : catalog->tags) {
    if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(tag);
  }
  return tags;
}

}  // namespace

struct Publisher::Impl {
  Impl(net::Loop& loop_in, PublishOptions options_in, FileConfig config_in, OnPublish on_publish_in)
      : loop(loop_in),
        options(std::move(options_in)),
        config(std::move(config_in)),
        on_publish(std::move(on_publish_in)),
        look(loop, [this] { Look(); }),
        expire(loop, [this] { Expire(); }) {
    auto empty = std::make_shared<Routes>();
    empty->http = std::make_shared<const HttpRouteTable>();
    routes = std::move(empty);
    expire.StartPeriodic(kExpirePeriod);
  }

  void TakeConfig();
  void Schedule();
  void Flush();
  void Refresh(const std::string& name, Record& record);
  bool BuildIfNeeded(std::set<std::string>& services);
  void UpdatePools(const std::set<std::string>& services, bool& changed);
  void Publish();
  void CollectWarnings();
  void CollectConflicts();
  void StartLook();
  void Look();
  void Expire();
  void Tell(SourceKind kind, const std::string& name, DiscoveredServicePtr service, bool restored);
  bool Settled() const;
  const ServiceConfig* ConfigOf(const std::string& name) const;

  net::Loop& loop;
  PublishOptions options;
  FileConfig config;
  OnPublish on_publish;
  ExposureRules rules;
  std::map<std::string, Record> records;
  OwnerBook owners;
  PoolTable pools{kSlotRest};
  std::shared_ptr<const Routes> routes;
  std::shared_ptr<const HttpRouteTable> http;
  std::vector<ListenerPlan> listeners;
  std::vector<Conflict> conflicts;
  std::vector<std::string> refused;  // as RouteParts has it
  std::vector<std::string> warnings;
  std::map<std::string, Millis> warned;  // when it was logged last
  std::set<std::string> touched;         // records to look at
  std::set<std::string> waiting;         // records whose choice changes by time
  std::array<bool, 3> told{};            // by source: whether it has told anything
  std::array<bool, 3> ready{};
  bool config_changed = true;
  bool warnings_changed = false;
  bool scheduled = false;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  net::Timer look;
  net::Timer expire;
};

const ServiceConfig* Publisher::Impl::ConfigOf(const std::string& name) const {
  const auto found = config.services.find(name);
  return found == config.services.end() ? nullptr : &found->second;
}

// The static services are a source like any other; every service is looked at with the new settings.
void Publisher::Impl::TakeConfig() {
  rules = RulesOf(options);
  config_changed = true;
  owners.Reserve(ReservedResources(config));
  for (const auto& [name, record] : records) {
    const ServiceConfig* entry = ConfigOf(name);
    if (record.views.of(SourceKind::kStatic) && (entry == nullptr || !entry->is_static)) {
      Tell(SourceKind::kStatic, name, nullptr, false);
    }
    touched.insert(name);
  }
  for (const auto& [name, entry] : config.services) {
    if (!entry.is_static) continue;
    auto service = std::make_shared<DiscoveredService>();
    service->name = name;
    service->instances = entry.endpoints;
    service->tags = entry.tags;
    service->state = entry.endpoints.empty() ? ServiceState::kEmpty : ServiceState::kKnown;
    Tell(SourceKind::kStatic, name, std::move(service), false);
  }
  Schedule();
}

void Publisher::Impl::Tell(SourceKind kind, const std::string& name, DiscoveredServicePtr service, bool restored) {
  Record& record = records[name];
  record.restored[static_cast<size_t>(kind)] = restored;
  // Who has no index (DNS) is the youngest; the config file is older than all.
  const bool dated = service && (service->create_index != 0 || kind == SourceKind::kStatic);
  if (dated) record.since = std::min(record.since, service->create_index);
  record.views.Tell(kind, std::move(service), loop.Now());
  touched.insert(name);
}

void Publisher::Impl::Schedule() {
  if (std::exchange(scheduled, true)) return;
  loop.Post([this, still = std::weak_ptr<bool>(alive)] {
    if (!still.expired()) Flush();
  });
}

bool Publisher::Impl::Settled() const {
  for (size_t i = 1; i < told.size(); ++i) {
    if (told[i] && !ready[i]) return false;
  }
  return true;
}

// Chooses whose word counts, and what follows from it for settings and claims.
void Publisher::Impl::Refresh(const std::string& name, Record& record) {
  record.choice = record.views.Choose(loop.Now(), options.dns_after);
  if (record.views.NextChange(loop.Now(), options.dns_after)) {
    waiting.insert(name);
  } else {
    waiting.erase(name);
  }
  const DiscoveredService* service = record.choice.service.get();
  std::vector<std::string> found;
  ServiceSettings settings = SettingsOf(options.defaults, service, ConfigOf(name), record.splits, found);
  if (!record.settings || !(*record.settings == settings)) {
    record.settings = std::make_shared<const ServiceSettings>(std::move(settings));
  }
  Exposure exposure;
  if (service != nullptr) exposure = ExposureOf(name, ExposedTags(record), rules);
  owners.SetClaims(name, record.since, exposure.claims);
  found.insert(found.end(), exposure.warnings.begin(), exposure.warnings.end());
  if (found == record.warnings) return;
  record.warnings = std::move(found);
  warnings_changed = true;
}

// Adds the services whose pools came or went. True if routes or listeners changed.
bool Publisher::Impl::BuildIfNeeded(std::set<std::string>& services) {
  const bool elected = owners.Elect(loop.Now(), options.linger);
  owners.Settle(Settled());  // only now: what came together with a source's last word was part of the start
  if (owners.TakeClaimsChanged() || config_changed) CollectConflicts();
  if (!elected && !config_changed) return false;
  config_changed = false;
  pools.BeginRound();
  RouteParts parts = BuildRoutes(options, config, owners.holdings(), [this](const auto& service, const auto& tag) {
    return pools.SlotOf(service, tag, loop.Now());
  });
  services.merge(pools.EndRound(loop.Now()));
  http = std::make_shared<const HttpRouteTable>(std::move(parts.http));
  listeners = std::move(parts.listeners);
  warnings_changed = warnings_changed || refused != parts.refused;
  refused = std::move(parts.refused);
  return true;
}

void Publisher::Impl::UpdatePools(const std::set<std::string>& services, bool& changed) {
  for (const std::string& name : services) {
    auto found = records.find(name);
    if (found == records.end()) {
      if (!pools.Has(name)) continue;
      found = records.try_emplace(name).first;  // named by a route, unknown to all sources so far
      Refresh(name, found->second);
    }
    Record& record = found->second;
    PoolSource source;
    source.service = record.choice.service;
    source.tags_per_instance = record.choice.kind == SourceKind::kConsul;
    source.settings = record.settings;
    if (pools.Update(name, source, loop.Now())) changed = true;
    if (!record.views.empty() || pools.Has(name)) continue;
    warnings_changed = warnings_changed || !record.warnings.empty();
    records.erase(found);
  }
}

void Publisher::Impl::Flush() {
  scheduled = false;
  std::set<std::string> services = std::exchange(touched, {});
  for (const std::string& name : services) {
    const auto found = records.find(name);
    if (found != records.end()) Refresh(name, found->second);
  }
  bool changed = BuildIfNeeded(services);
  UpdatePools(services, changed);
  if (warnings_changed) CollectWarnings();
  StartLook();
  if (changed) Publish();
}

void Publisher::Impl::Publish() {
  auto next = std::make_shared<Routes>();
  next->http = http;
  next->listeners = listeners;
  next->pools = pools.pools();
  next->generation = routes->generation + 1;
  routes = std::move(next);
  on_publish(routes, pools.TakeRemoved());
}

void Publisher::Impl::CollectWarnings() {
  warnings_changed = false;
  const Millis now = loop.Now();
  std::erase_if(warned, [&](const auto& entry) { return now - entry.second >= kWarnAgain; });
  warnings = refused;
  for (const auto& [name, record] : records) {
    warnings.insert(warnings.end(), record.warnings.begin(), record.warnings.end());
  }
  for (const std::string& warning : warnings) {
    if (warned.try_emplace(warning, now).second) LogWarn(warning);
  }
}

void Publisher::Impl::CollectConflicts() {
  std::vector<Conflict> now;
  for (OwnerBook::Loser& loser : owners.Losers()) {
    now.push_back({std::move(loser.resource), loser.winner.empty() ? "the config file" : std::move(loser.winner),
                   std::move(loser.loser)});
  }
  const auto key = [](const Conflict& conflict) { return std::tie(conflict.what, conflict.winner, conflict.loser); };
  std::set<std::tuple<std::string, std::string, std::string>> old;
  for (const Conflict& conflict : conflicts) old.insert(key(conflict));
  for (const Conflict& conflict : now) {
    if (old.contains(key(conflict))) continue;
    LogWarn(conflict.what + " is wanted by service " + QuotedText(conflict.loser) + ", but " +
            QuotedText(conflict.winner) + " has it");
  }
  conflicts = std::move(now);
}

void Publisher::Impl::StartLook() {
  std::optional<Millis> next = owners.NextExpiry(options.linger);
  for (const std::string& name : waiting) {
    const auto found = records.find(name);
    if (found == records.end()) continue;
    const auto change = found->second.views.NextChange(loop.Now(), options.dns_after);
    if (change && (!next || *change < *next)) next = change;
  }
  if (next) {
    look.Start(std::max(Millis(1), *next - loop.Now()));
  } else {
    look.Stop();
  }
}

void Publisher::Impl::Look() {
  touched.insert(waiting.begin(), waiting.end());
  waiting.clear();
  Flush();
}

void Publisher::Impl::Expire() {
  pools.endpoints().Expire(loop.Now(), kEndpointKeep);
  if (!warnings.empty()) CollectWarnings();
}

Publisher::Publisher(net::Loop& loop, PublishOptions options, FileConfig config, OnPublish on_publish)
    : impl_(std::make_unique<Impl>(loop, std::move(options), std::move(config), std::move(on_publish))) {
  impl_->TakeConfig();
}

Publisher::~Publisher() = default;

void Publisher::Reconfigure(PublishOptions options, FileConfig config) {
  impl_->options = std::move(options);
  impl_->config = std::move(config);
  impl_->TakeConfig();
}

void Publisher::OnService(SourceKind kind, DiscoveredServicePtr service) {
  impl_->told[static_cast<size_t>(kind)] = true;
  const std::string name = service->name;
  impl_->Tell(kind, name, std::move(service), false);
  impl_->Schedule();
}

void Publisher::OnGone(SourceKind kind, const std::string& name) {
  const auto found = impl_->records.find(name);
  if (found == impl_->records.end() || !found->second.views.of(kind)) return;
  impl_->Tell(kind, name, nullptr, false);
  impl_->Schedule();
}

void Publisher::OnReady(SourceKind kind, const std::set<std::string>& unknown) {
  const auto index = static_cast<size_t>(kind);
  impl_->ready[index] = true;
  for (const auto& [name, record] : impl_->records) {
    if (!record.restored[index] || unknown.contains(name)) continue;
    impl_->Tell(kind, name, nullptr, false);  // it went while nobody looked
  }
  impl_->Schedule();
}

Status Publisher::SetDrained(const std::string& service, const std::string& endpoint, bool drained) {
  const auto found = impl_->pools.FindEndpoint(service, endpoint);
  if (!found) return Status::NotFound("service " + QuotedText(service) + " has no endpoint " + QuotedText(endpoint));
  found->SetDrained(drained);
  return Status::Ok();
}

Status Publisher::SetWeight(const std::string& service, const std::string& endpoint, int weight) {
  const auto found = impl_->pools.FindEndpoint(service, endpoint);
  if (!found) return Status::NotFound("service " + QuotedText(service) + " has no endpoint " + QuotedText(endpoint));
  if (weight < -1 || weight > 65535) return Status::Invalid("weight must be from 0 to 65535, or -1 for the source's");
  found->SetAdminWeight(weight);
  return Status::Ok();
}

const std::shared_ptr<const Routes>& Publisher::routes() const { return impl_->routes; }
const std::vector<Conflict>& Publisher::conflicts() const { return impl_->conflicts; }
const std::vector<std::string>& Publisher::warnings() const { return impl_->warnings; }
EndpointBook& Publisher::endpoints() { return impl_->pools.endpoints(); }

const DiscoveredService* Publisher::Find(const std::string& name) const {
  const auto found = impl_->records.find(name);
  return found == impl_->records.end() ? nullptr : found->second.choice.service.get();
}

std::string Publisher::SaveSnapshot() const {
  std::vector<SavedService> services;
  for (const auto& [name, record] : impl_->records) {
    for (const SourceKind kind : {SourceKind::kConsul, SourceKind::kDns}) {
      const DiscoveredServicePtr& view = record.views.of(kind);
      if (!view) continue;
      auto saved = std::make_shared<DiscoveredService>(*view);
      if (saved->create_index != 0) saved->create_index = std::min(saved->create_index, record.since);
      services.push_back({kind, std::move(saved)});
    }
  }
  return WriteSnapshot(services);
}

Status Publisher::LoadSnapshot(std::string_view json) {
  auto services = ReadSnapshot(json);
  if (!services.ok()) return services.status();
  for (SavedService& saved : services.value()) {
    const auto index = static_cast<size_t>(saved.kind);
    const std::string name = saved.service->name;
    const auto known = impl_->records.find(name);
    const bool fresher = known != impl_->records.end() && known->second.views.of(saved.kind);
    if (impl_->ready[index] || fresher) continue;
    impl_->told[index] = true;
    impl_->Tell(saved.kind, name, std::move(saved.service), true);
  }
  impl_->Schedule();
  return Status::Ok();
}

}  // namespace signpost::lb
