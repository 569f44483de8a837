// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/on_demand.h"

#include <algorithm>
#include <utility>

#include "common/consul/catalog_json.h"

namespace signpost::feed {
namespace {

constexpr Millis kRefetch{5000};       // of an entry in use that got no watch
constexpr int kMaxDoublings = 5;       // of that, after failures
constexpr size_t kMaxDue = 500;        // of those at a time
constexpr Millis kRefetchAbsent{300};  // of a name that was not there
constexpr int kQuickDoubts = 2;        // tries at once, then once a second
constexpr int kMaxDoubts = 10;         // then the next change must do

// Consul takes a prefix of a node's UUID for its name; we do not.
bool IsThatNode(const catalog::Key& key, const consul::Node& node) {
  return Lower(node.name) == key.name || (IsUuid(key.name) && node.id == key.name);
}

}  // namespace

void OnDemand::Restore(const std::shared_ptr<const catalog::Service>& service) {
  Entry& entry = entries_[service->key];
  entry.service = service;
  entry.wanted = context_.loop.Now();
  context_.sink.OnService(service->key, service);
}

void OnDemand::Restore(const catalog::Key& key, const std::shared_ptr<const consul::Node>& node) {
  Entry& entry = entries_[key];
  entry.node = node;
  entry.wanted = context_.loop.Now();
  context_.sink.OnNode(key, node);
}

void OnDemand::Want(const catalog::Key& key) {
  if (!entries_.contains(key) && entries_.size() >= max_entries_) MakeRoom();
  const Millis now = context_.loop.Now();
  Entry& entry = entries_[key];
  entry.wanted = now;
  if (entry.has_data()) {
    if (!context_.watches->Use(key) && now >= RefetchAfter(entry)) {
      context_.fetcher->Fetch(key, Urgency::kChanged);
    }
    return;
  }
  if (entry.absent && now - entry.fetched < kRefetchAbsent) return Answer(key, entry);
  entry.waiting = true;
  if (!context_.fetcher->Fetch(key, Urgency::kNow)) Fail(key);
}

void OnDemand::OnFetched(const catalog::Key& key, const consul::AgentReply& reply) {
  const auto it = entries_.find(key);
  if (it == entries_.end()) return;
  it->second.fetched = context_.loop.Now();
  ++it->second.failures;
  if (reply.error != consul::AgentError::kNone) return Fail(key);
  const Status read = Apply(key, reply);
  if (!read.ok()) {
    context_.bad_body(key, read);
    return Fail(key);
  }
  it->second.failures = 0;
  const bool used = context_.loop.Now() - it->second.wanted < kRefetch;  // else it was the sweep
  if (used && it->second.has_data()) context_.watches->Use(key, reply.index);
}

Status OnDemand::OnWatched(const catalog::Key& key, const consul::AgentReply& reply) { return Apply(key, reply); }

Status OnDemand::Apply(const catalog::Key& key, const consul::AgentReply& reply) {
  const auto it = entries_.find(key);
  if (it == entries_.end()) return Status::Ok();
  return key.kind == catalog::Kind::kNode ? ApplyNode(it->first, it->second, reply)
                                          : ApplyService(it->first, it->second, reply);
}

// The header tells how the agent is configured; addresses of its own datacenter stay as they are.
bool OnDemand::Translated(const catalog::Key& key, const consul::AgentReply& reply) const {
  return reply.translating && !context_.own(key);
}

Status OnDemand::ApplyNode(const catalog::Key& key, Entry& entry, const consul::AgentReply& reply) {
  auto node = consul::ReadCatalogNode(reply.body, context_.nodes, Translated(key, reply));
  if (!node.ok()) return node.status();
  if (!node.value() || !IsThatNode(key, *node.value())) {
    ApplyEmpty(key, entry);
    return Status::Ok();
  }
  entry.doubts = 0;
  if (entry.node && *entry.node == *node.value()) return Status::Ok();
  entry.node = std::move(node).value();
  Answer(key, entry);
  entry.absent = entry.waiting = false;
  return Status::Ok();
}

Status OnDemand::ApplyService(const catalog::Key& key, Entry& entry, const consul::AgentReply& reply) {
  const bool translated = Translated(key, reply);
  auto instances = consul::ReadHealthService(reply.body, context_.nodes, translated);
  if (!instances.ok()) return instances.status();
  if (instances.value().empty()) {
    ApplyEmpty(key, entry);
    return Status::Ok();
  }
  entry.doubts = 0;
  const auto& known = entry.service;
  if (known && known->translated == translated && known->instances == instances.value()) return Status::Ok();
  auto service = std::make_shared<catalog::Service>();
  service->key = key;
  service->instances = std::move(instances).value();
  service->translated = translated;
  entry.service = std::move(service);
  Answer(key, entry);
  entry.absent = entry.waiting = false;
  return Status::Ok();
}

void OnDemand::ApplyEmpty(const catalog::Key& key, Entry& entry) {
  if (entry.has_data()) {
    if (entry.doubts++ == 0) {
      ++context_.suspicious;
      entry.doubted = context_.loop.Now();
    }
    doubtful_.insert(key);
    return context_.confirm(key.datacenter, entry.doubts == 1 ? Doubt::kNew : Doubt::kOld);
  }
  const bool unsure = context_.own(key) && context_.distrust;
  if (unsure || context_.tripped(context_.datacenter) || context_.tripped(key.datacenter)) return Fail(key);
  BecomeAbsent(key, entry);
}

void OnDemand::BecomeAbsent(const catalog::Key& key, Entry& entry) {
  const bool was_absent = std::exchange(entry.absent, true);
  const bool waiting = std::exchange(entry.waiting, false);
  entry.service = nullptr;
  entry.node = nullptr;
  entry.doubts = 0;
  context_.watches->Drop(key);
  if (waiting || !was_absent) Answer(key, entry);
}

void OnDemand::OnConfirmed(const std::string& datacenter, const ServiceList& list, Millis sent) {
  for (auto& [key, entry] : entries_) {
    if (entry.doubts == 0 || entry.doubted > sent || key.datacenter != datacenter) continue;
    const bool listed = key.kind == catalog::Kind::kService && Contains(list, key.name);
    if (!listed) {
      BecomeAbsent(key, entry);
    } else if (entry.doubts <= kQuickDoubts) {
      context_.fetcher->Fetch(key, Urgency::kChanged);
    }
  }
}

// A watch is silent while its body stays empty: what is in doubt has to be asked for.
void OnDemand::Tick() {
  for (auto it = doubtful_.begin(); it != doubtful_.end();) {
    const auto entry = entries_.find(*it);
    const int doubts = entry == entries_.end() ? 0 : entry->second.doubts;
    if (doubts == 0 || doubts > kMaxDoubts) {
      it = doubtful_.erase(it);
      continue;
    }
    if (!context_.tripped(context_.datacenter)) context_.fetcher->Fetch(*it, Urgency::kChanged);
    ++it;
  }
  FindDue();
}

Millis OnDemand::RefetchAfter(const Entry& entry) const {
  return entry.fetched + kRefetch * (1 << std::min(entry.failures, kMaxDoublings));
}

// No list tells of changes to what lost its watch or never got one.
void OnDemand::FindDue() {
  const Millis now = context_.loop.Now();
  if (!due_.empty() || now - looked_ < kRefetch) return;
  looked_ = now;
  std::vector<std::pair<Millis, catalog::Key>> due;
  for (const auto& [key, entry] : entries_) {
    if (entry.has_data() && now >= RefetchAfter(entry) && !context_.watches->Watches(key)) {
      due.emplace_back(entry.fetched, key);
    }
  }
  const auto cut = due.begin() + static_cast<std::ptrdiff_t>(std::min(due.size(), kMaxDue));
  std::partial_sort(due.begin(), cut, due.end());
  for (auto it = due.begin(); it != cut; ++it) due_.push_back(std::move(it->second));
  if (!due_.empty()) context_.fetcher->WakeSweep();
}

std::optional<catalog::Key> OnDemand::NextOfSweep() {
  while (!due_.empty()) {
    const catalog::Key key = std::move(due_.back());
    due_.pop_back();
    if (entries_.contains(key) && !context_.watches->Watches(key)) return key;
  }
  return std::nullopt;
}

void OnDemand::Answer(const catalog::Key& key, const Entry& entry) {
  ++context_.changes;
  if (key.kind == catalog::Kind::kNode) {
    context_.sink.OnNode(key, entry.node);
  } else {
    context_.sink.OnService(key, entry.service);
  }
}

void OnDemand::Fail(const catalog::Key& key) {
  const auto it = entries_.find(key);
  if (it == entries_.end() || it->second.has_data()) return;
  context_.watches->Drop(it->first);
  it->second.absent = false;
  if (std::exchange(it->second.waiting, false)) context_.sink.OnUnavailable(it->first);
}

void OnDemand::MakeRoom() {
  std::vector<std::pair<Millis, catalog::Key>> by_age;
  by_age.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) by_age.emplace_back(entry.wanted, key);
  const auto cut = by_age.begin() + static_cast<std::ptrdiff_t>(by_age.size() / 10 + (by_age.empty() ? 0 : 1));
  std::partial_sort(by_age.begin(), cut, by_age.end());
  std::vector<catalog::Key> oldest;
  for (auto it = by_age.begin(); it != cut; ++it) oldest.push_back(std::move(it->second));
  Forget(oldest);
}

void OnDemand::DropIdle(Millis limit) {
  std::vector<catalog::Key> idle;
  for (const auto& [key, entry] : entries_) {
    if (context_.loop.Now() - entry.wanted >= limit) idle.push_back(key);
  }
  Forget(idle);
}

void OnDemand::Forget(const std::vector<catalog::Key>& keys) {
  for (const catalog::Key& key : keys) {
    context_.watches->Drop(key);
    entries_.erase(key);
    context_.sink.OnForget(key);
  }
}

void OnDemand::Collect(std::vector<std::shared_ptr<const catalog::Service>>& services,
                       std::vector<std::shared_ptr<const consul::Node>>& nodes) const {
  for (const auto& [key, entry] : entries_) {
    if (entry.service) services.push_back(entry.service);
    if (entry.node) nodes.push_back(entry.node);
  }
}

}  // namespace signpost::feed
