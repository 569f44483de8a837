// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/engine/zone_feed.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>
#include <vector>

#include "dnsd/registry/definition/go_duration.h"
#include "dnsd/registry/model/catalog_writes.h"
#include "dnsd/registry/model/query_execution.h"

namespace signpost::registry {
namespace {

using catalog::Key;
using catalog::Kind;

constexpr size_t kMaxWanted = 10000;
constexpr int64_t kMaxPort = 65535;

consul::Health HealthOf(const CheckRow& check) {
  if (check.status == kPassing) return consul::Health::kPassing;
  if (check.status == kWarning) return consul::Health::kWarning;
  if (check.status != kCritical) return consul::Health::kOther;
  const bool maintenance = check.check_id == kNodeMaintenance || check.check_id.starts_with(kServiceMaintenance);
  return maintenance ? consul::Health::kMaintenance : consul::Health::kCritical;
}

consul::Health WorstOf(const RowList<CheckRow>& checks, consul::Health worst) {
  for (const auto& check : checks) worst = std::max(worst, HealthOf(*check));
  return worst;
}

uint16_t ToWeight(int64_t weight) {
  return weight < 0 || weight > kMaxPort ? uint16_t{1} : static_cast<uint16_t>(weight);
}

// The registry keeps IDs in the letter case given; the zone looks for them in lower case.
std::shared_ptr<const consul::Node> ToCatalogNode(const RowPtr<NodeRow>& row) {
  if (!row) return nullptr;
  if (row->node.id == Lower(row->node.id)) return {row, &row->node};
  auto node = std::make_shared<consul::Node>(row->node);
  node->id = Lower(node->id);
  return node;
}

consul::ServiceInstance ToInstance(const RowPtr<NodeRow>& node, const ServiceRow& row, consul::Health health) {
  return {.node = {node, &node->node},
          .id = row.id,
          .service = row.service,
          .address = row.address,
          .port = static_cast<uint16_t>(row.port),
          .weights = {ToWeight(row.weights.passing), ToWeight(row.weights.warning)},
          .health = health,
          .tags = row.tags,
          .tagged_addresses = row.tagged_addresses,
          .meta = row.meta};
}

}  // namespace

std::shared_ptr<const catalog::Service> ToCatalogService(const State& state, const Key& key,
                                                         const RowList<ServiceRow>& rows) {
  auto service = std::make_shared<catalog::Service>();
  service->key = key;
  service->instances.reserve(rows.size());
  for (const auto& row : rows) {
    if (row->port < 0 || row->port > kMaxPort) continue;
    const consul::Health node_health = WorstOf(state.ChecksOf(row->node, ""), consul::Health::kPassing);
    service->instances.push_back(
        ToInstance(state.FindNode(row->node), *row, WorstOf(state.ChecksOf(row->node, row->id), node_health)));
  }
  return service;
}

ZoneFeed::ZoneFeed(const State& state, std::string datacenter, std::string own_node)
    : state_(state), datacenter_(std::move(datacenter)), own_node_(std::move(own_node)) {}

Key ZoneFeed::KeyOf(Kind kind, const std::string& name) const { return {kind, datacenter_, name}; }

void ZoneFeed::Start(catalog::Sink& sink) {
  sink_ = &sink;
  sink.OnDatacenters({datacenter_});
  TellAll();
  sink.OnFreshness(catalog::Freshness::kFresh);
}

void ZoneFeed::TellAll() {
  if (sink_ == nullptr) return;
  nodes_.clear();
  for (const auto& [name, row] : state_.nodes()) TellNode(name);
  for (const auto& [name, keys] : state_.service_names()) TellService(name);
  for (const Key& key : wanted_) TellWanted(key);
  sink_->OnIndex(state_.index());
}

void ZoneFeed::TellService(const std::string& name) {
  const Key key = KeyOf(Kind::kService, name);
  const RowList<ServiceRow> rows = state_.Instances(name);
  sink_->OnService(key, rows.empty() ? nullptr : ToCatalogService(state_, key, rows));
}

void ZoneFeed::TellNode(const std::string& name) {
  const RowPtr<NodeRow> row = state_.FindNode(name);
  RowPtr<NodeRow>& told = nodes_[name];
  if (told != row) sink_->OnNode(KeyOf(Kind::kNode, name), ToCatalogNode(row));
  told = row;
  if (!row) nodes_.erase(name);
}

void ZoneFeed::Want(const Key& key) {
  if (sink_ == nullptr) return;
  if (key.datacenter != datacenter_) return sink_->OnUnavailable(key);
  if (key.kind == Kind::kService) return;
  if (key.kind == Kind::kNode) return;
  if (wanted_.size() >= kMaxWanted && !wanted_.contains(key)) {
    const Key oldest = *wanted_.begin();
    NoteQueried(oldest, "");
    wanted_.erase(oldest);
    sink_->OnForget(oldest);
  }
  wanted_.insert(key);
  TellWanted(key);
}

void ZoneFeed::TellWanted(const Key& key) {
  if (key.kind == Kind::kConnect) {
    const RowList<ServiceRow> rows = state_.ConnectInstances(key.name);
    sink_->OnService(key, rows.empty() ? nullptr : ToCatalogService(state_, key, rows));
  } else if (key.kind == Kind::kQuery) {
    TellQuery(key);
  } else {
    sink_->OnService(key, nullptr);
  }
}

void ZoneFeed::TellQuery(const Key& key) {
  const auto query = ResolveQuery(state_, key.name);
  NoteQueried(key, query.ok() ? Lower(query->service) : "");
  if (!query.ok()) {
    return query.status().kind() == ErrorKind::kNotFound ? sink_->OnService(key, nullptr) : sink_->OnUnavailable(key);
  }
  RowList<ServiceRow> found = ExecuteQuery(state_, query.value());
  const bool keep_order = OrderByNearness(found, query->near, own_node_);
  auto service = std::make_shared<catalog::Service>(*ToCatalogService(state_, key, found));
  service->answering_datacenter = datacenter_;
  if (const auto ttl = ParseGoDuration(query->dns_ttl); ttl.ok()) {
    service->own_ttl = std::chrono::duration_cast<std::chrono::seconds>(Nanos(ttl.value()));
  }
  service->queried_service = query->service;
  service->keep_order = keep_order;
  sink_->OnService(key, std::move(service));
}

void ZoneFeed::NoteQueried(const Key& key, const std::string& service) {
  if (const auto known = queried_.find(key); known != queried_.end()) {
    if (known->second == service) return;
    const auto about = queries_about_.find(known->second);
    about->second.erase(key);
    if (about->second.empty()) queries_about_.erase(about);
    queried_.erase(known);
  }
  if (service.empty()) return;
  queried_.emplace(key, service);
  queries_about_[service].insert(key);
}

void ZoneFeed::Publish(const std::set<Topic>& touched) {
  if (sink_ == nullptr) return;
  std::set<Key> queries;
  for (const Topic& topic : touched) {
    if (topic.kind == Topic::Kind::kNode) TellNode(topic.name);
    if (topic.kind == Topic::Kind::kService) TellService(topic.name);
    if (topic.kind == Topic::Kind::kConnect) {
      const Key key = KeyOf(Kind::kConnect, topic.name);
      if (wanted_.contains(key)) TellWanted(key);
    }
    if (topic.kind == Topic::Kind::kService || topic.kind == Topic::Kind::kConnect) {
      const auto about = queries_about_.find(topic.name);
      if (about != queries_about_.end()) queries.insert(about->second.begin(), about->second.end());
    }
    if (topic.kind == Topic::Kind::kQueries) {
      std::copy_if(wanted_.begin(), wanted_.end(), std::inserter(queries, queries.end()),
                   [](const Key& key) { return key.kind == Kind::kQuery; });
    }
  }
  for (const Key& key : queries) TellQuery(key);
  sink_->OnIndex(state_.index());
}

void ZoneFeed::Settle(std::function<void()> done) {
  if (sink_ == nullptr) return done();
  sink_->Settle(std::move(done));
}

}  // namespace signpost::registry
