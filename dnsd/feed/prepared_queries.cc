// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/prepared_queries.h"

#include <utility>
#include <vector>

namespace signpost::feed {
namespace {

constexpr Millis kNearLifetime{60000};
constexpr Millis kExplainTimeout{2000};

}  // namespace

void PreparedQueries::Want(const catalog::Key& key) {
  const Millis now = context_.loop.Now();
  if (!entries_.contains(key) && entries_.size() >= max_entries_) {
    DropIdle(Millis(1000));
    if (entries_.size() >= max_entries_) return context_.sink.OnUnavailable(key);
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

void PreparedQueries::Explain(const catalog::Key& key, Entry& entry) {
  consul::GetRequest request = RequestFor(key, agent_datacenter_);
  request.path = "/v1/query/" + consul::EncodeSegment(key.name) + "/explain";
  request.timeout = kExplainTimeout;
  entry.explain = client_.Get(request, [this, key](const consul::AgentReply& reply) { OnExplained(key, reply); });
}

// Without the definition (an older server, a missing right) the answer is drawn like any other.
void PreparedQueries::OnExplained(const catalog::Key& key, const consul::AgentReply& reply) {
  const auto it = entries_.find(key);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  const auto near = reply.error == consul::AgentError::kNone ? consul::ReadQueryNear(reply.body) : Result<bool>(false);
  entry.near = near.ok() && near.value();
  entry.near_until = context_.loop.Now() + kNearLifetime;
  entry.explain = nullptr;
  Publish(it->first, entry);
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
  for (const catalog::Key& key : idle) {
    entries_.erase(key);
    context_.sink.OnForget(key);
  }
}

}  // namespace signpost::feed
