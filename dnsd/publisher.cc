// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/publisher.h"

#include <atomic>
#include <utility>

namespace signpost::dnsd {

using service_zone::Change;

namespace {

constexpr size_t kRepublishPortion = 200;
constexpr Millis kRepublishTick{1};

}  // namespace

Publisher::Publisher(net::Loop& loop, std::shared_ptr<const service_zone::Settings> settings,
                     std::vector<std::unique_ptr<Worker>>& workers)
    : loop_(loop),
      workers_(workers),
      settings_(settings),
      preparer_(std::move(settings)),
      flush_(loop, [this] { Flush(); }),
      republish_timer_(loop, [this] { Republish(); }) {}

// Changes of one turn of the loop travel together; a change alone does not wait for more.
void Publisher::Add(Change change) {
  if (republish_timer_.running()) superseded_.insert(change.key);
  pending_.push_back(std::move(change));
  if (!flush_.running()) flush_.Start(Millis(0));
}

void Publisher::Flush() {
  if (pending_.empty()) return;
  const auto changes = std::make_shared<const std::vector<Change>>(std::exchange(pending_, {}));
  for (const auto& worker : workers_) worker->Apply(changes);
}

// Keeps its place behind the changes that came before it.
template <typename Update>
void Publisher::Post(const Update& update) {
  Flush();
  for (const auto& worker : workers_) worker->Post(update);
}

void Publisher::OnService(const catalog::Key& key, std::shared_ptr<const catalog::Service> service) {
  Change change{.what = Change::What::kService, .key = key};
  if (service) change.service = preparer_.Prepare(service);
  Add(std::move(change));
}

void Publisher::OnServiceName(const catalog::Key& key) { Add({.what = Change::What::kServiceName, .key = key}); }

void Publisher::OnNode(const catalog::Key& key, std::shared_ptr<const consul::Node> node) {
  Change change{.what = Change::What::kNode, .key = key};
  if (node) change.node = preparer_.Prepare(node, node->translated);
  Add(std::move(change));
}

void Publisher::OnUnavailable(const catalog::Key& key) { Add({.what = Change::What::kUnavailable, .key = key}); }

void Publisher::OnForget(const catalog::Key& key) { Add({.what = Change::What::kForget, .key = key}); }

void Publisher::OnDatacenters(const std::vector<std::string>& names) {
  datacenters_ = names;
  Post([names](service_zone::ZoneData& data, uint64_t) { data.SetDatacenters(names); });
}

void Publisher::OnFreshness(catalog::Freshness freshness) {
  freshness_ = freshness;
  Post([freshness](service_zone::ZoneData& data, uint64_t) { data.SetFreshness(freshness); });
}

void Publisher::OnIndex(uint64_t index) {
  index_ = index;
  Post([serial = static_cast<uint32_t>(index)](service_zone::ZoneData& data, uint64_t) { data.SetSerial(serial); });
}

void Publisher::Settle(std::function<void()> done) {
  const auto left = std::make_shared<std::atomic<size_t>>(workers_.size());
  const auto finish = std::make_shared<std::function<void()>>(std::move(done));
  Post([this, left, finish](service_zone::ZoneData& /*data*/, uint64_t /*now_ms*/) {
    if (left->fetch_sub(1) == 1) loop_.Post([finish] { (*finish)(); });
  });
}

void Publisher::SetSettings(std::shared_ptr<const service_zone::Settings> settings,
                            const std::optional<catalog::Snapshot>& known) {
  settings_ = std::move(settings);
  preparer_ = service_zone::Preparer(settings_);
  Post([settings = settings_](service_zone::ZoneData& data, uint64_t) { data.SetSettings(settings); });
  if (!known) return;
  republish_services_ = known->services;
  republish_nodes_ = known->nodes;
  superseded_.clear();
  republish_timer_.Start(kRepublishTick);
}

// In portions, so that neither this thread nor the workers stop answering while a large catalog is prepared anew.
void Publisher::Republish() {
  for (size_t i = 0; i < kRepublishPortion && !republish_services_.empty(); ++i) {
    const auto service = std::move(republish_services_.back());
    republish_services_.pop_back();
    if (!superseded_.contains(service->key)) OnService(service->key, service);
  }
  for (size_t i = 0; i < kRepublishPortion && !republish_nodes_.empty(); ++i) {
    const auto node = std::move(republish_nodes_.back());
    republish_nodes_.pop_back();
    const catalog::Key key{catalog::Kind::kNode, wire::ToLower(node->datacenter), wire::ToLower(node->name)};
    if (!superseded_.contains(key)) OnNode(key, node);
  }
  Flush();
  if (!republish_services_.empty() || !republish_nodes_.empty()) republish_timer_.Start(kRepublishTick);
}

}  // namespace signpost::dnsd
