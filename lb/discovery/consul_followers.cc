// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/consul_followers.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/log.h"
#include "lb/discovery/consul_instances.h"

namespace signpost::lb {
namespace {

using consul::AgentError;
using consul::AgentReply;

constexpr Millis kRestartSpread{250};
constexpr Millis kWarnAgain{3600000};
constexpr Millis kNoBound{INT64_C(1) << 40};
constexpr size_t kFewWatches = 8;

std::string PathOf(const std::string& service) { return "/v1/health/service/" + consul::EncodeSegment(service); }

}  // namespace

consul::WatchOptions LbWatchOptions(std::string path, Millis wait) {
  consul::WatchOptions options;
  options.path = std::move(path);
  options.wait = wait;
  options.first_timeout = Millis(10000);
  options.burst = 3;
  options.per_second = 1;
  options.max_last_contact = kNoBound;
  return options;
}

bool IsTooMany(AgentError error, const std::string& text) {
  return error == AgentError::kServer && text.starts_with("status 429");
}

ConsulFollowers::ConsulFollowers(net::Loop& loop, FollowersOptions options, const ConsulList& list,
                                 consul::AgentClient& watch_client, consul::AgentClient& poll_client, SourceSink& sink,
                                 Callbacks callbacks)
    : loop_(loop),
      options_(options),
      list_(list),
      watch_client_(watch_client),
      poll_client_(poll_client),
      sink_(sink),
      callbacks_(std::move(callbacks)),
      cap_(options.max_watches),
      poller_(loop, poll_client, {},
              {[this](const std::string& name, const AgentReply& reply) { OnPolled(name, reply); },
               [this](const std::string& name, AgentError error, const std::string& text) {
                 OnPollFailed(name, error, text);
               }}) {}

void ConsulFollowers::Follow(std::set<std::string> wanted) {
  wanted_ = std::move(wanted);
  std::set<std::string> all = wanted_;
  for (const auto& [name, tags] : list_.services()) {
    if (std::any_of(tags.begin(), tags.end(), IsExposureTag)) all.insert(name);
  }
  std::vector<std::string> ended;
  for (auto& [name, entry] : entries_) {
    if (all.contains(name)) continue;
    const bool listed = list_.services().contains(name);
    entry.follower.SetListed({listed, false, {}});
    if (listed || entry.follower.gone()) ended.push_back(name);  // else its own replies must say so too
  }
  for (const std::string& name : ended) Drop(name);
  for (const std::string& name : all) {
    const auto [at, added] = entries_.try_emplace(name, name, options_.rules);
    const auto listed = list_.services().find(name);
    if (listed != list_.services().end()) {
      at->second.follower.SetListed({true, wanted_.contains(name), listed->second});
    } else {
      at->second.follower.SetListed({false, true, {}});
    }
    if (!added) continue;
    ++unsettled_;
    if (const auto policy = policies_.find(name); policy != policies_.end())
      at->second.follower.SetPolicy(policy->second);
    Begin(name, at->second);
  }
}

void ConsulFollowers::Begin(const std::string& name, Entry& entry) {
  if (watches_ >= cap_) return poller_.Add(name);
  ++watches_;
  entry.watch = std::make_unique<consul::Watch>(
      loop_, watch_client_, LbWatchOptions(PathOf(name), options_.wait),
      consul::Watch::Events{
          [this, name](const AgentReply& reply, consul::Watch::News news) {
            return OnReply(std::string(name), reply, news.changed);
          },
          [this, name](AgentError error, const std::string& text) { OnFailed(std::string(name), error, text); }});
}

// `name` does not live in the entry.
void ConsulFollowers::Drop(const std::string& name) {
  const auto entry = entries_.extract(name);
  if (entry.empty()) return;
  denied_.erase(name);
  poller_.Remove(name);
  if (!entry.mapped().settled) --unsettled_;
  if (entry.mapped().watch) --watches_;
  if (telling_) sink_.OnGone(SourceKind::kConsul, name);
  Promote();
}

// A slot became free: one that was read in turn is watched.
void ConsulFollowers::Promote() {
  if (watches_ >= cap_ || poller_.size() == 0) return;
  for (auto& [name, entry] : entries_) {
    if (entry.watch) continue;
    poller_.Remove(name);
    return Begin(name, entry);
  }
}

Status ConsulFollowers::OnReply(const std::string& name, const AgentReply& reply, bool changed) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return Status::Ok();
  Entry& entry = found->second;
  denied_.erase(name);
  if (!changed && entry.settled && !entry.follower.doubtful()) return Status::Ok();
  const bool confirmed = !list_.lost() && (!entry.doubt || list_.good_at() >= *entry.doubt);
  Status read = entry.follower.Read(reply, nodes_, loop_.Now(), confirmed);
  if (!read.ok()) return read;
  if (!entry.follower.empty_in_doubt()) {
    entry.doubt.reset();
  } else if (!entry.doubt || !confirmed) {
    entry.doubt = entry.doubt.value_or(loop_.Now());
    callbacks_.confirm_list();
  }
  WarnOfSkipped(entry);
  ReadAgain(entry);
  Tell(entry);
  Settle(entry);
  if (entry.follower.gone() && !wanted_.contains(name)) Drop(name);
  return Status::Ok();
}

void ConsulFollowers::OnFailed(const std::string& name, AgentError error, const std::string& text) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  if (IsRefused(found->second, error, text)) return Demote(name, found->second);
  if (error == AgentError::kDenied) denied_.insert(name);
  Fail(found->second, error, text);
  Settle(found->second);
}

void ConsulFollowers::Fail(Entry& entry, AgentError error, const std::string& text) {
  entry.follower.Failed(error == AgentError::kNoLeader ? "no cluster leader" : text, loop_.Now());
  Tell(entry);
}

void ConsulFollowers::HoldPolled(AgentError error, const std::string& text) {
  for (auto& [name, entry] : entries_) {
    if (!entry.watch) Fail(entry, error, text);
  }
}

void ConsulFollowers::OnPolled(const std::string& name, const AgentReply& reply) {
  const Status read = OnReply(name, reply, true);
  if (read.ok()) return;
  poll_client_.CountError(AgentError::kBadReply);
  OnFailed(name, AgentError::kBadReply, read.text());
}

// Whatever it is, it is news of that name only: the others have yet to be asked.
void ConsulFollowers::OnPollFailed(const std::string& name, AgentError error, const std::string& text) {
  if (IsTooMany(error, text) && MakeRoom()) return poller_.Hurry(name);
  OnFailed(name, error, text);
}

// An agent that has enough of us may close the connection before its 429 is read. Then a watch that is new fails while
// those at work do not.
bool ConsulFollowers::IsRefused(const Entry& entry, AgentError error, const std::string& text) const {
  if (!entry.watch) return false;
  if (IsTooMany(error, text)) return true;
  if (error != AgentError::kConnect || entry.settled) return false;
  size_t at_work = 0;
  for (const auto& [name, other] : entries_) {
    if (!other.watch || !other.settled) continue;
    if (other.watch->failing()) return false;
    ++at_work;
  }
  return at_work >= kFewWatches;
}

// From a watch to being read in turn.
void ConsulFollowers::Demote(const std::string& name, Entry& entry) {
  entry.watch.reset();
  cap_ = --watches_;
  poller_.Add(name);
  if (warned_of_cap_ && loop_.Now() - *warned_of_cap_ < kWarnAgain) return;
  warned_of_cap_ = loop_.Now();
  LogWarn(
      "Consul refuses more connections of this host (http_max_conns_per_client, 200 unless set otherwise): fewer "
      "services are watched, the rest is read in turn; raise that limit or lower --consul-watches");
}

bool ConsulFollowers::MakeRoom() {
  const auto watched =
      std::find_if(entries_.rbegin(), entries_.rend(), [](const auto& item) { return item.second.watch != nullptr; });
  if (watched == entries_.rend()) return false;
  Demote(watched->first, watched->second);
  return true;
}

std::set<std::string> ConsulFollowers::Unknown() const {
  std::set<std::string> unknown;
  for (const auto& [name, entry] : entries_) {
    if (!entry.follower.known()) unknown.insert(name);
  }
  return unknown;
}

void ConsulFollowers::Settle(Entry& entry) {
  if (std::exchange(entry.settled, true)) return;
  --unsettled_;
  callbacks_.on_settled();
}

void ConsulFollowers::ReadAgain(Entry& entry) {
  const Millis delay = entry.follower.again();
  if (delay == Millis(0)) {
    entry.again.reset();
    return;
  }
  if (!entry.again) {
    entry.again = std::make_unique<net::Timer>(loop_, [this, &entry] {
      if (entry.watch) {
        entry.watch->Restart(Millis(0));
      } else {
        poller_.Hurry(entry.follower.name());
      }
    });
  }
  entry.again->Start(delay);
}

void ConsulFollowers::WarnOfSkipped(Entry& entry) {
  const std::string& text = entry.follower.skipped();
  if (text.empty() || (text == entry.warned && loop_.Now() - entry.warned_at < kWarnAgain)) return;
  entry.warned = text;
  entry.warned_at = loop_.Now();
  LogWarn("service '" + entry.follower.name() + "' has instances that cannot be used: " + text);
}

void ConsulFollowers::SetPolicies(const std::map<std::string, std::string>& policies) {
  policies_ = policies;
  telling_ = true;
  for (auto& [name, entry] : entries_) {
    const auto policy = policies_.find(name);
    entry.follower.SetPolicy(policy == policies_.end() ? "" : policy->second);
    Tell(entry);
  }
}

void ConsulFollowers::Tell(Entry& entry) {
  if (!telling_) return;
  if (DiscoveredServicePtr news = entry.follower.TakeNews()) sink_.OnService(SourceKind::kConsul, std::move(news));
}

void ConsulFollowers::RestartFailing() {
  cap_ = options_.max_watches;
  for (size_t before = watches_ + 1; before != watches_ && poller_.size() > 0;) {
    before = watches_;
    Promote();
  }
  for (const auto& [name, entry] : entries_) {
    if (entry.watch && entry.watch->failing()) entry.watch->Restart(kRestartSpread);
    if (!entry.watch && entry.follower.doubtful()) poller_.Hurry(name);
  }
}

}  // namespace signpost::lb
