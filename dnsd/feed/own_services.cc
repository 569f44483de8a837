// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/own_services.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "common/consul/catalog_json.h"
#include "dnsd/feed/keys.h"

namespace signpost::feed {
namespace {

constexpr int kQuickTries = 2;  // for a doubtful empty reply, then once a second
constexpr int kMaxTries = 10;   // then the sweeps must do
constexpr uint8_t kMaxFailures = 5;
constexpr Millis kInUsePause{500};
constexpr size_t kMaxEarly = 10000;
constexpr uint64_t kOthersTurn = 4;  // so many fetches of a sweep, one is not of a name in use

}  // namespace

OwnServices::OwnServices(FeedContext& context)
    : context_(context), in_use_pause_(context.loop, [this] {
        if (in_use_again_ && in_use_sweep_.empty()) RefreshInUse();
      }) {}

void OwnServices::Restore(const std::vector<std::shared_ptr<const catalog::Service>>& services) {
  for (const auto& service : services) {
    Entry& entry = Add(service->key.name);
    if (entry.service) continue;
    entry.service = service;
    node_index_.Replace(entries_.find(service->key.name)->first, nullptr, service.get());
    context_.sink.OnService(service->key, service);
    if (service->key.name == "consul") context_.own_guard().RememberConsul();
  }
}

void OwnServices::Want(const std::string& name) {
  const auto it = entries_.find(name);
  if (it == entries_.end() && listed_) return context_.sink.OnService(KeyOf(name), nullptr);
  if (it == entries_.end()) return WantEarly(name);
  in_use_[name] = context_.loop.Now();
  const bool watched = context_.watches->Use(KeyOf(name));
  if (it->second.service) return;
  it->second.waiting = true;
  if (!watched && !context_.fetcher->Fetch(KeyOf(name), Urgency::kNow)) Unavailable(name);
}

// Whether the name exists is not known yet; the first list will say so at the latest.
void OwnServices::WantEarly(const std::string& name) {
  const bool accepted = early_.contains(name) || (early_.size() < kMaxEarly && early_.insert(name).second);
  if (!accepted || !context_.fetcher->Fetch(KeyOf(name), Urgency::kNow)) {
    early_.erase(name);
    context_.sink.OnUnavailable(KeyOf(name));
  }
}

Status OwnServices::OnServiceList(const consul::AgentReply& reply, std::optional<Millis> confirmed) {
  if (confirmed && listed_ && *confirmed < list_at_ && reply.index < list_index_) return Status::Ok();
  const size_t hash = std::hash<std::string_view>{}(reply.body);
  if (list_hash_ == hash) {
    context_.own_guard().JudgeServices(list_->size(), list_has_consul_);
    Settled(reply.index, confirmed);
    AskDoubtfulAgain();
    return Status::Ok();
  }
  const auto services = consul::ReadCatalogServices(reply.body);
  if (!services.ok()) return services.status();
  ServiceList list = MakeServiceList(services.value());
  const bool has_consul = Contains(list, "consul");
  if (context_.own_guard().JudgeServices(list.size(), has_consul) == AclGuard::Verdict::kLost) {
    ++context_.suspicious;
    return Status::Ok();
  }
  if (reply.index < list_index_) context_.distrust = true;
  if (context_.distrust && !confirmed && Lacks(list)) {
    unconfirmed_ = true;
    unconfirmed_at_ = context_.loop.Now();
    context_.confirm(context_.datacenter, Doubt::kOld);
    return Status::Ok();
  }
  Settled(reply.index, confirmed);
  TakeList(std::move(list), hash, has_consul);
  AskDoubtfulAgain();
  return Status::Ok();
}

// A confirmed list that was asked for before the newest doubtful one came is good, but may not be the newest.
void OwnServices::Settled(uint64_t index, std::optional<Millis> confirmed) {
  list_index_ = index;
  list_at_ = context_.loop.Now();
  context_.distrust = false;
  const bool was_unconfirmed = std::exchange(unconfirmed_, false);
  if (was_unconfirmed && confirmed && *confirmed < unconfirmed_at_) context_.confirm(context_.datacenter, Doubt::kOld);
}

void OwnServices::TakeList(ServiceList list, size_t hash, bool has_consul) {
  const auto before = std::exchange(list_, std::make_shared<ServiceList>(std::move(list)));
  list_hash_ = hash;
  list_has_consul_ = has_consul;
  if (listed_) {
    ApplyDiff(*before);
  } else {
    ApplyFirstList();
  }
}

// The first list lacks whatever it does not name.
bool OwnServices::Lacks(const ServiceList& list) const {
  if (!listed_) return true;
  return std::any_of(list_->begin(), list_->end(), [&](const auto& known) { return !Contains(list, known.name); });
}

void OwnServices::ApplyFirstList() {
  listed_ = true;
  std::vector<std::string> gone;
  for (const auto& [name, entry] : entries_) {
    if (!Contains(*list_, name)) gone.push_back(name);
  }
  for (const std::string& name : gone) Remove(name);
  for (const ListedService& service : *list_) {
    Entry& entry = Add(service.name);
    if (!entry.service) context_.sink.OnServiceName(KeyOf(service.name));
    if (early_.contains(service.name)) entry.waiting = !entry.service;
    entry.loading = true;
    ++loading_;
    const bool urgent = entry.waiting && context_.fetcher->Fetch(KeyOf(service.name), Urgency::kNow);
    if (!urgent) context_.fetcher->Fetch(KeyOf(service.name), Urgency::kLoad);
  }
  for (const std::string& name : std::exchange(early_, {})) {
    if (!entries_.contains(name)) context_.sink.OnService(KeyOf(name), nullptr);
  }
}

void OwnServices::ApplyDiff(const ServiceList& before) {
  const ServiceListDiff diff = Compare(before, *list_);
  for (const std::string& name : diff.removed) Remove(name);
  for (const std::string& name : diff.added) {
    if (!Add(name).service) context_.sink.OnServiceName(KeyOf(name));
    context_.fetcher->Fetch(KeyOf(name), Urgency::kChanged);
  }
  for (const std::string& name : diff.retagged) Refresh(name);
}

OwnServices::Entry& OwnServices::Add(const std::string& name) { return entries_[name]; }

void OwnServices::Remove(const std::string& name) {
  const auto it = entries_.find(name);
  if (it == entries_.end()) return;
  node_index_.Replace(it->first, it->second.service.get(), nullptr);
  Settle(it->second);
  const auto entry = entries_.extract(it);  // `name` may live in it
  doubtful_.erase(name);
  in_use_.erase(name);
  context_.watches->Drop(KeyOf(name));
  ++context_.changes;
  context_.sink.OnService(KeyOf(name), nullptr);
}

void OwnServices::OnFetched(const catalog::Key& key, const consul::AgentReply& reply) {
  Status read;
  if (reply.error == consul::AgentError::kNone) {
    read = Apply(key.name, reply);
    if (read.ok()) return;
    context_.bad_body(key, read);
  }
  Unavailable(key.name);
  const auto it = entries_.find(key.name);
  if (it == entries_.end()) return;
  const bool agent_away = reply.error == consul::AgentError::kConnect ||
                          (reply.error == consul::AgentError::kTimeout && !context_.reachable);
  if (!agent_away && ++it->second.failures >= kMaxFailures) return Settle(it->second);
  context_.fetcher->Fetch(key, Urgency::kLoad);
}

Status OwnServices::OnWatched(const catalog::Key& key, const consul::AgentReply& reply) {
  return Apply(key.name, reply);
}

void OwnServices::OnWatchFailed(const catalog::Key& key) { Unavailable(key.name); }

Status OwnServices::Apply(const std::string& name, const consul::AgentReply& reply) {
  auto instances = consul::ReadHealthService(reply.body, context_.nodes);
  if (!instances.ok()) return instances.status();
  auto it = entries_.find(name);
  if (it == entries_.end()) {
    // Listed no more: this reply is older than the list. Before the first list, only what is there can be believed.
    if (listed_ || instances.value().empty()) return Status::Ok();
    Add(name);
    it = entries_.find(name);
  }
  if (instances.value().empty()) {
    ApplyEmpty(it->first, it->second);
  } else {
    doubtful_.erase(name);
    early_.erase(name);
    Publish(it->first, it->second, std::move(instances).value());
  }
  return Status::Ok();
}

// A listed name has instances. No instances means that the last one just went (the list is behind), that the first one
// just came (this reply is behind), or that the token may not see them any more.
void OwnServices::ApplyEmpty(const std::string& name, Entry& entry) {
  const bool had_instances = entry.service && !entry.service->instances.empty();
  int& tries = doubtful_[name];
  if (had_instances || context_.own_guard().tripped()) {
    if (tries == 0) ++context_.suspicious;
    if (!had_instances) Unavailable(name);
  } else {
    Publish(name, entry, {});
  }
  ++tries;
  if (had_instances && tries <= kQuickTries) context_.confirm(context_.datacenter, Doubt::kNew);
  Settle(entry);
}

void OwnServices::AskDoubtfulAgain() {
  for (auto& [name, tries] : doubtful_) {
    if (tries <= kQuickTries) context_.fetcher->Fetch(KeyOf(name), Urgency::kChanged);
  }
}

void OwnServices::Publish(const std::string& name, Entry& entry, std::vector<consul::ServiceInstance> instances) {
  Settle(entry);
  entry.waiting = false;
  entry.failures = 0;
  const auto& known = entry.service;
  if (known && known->instances == instances) return;
  auto service = std::make_shared<catalog::Service>();
  service->key = KeyOf(name);
  service->instances = std::move(instances);
  node_index_.Replace(name, known.get(), service.get());
  entry.service = service;
  ++context_.changes;
  context_.sink.OnService(service->key, service);
}

void OwnServices::Settle(Entry& entry) {
  if (std::exchange(entry.loading, false)) --loading_;
}

void OwnServices::Unavailable(const std::string& name) {
  const auto it = entries_.find(name);
  const bool waiting = it == entries_.end() ? early_.erase(name) > 0 : std::exchange(it->second.waiting, false);
  if (waiting) context_.sink.OnUnavailable(KeyOf(name));
}

void OwnServices::Refresh(const std::string& name) {
  if (!entries_.contains(name) || context_.watches->Watches(KeyOf(name))) return;
  context_.fetcher->Fetch(KeyOf(name), Urgency::kChanged);
}

void OwnServices::RefreshOnNode(const std::string& node) {
  for (const std::string& name : node_index_.ServicesOn(node)) Refresh(name);
}

void OwnServices::RequestSweep() {
  if (!listed_) return;
  RefreshInUse();
  if (sweep_) {
    sweep_again_ = true;
    return;
  }
  sweep_ = list_;
  sweep_at_ = 0;
  ++sweeps_;
  context_.fetcher->WakeSweep();
}

// Names in use that got no watch come first, but not more often than twice a second, and at the sweep's rate.
void OwnServices::RefreshInUse() {
  in_use_again_ = in_use_pause_.running() || !in_use_sweep_.empty();
  if (in_use_again_) return;
  for (const auto& [name, used] : in_use_) in_use_sweep_.push_back(name);
  in_use_pause_.Start(kInUsePause);
  context_.fetcher->WakeSweep();
}

std::optional<catalog::Key> OwnServices::NextInUse() {
  while (!in_use_sweep_.empty()) {
    const catalog::Key key = KeyOf(in_use_sweep_.back());
    in_use_sweep_.pop_back();
    if (entries_.contains(key.name) && !context_.watches->Watches(key)) return key;
  }
  if (in_use_again_ && !in_use_pause_.running()) RefreshInUse();
  return std::nullopt;
}

std::optional<catalog::Key> OwnServices::NextOfSweep() {
  if (++swept_ % kOthersTurn != 0 || !sweep_) {
    if (auto key = NextInUse()) return key;
  }
  while (sweep_ && sweep_at_ < sweep_->size()) {
    const std::string& name = (*sweep_)[sweep_at_++].name;
    if (in_use_.contains(name) || !entries_.contains(name)) continue;
    return KeyOf(name);
  }
  if (std::exchange(sweep_, nullptr) && std::exchange(sweep_again_, false)) RequestSweep();
  return NextInUse();
}

void OwnServices::Tick() {
  if (context_.own_guard().tripped()) return;
  bool confirm = unconfirmed_;
  for (auto it = doubtful_.begin(); it != doubtful_.end();) {
    if (it->second > kMaxTries) {
      it = doubtful_.erase(it);
      continue;
    }
    confirm = true;
    context_.fetcher->Fetch(KeyOf(it->first), Urgency::kChanged);
    ++it;
  }
  if (confirm) context_.confirm(context_.datacenter, Doubt::kOld);
}

void OwnServices::DropIdle(Millis limit) {
  std::erase_if(in_use_, [&](const auto& used) { return context_.loop.Now() - used.second >= limit; });
}

void OwnServices::Collect(std::vector<std::shared_ptr<const catalog::Service>>& into) const {
  for (const auto& [name, entry] : entries_) {
    if (entry.service) into.push_back(entry.service);
  }
}

}  // namespace signpost::feed
