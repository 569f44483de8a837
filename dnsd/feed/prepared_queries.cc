// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/prepared_queries.h"

#include <algorithm>
#include <utility>

namespace signpost::feed {
namespace {

constexpr Millis kNearLifetime{60000};
constexpr Millis kExplainTimeout{2000};
constexpr size_t kMaxToExplain = 256;

}  // namespace

void PreparedQueries::Want(const catalog::Key& key) {
  const Millis now = context_.loop.Now();
  if (!entries_.contains(key) && entries_.size() >= max_entries_) {
    MakeRoom();
    if (entries_.size() >= max_entries_) {
      refused_.insert(key);
      return context_.sink.OnUnavailable(key);
    }
  }
  Entry& entry = entries_[key];
  entry.wanted = now;
  if (entry.busy) return;
  entry.busy = true;
  if (!context_.fetcher->Fetch(key, Urgency::kNow)) Fail(key, entry);
}

void PreparedQueries::OnFetched(const catalog::Key& key, const consul::AgentReply& reply) {
  const auto it = entries_.find(key);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  const bool unsure = context_.own_guard().tripped() || (context_.own(key) && context_.distrust);
  if (reply.error == consul::AgentError::kNotFound && !unsure) {
    entry.busy = false;
    return context_.sink.OnService(it->first, nullptr);
  }
  if (reply.error != consul::AgentError::kNone) return Fail(it->first, entry);
  auto answer = consul::ReadQueryExecute(reply.body, context_.nodes, reply.translating, context_.datacenter);
  if (!answer.ok()) context_.bad_body(it->first, answer.status());
  if (!answer.ok() || (answer.value().instances.empty() && unsure)) return Fail(it->first, entry);
  entry.answer = std::move(answer).value();
  if (context_.loop.Now() < entry.near_until) {
    Publish(it->first, entry);
  } else {
    Explain(it->first, entry);
  }
}

// One at a time; what finds too many before it is drawn like any other, this time.
void PreparedQueries::Explain(const catalog::Key& key, Entry& entry) {
  if (to_explain_.size() >= kMaxToExplain) return Publish(key, entry);
  to_explain_.push_back(key);
  if (!explain_) ExplainNext();
}

void PreparedQueries::ExplainNext() {
  const catalog::Key& key = to_explain_.front();
  consul::GetRequest request = RequestFor(key, agent_datacenter_);
  request.path = "/v1/query/" + consul::EncodeSegment(key.name) + "/explain";
  request.timeout = kExplainTimeout;
  explain_ = client_.Get(request, [this](const consul::AgentReply& reply) { OnExplained(reply); });
}

// Without the definition (an older server, a missing right) the answer is drawn like any other. No reply would come for
// the others that wait either.
void PreparedQueries::OnExplained(const consul::AgentReply& reply) {
  explain_ = nullptr;
  const catalog::Key key = std::move(to_explain_.front());
  to_explain_.pop_front();
  const std::deque<catalog::Key> hopeless =
      reply.status == 0 ? std::exchange(to_explain_, {}) : std::deque<catalog::Key>();
  if (!to_explain_.empty()) ExplainNext();
  Entry& entry = entries_.at(key);  // busy, hence kept
  const auto near = reply.error == consul::AgentError::kNone ? consul::ReadQueryNear(reply.body) : Result<bool>(false);
  entry.near = near.ok() && near.value();
  entry.near_until = context_.loop.Now() + kNearLifetime;
  Publish(key, entry);
  for (const catalog::Key& other : hopeless) Publish(other, entries_.at(other));
}

void PreparedQueries::Publish(const catalog::Key& key, Entry& entry) {
  entry.busy = false;
  auto service = std::make_shared<catalog::Service>();
  service->key = key;
  service->instances = std::move(entry.answer.instances);
  service->translated = entry.answer.translated;
  service->answering_datacenter = entry.answer.datacenter.empty() ? key.datacenter : entry.answer.datacenter;
  service->own_ttl = entry.answer.ttl;
  service->queried_service = std::move(entry.answer.service);
  service->keep_order = entry.near;
  entry.answer = {};
  context_.sink.OnService(service->key, service);
}

void PreparedQueries::Fail(const catalog::Key& key, Entry& entry) {
  entry.busy = false;
  context_.sink.OnUnavailable(key);
}

void PreparedQueries::DropIdle(Millis limit) {
  std::vector<catalog::Key> idle;
  for (const auto& [key, entry] : entries_) {
    if (!entry.busy && context_.loop.Now() - entry.wanted >= limit) idle.push_back(key);
  }
  Forget(idle);
}

void PreparedQueries::MakeRoom() {
  std::vector<std::pair<Millis, catalog::Key>> by_age;
  for (const auto& [key, entry] : entries_) {
    if (!entry.busy) by_age.emplace_back(entry.wanted, key);
  }
  const size_t count = std::min(by_age.size(), entries_.size() / 10 + 1);
  const auto cut = by_age.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(by_age.begin(), cut, by_age.end());
  std::vector<catalog::Key> oldest;
  for (auto it = by_age.begin(); it != cut; ++it) oldest.push_back(std::move(it->second));
  Forget(oldest);
}

void PreparedQueries::Tick() {
  for (const catalog::Key& key : std::exchange(refused_, {})) {
    if (!entries_.contains(key)) context_.sink.OnForget(key);
  }
}

void PreparedQueries::Forget(const std::vector<catalog::Key>& keys) {
  for (const catalog::Key& key : keys) {
    entries_.erase(key);
    context_.sink.OnForget(key);
  }
}

}  // namespace signpost::feed
