// Signpost. Apache-2.0; see LICENSE.
#include "registrar/agent/agent_watch.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/backoff.h"
#include "common/base/random.h"
#include "common/consul/watch.h"
#include "common/net/timer.h"
#include "registrar/agent/agent_reading.h"
#include "registrar/agent/service_hold.h"
#include "registrar/plan/registration.h"

namespace signpost::registrar {
namespace {

// The watch of the node only says when to read: it need not be faster than readings are, nor insist.
constexpr double kNodeBurst = 4;
constexpr double kNodePerSecond = 4;
constexpr Millis kNodeBackoff{30000};

}  // namespace

struct AgentWatch::Impl {
  Impl(net::Loop& its_loop, consul::AgentClient& agent, AgentWatchOptions watch_options, Handlers watch_handlers)
      : loop(its_loop),
        client(agent),
        options(watch_options),
        handlers(std::move(watch_handlers)),
        random(RandomSeed()),
        backoff(options.retry_first, options.retry_cap),
        timer(loop, [this] { Begin(); }),
        hold(loop, client,
             {.wait = options.hold,
              .slack = options.hold_slack,
              .retry_first = options.retry_first,
              .retry_cap = options.retry_cap},
             [this](ServiceHold::Sign sign) { OnHold(sign); }) {}

  void OnHold(ServiceHold::Sign sign);
  void Refresh();
  void ReadAfter(Millis delay);
  void Begin();
  void OnReading(Result<AgentPicture> result);
  // The agent that answers is not the one before, or has begun anew.
  bool IsAnother(const AgentPicture& picture) const {
    return !node_id.empty() && !picture.node_id.empty() && picture.node_id != node_id;
  }
  // Since the reading began nobody has registered or removed it, as far as is known.
  bool StoodAtBegin(const std::string& service_id) const;
  // Own services that stood there when the reading began and are not in it.
  std::vector<std::string> Missing(const AgentPicture& picture) const;
  void Judge(AgentPicture picture);
  void AskForOne(const std::string& service_id, AgentPicture picture);
  void Doubt(const std::string& service_id, const consul::AgentReply& reply);
  void Believe(AgentPicture picture);
  void Lose(const Status& status);
  void WatchNode(const std::string& name, bool was_lost);
  Millis Period();

  net::Loop& loop;
  consul::AgentClient& client;
  AgentWatchOptions options;
  Handlers handlers;
  Counters counters;
  Random random;
  Backoff backoff;

  bool started = false;
  bool again = false;           // a sign came during a reading
  bool suspect = false;         // the hold broke: the next reading is to be quick
  Millis limit{0};              // of the requests of the last reading
  Millis due{0};                // of the next reading, while the timer runs
  std::optional<Millis> begun;  // of the last reading
  net::Timer timer;
  std::unique_ptr<AgentReading> reading;
  std::unique_ptr<consul::AgentClient::Call> direct;  // the question for one of the missing

  // The last that is known of an own service: from a reading that was believed (its begin), Remember or Forget.
  struct Known {
    bool stands = true;
    Millis since{0};
  };
  std::map<std::string, Known, std::less<>> own;
  std::string owner;
  std::string node_id;
  std::string node_name;
  bool reachable = false;
  bool denied = false;
  ErrorKind trouble = ErrorKind::kOk;
  int doubts = 0;  // in a row

  ServiceHold hold;
  std::unique_ptr<consul::Watch> node_watch;
};

// A reading or question that a silent agent may hold up has time-outs too long to wait for.
void AgentWatch::Impl::OnHold(ServiceHold::Sign sign) {
  if (sign == ServiceHold::Sign::kBroken && trouble == ErrorKind::kOk) {
    suspect = true;
    reading.reset();
    direct.reset();
  }
  Refresh();
}

void AgentWatch::Impl::Refresh() {
  if (reading || direct) {
    again = true;
  } else if (started && (trouble == ErrorKind::kOk || !timer.running())) {
    ReadAfter(Millis(0));  // else the next try is near
  }
}

// The earlier one of what is planned already and this.
void AgentWatch::Impl::ReadAfter(Millis delay) {
  const Millis now = loop.Now();
  Millis at = now + delay;
  if (begun) at = std::max(at, *begun + options.min_read_gap);
  if (timer.running() && due <= at) return;
  due = at;
  timer.Start(at - now);
}

void AgentWatch::Impl::Begin() {
  again = false;
  begun = loop.Now();
  limit = std::exchange(suspect, false) ? options.quick_timeout : options.timeout;
  counters.readings.Add();
  auto done = [this](Result<AgentPicture> result) { OnReading(std::move(result)); };
  reading = std::make_unique<AgentReading>(client, std::move(done), limit);
}

void AgentWatch::Impl::OnReading(Result<AgentPicture> result) {
  reading.reset();
  if (!result.ok()) {
    reachable = denied = result.status().kind() == ErrorKind::kDenied;
    return Lose(result.status());
  }
  reachable = true;
  Judge(std::move(result).value());
}

bool AgentWatch::Impl::StoodAtBegin(const std::string& service_id) const {
  const auto known = own.find(service_id);
  return known != own.end() && known->second.stands && known->second.since < *begun;
}

std::vector<std::string> AgentWatch::Impl::Missing(const AgentPicture& picture) const {
  std::vector<std::string> missing;
  for (const auto& [id, known] : own) {
    if (StoodAtBegin(id) && !picture.services.contains(id)) missing.push_back(id);
  }
  return missing;
}

void AgentWatch::Impl::Judge(AgentPicture picture) {
  const std::vector<std::string> missing = Missing(picture);
  if (missing.empty() || IsAnother(picture)) return Believe(std::move(picture));
  // Any of them, so that one that cannot be read does not stand in the way of the others for ever.
  AskForOne(missing[random.Below(missing.size())], std::move(picture));
}

void AgentWatch::Impl::AskForOne(const std::string& service_id, AgentPicture picture) {
  auto judge = [this, service_id, picture = std::move(picture)](const consul::AgentReply& reply) mutable {
    const auto ended = std::move(direct);
    if (reply.error == consul::AgentError::kNotFound) return Believe(std::move(picture));
    // Meanwhile the caller registered it anew: that proves nothing.
    if (reply.error == consul::AgentError::kNone && !StoodAtBegin(service_id)) return Judge(std::move(picture));
    reachable = reply.status != 0;
    if (!reachable) return Lose(StatusOf(reply));
    Doubt(service_id, reply);
  };
  const std::string path = "/v1/agent/service/" + consul::EncodeSegment(service_id);
  direct = client.Get({.path = path, .stale = false, .timeout = limit}, std::move(judge));
}

void AgentWatch::Impl::Doubt(const std::string& service_id, const consul::AgentReply& reply) {
  counters.doubted_readings.Add();
  denied = reply.error == consul::AgentError::kDenied;
  // It may have been gone for a moment.
  if (reply.error == consul::AgentError::kNone && ++doubts == 1) return ReadAfter(backoff.Next(random));
  std::string text = "the agent does not list " + service_id + " any longer, and ";
  text += reply.error == consul::AgentError::kNone ? "yet has it" : "a direct question gets " + reply.error_text;
  Lose(denied ? Status::Denied(text + "; has the token lost a right?") : Status::Unavailable(text));
}

void AgentWatch::Impl::Believe(AgentPicture picture) {
  const bool another = IsAnother(picture);
  const bool was_lost = trouble != ErrorKind::kOk;
  denied = false;
  trouble = ErrorKind::kOk;
  doubts = 0;
  backoff.Reset();
  // What the caller did since the reading began counts more than the reading.
  std::erase_if(own, [this](const auto& entry) { return entry.second.since < *begun; });
  for (const auto& [id, service] : picture.services) {
    if (service.Meta(kOwnerKey) == owner) own.try_emplace(id, Known{.stands = true, .since = *begun});
  }
  if (!picture.node_id.empty()) node_id = picture.node_id;
  ReadAfter(again ? Millis(0) : Period());
  if (!picture.node_name.empty()) WatchNode(picture.node_name, was_lost);
  hold.Resume();
  if (another) {
    counters.restarts.Add();
    if (handlers.on_restarted) handlers.on_restarted();
  }
  if (handlers.on_actual) handlers.on_actual(std::move(picture.services), *begun);
}

void AgentWatch::Impl::Lose(const Status& status) {
  ReadAfter(backoff.Next(random));
  if (std::exchange(trouble, status.kind()) != status.kind() && handlers.on_lost) handlers.on_lost(status);
}

// Without a leader or the right to read nodes it fails: that costs no more than its signs.
void AgentWatch::Impl::WatchNode(const std::string& name, bool was_lost) {
  if (node_watch && name == node_name) {
    if (was_lost) node_watch->Restart(Millis(0));
    return;
  }
  node_name = name;
  consul::WatchOptions watch;
  watch.path = "/v1/catalog/node/" + consul::EncodeSegment(name);
  watch.wait = options.hold;
  watch.burst = kNodeBurst;
  watch.per_second = kNodePerSecond;
  watch.max_backoff = kNodeBackoff;
  const auto on_reply = [this](const consul::AgentReply&, consul::Watch::News news) {
    if (news.changed || news.advanced) Refresh();
    return Status::Ok();
  };
  node_watch = std::make_unique<consul::Watch>(
      loop, client, watch,
      consul::Watch::Events{.on_reply = on_reply, .on_failure = [](consul::AgentError, const std::string&) {}});
}

Millis AgentWatch::Impl::Period() {
  const auto tenth = static_cast<uint64_t>(options.read_period.count() / 10);
  return options.read_period - Millis(tenth) + Millis(static_cast<int64_t>(random.Below(2 * tenth + 1)));
}

AgentWatch::AgentWatch(net::Loop& loop, consul::AgentClient& client, AgentWatchOptions options, Handlers handlers)
    : impl_(std::make_unique<Impl>(loop, client, options, std::move(handlers))) {}

AgentWatch::~AgentWatch() = default;

void AgentWatch::Start(std::string owner) {
  impl_->owner = std::move(owner);
  impl_->started = true;
  impl_->ReadAfter(Millis(0));
}

void AgentWatch::Refresh() { impl_->Refresh(); }
void AgentWatch::SetSentinel(const std::string& service_id) { impl_->hold.Set(service_id); }
void AgentWatch::Remember(const std::string& service_id) {
  impl_->own[service_id] = {.stands = true, .since = impl_->loop.Now()};
}
void AgentWatch::Forget(const std::string& service_id) {
  impl_->own[service_id] = {.stands = false, .since = impl_->loop.Now()};
}

bool AgentWatch::reachable() const { return impl_->reachable; }
bool AgentWatch::denied() const { return impl_->denied; }
const AgentWatch::Counters& AgentWatch::counters() const { return impl_->counters; }

}  // namespace signpost::registrar
