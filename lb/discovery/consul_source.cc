// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/consul_source.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/base/log.h"
#include "common/consul/watch.h"
#include "lb/discovery/consul_followers.h"
#include "lb/discovery/consul_list.h"
#include "lb/discovery/consul_policies.h"

namespace signpost::lb {
namespace {

using consul::AgentError;
using consul::AgentReply;
using consul::Watch;

constexpr size_t kMaxBody = size_t{16} << 20;  // while it is gathered it takes up to three times as much (case C23)
constexpr int kOwnWatches = 2;
constexpr int kPolls = 4;

consul::AgentOptions With(consul::AgentOptions options, int connections) {
  options.max_connections = connections;
  options.max_body = std::min(options.max_body, kMaxBody);
  return options;
}

FollowersOptions FollowOptions(const ConsulSourceOptions& options) {
  FollowersOptions follow;
  follow.rules.loss.hold_empty = options.confirm_empty;
  follow.rules.loss.ask_again = options.confirm_empty;
  follow.rules.loss.empty_answers = 2;
  follow.rules.loss.confirm_loss = options.confirm_loss;
  follow.rules.use_warning = options.use_warning;
  follow.rules.max_last_contact = options.max_last_contact;
  follow.max_watches = options.max_watches;
  follow.wait = options.wait;
  return follow;
}

// Slashes stay.
std::string PathOfKeys(std::string_view prefix) {
  std::string path = "/v1/kv/";
  for (size_t begin = 0; begin <= prefix.size();) {
    const size_t end = std::min(prefix.find('/', begin), prefix.size());
    path += (begin == 0 ? "" : "/") + consul::EncodeSegment(prefix.substr(begin, end - begin));
    begin = end + 1;
  }
  return path;
}

class Catalog final : public ConsulSource {
 public:
  Catalog(net::Loop& loop, ConsulSourceOptions options, SourceSink& sink)
      : loop_(loop),
        options_(std::move(options)),
        sink_(sink),
        started_(loop.Now()),
        list_(options_.max_last_contact),
        watch_client_(loop, With(options_.agent, static_cast<int>(options_.max_watches) + kOwnWatches)),
        poll_client_(loop, With(options_.agent, kPolls)),
        followers_(loop, FollowOptions(options_), list_, watch_client_, poll_client_, sink,
                   {[this] { ConfirmList(); }, [this] { NoteReady(); }}) {}

  void Start() override;
  SourceStatus Status() const override;

  void ReloadToken() override {
    watch_client_.ReloadToken();
    poll_client_.ReloadToken();
    if (!list_watch_) return;
    list_watch_->Restart(Millis(0));
    RestartFailing();
  }

  void SetWanted(std::set<std::string> wanted) override {
    options_.wanted = std::move(wanted);
    if (list_.known()) followers_.Follow(options_.wanted);
  }

 private:
  signpost::Status OnList(const AgentReply& reply);
  void OnListFailed(AgentError error, const std::string& text);
  signpost::Status OnPolicies(const AgentReply& reply);
  void OnPoliciesFailed(AgentError error, const std::string& text);
  void ConfirmList();
  void RestartFailing();
  void NoteReady();

  net::Loop& loop_;
  ConsulSourceOptions options_;
  SourceSink& sink_;
  Millis started_;
  ConsulList list_;
  std::map<std::string, std::string> policies_;
  bool policies_settled_ = false;
  bool ready_ = false;
  bool confirming_ = false;  // the list is being read because of a doubt
  std::string trouble_;      // of the list
  NeighbourLog log_{"the catalog of Consul"};
  NeighbourLog policy_log_{"reading policies from Consul"};
  consul::AgentClient watch_client_;
  consul::AgentClient poll_client_;
  ConsulFollowers followers_;
  std::unique_ptr<Watch> list_watch_;
  std::unique_ptr<Watch> policy_watch_;
};

void Catalog::Start() {
  list_watch_ = std::make_unique<Watch>(
      loop_, watch_client_, LbWatchOptions("/v1/catalog/services", options_.wait),
      Watch::Events{[this](const AgentReply& reply, Watch::News) { return OnList(reply); },
                    [this](AgentError error, const std::string& text) { OnListFailed(error, text); }});
  if (options_.policy_prefix.empty()) {
    policies_settled_ = true;
    return followers_.SetPolicies({});
  }
  consul::WatchOptions keys = LbWatchOptions(PathOfKeys(options_.policy_prefix), options_.wait);
  keys.params = {{"recurse", ""}};
  keys.missing_is_empty = true;
  policy_watch_ = std::make_unique<Watch>(
      loop_, watch_client_, std::move(keys),
      Watch::Events{[this](const AgentReply& reply, Watch::News) { return OnPolicies(reply); },
                    [this](AgentError error, const std::string& text) { OnPoliciesFailed(error, text); }});
}

SourceStatus Catalog::Status() const {
  SourceStatus status;
  status.kind = SourceKind::kConsul;
  status.where = "consul " + options_.agent.url;
  status.ready = ready_;
  status.reason = trouble_;
  if (trouble_.empty() && !followers_.denied().empty()) {
    status.reason = "the Consul token is refused for service " + *followers_.denied().begin();
  }
  status.failing = !status.reason.empty();
  status.age = loop_.Now() - std::max(started_, trouble_.empty() ? loop_.Now() : list_.good_at());
  status.good = watch_client_.counters().replies.value() + poll_client_.counters().replies.value();
  for (size_t i = 1; i < consul::kAgentErrors; ++i) {
    const uint64_t count = watch_client_.counters().errors[i].value() + poll_client_.counters().errors[i].value();
    status.bad.emplace_back(consul::AgentErrorName(static_cast<AgentError>(i)), count);
  }
  return status;
}

// However many ask, it is read once.
void Catalog::ConfirmList() {
  if (!std::exchange(confirming_, true)) list_watch_->Restart(Millis(0));
}

signpost::Status Catalog::OnList(const AgentReply& reply) {
  confirming_ = false;
  signpost::Status read = list_.Read(reply, loop_.Now());
  if (read.kind() == ErrorKind::kInvalid) return read;
  const bool recovered = !trouble_.empty() && read.ok();
  trouble_ = read.text();
  log_.Report(read);
  if (!read.ok()) return signpost::Status::Ok();
  if (recovered) RestartFailing();
  followers_.Follow(options_.wanted);
  NoteReady();
  return signpost::Status::Ok();
}

void Catalog::OnListFailed(AgentError error, const std::string& text) {
  confirming_ = false;
  if (IsTooMany(error, text)) {
    followers_.MakeRoom();
  } else {
    followers_.HoldPolled(error, text);
  }
  const bool denied = error == AgentError::kDenied;
  trouble_ = error == AgentError::kNoLeader ? "no cluster leader" : text;
  if (denied) trouble_ = "the Consul token is refused, it needs service:read and node:read; " + text;
  log_.Report(denied ? signpost::Status::Denied(trouble_) : signpost::Status::Unavailable(trouble_));
}

signpost::Status Catalog::OnPolicies(const AgentReply& reply) {
  auto read = ReadPolicies(reply.body, options_.policy_prefix);
  if (!read.ok()) return read.status();
  policy_log_.Report(signpost::Status::Ok());
  if (std::exchange(policies_settled_, true) && policies_ == read.value()) return signpost::Status::Ok();
  policies_ = std::move(read).value();
  followers_.SetPolicies(policies_);
  NoteReady();
  return signpost::Status::Ok();
}

// Those at hand stay.
void Catalog::OnPoliciesFailed(AgentError error, const std::string& text) {
  if (error == AgentError::kDenied) {
    policy_log_.Report(signpost::Status::Denied("the Consul token is refused, it needs key:read for " +
                                                options_.policy_prefix + "; " + text));
  } else {
    policy_log_.Report(signpost::Status::Unavailable(text));
  }
  if (std::exchange(policies_settled_, true)) return;
  followers_.SetPolicies(policies_);
  NoteReady();
}

void Catalog::RestartFailing() {
  followers_.RestartFailing();
  if (policy_watch_ && policy_watch_->failing()) policy_watch_->Restart(Millis(250));
}

void Catalog::NoteReady() {
  if (ready_ || !list_.known() || !policies_settled_ || !followers_.settled()) return;
  ready_ = true;
  sink_.OnReady(SourceKind::kConsul, followers_.Unknown());
}

}  // namespace

std::unique_ptr<ConsulSource> MakeConsulSource(net::Loop& loop, ConsulSourceOptions options, SourceSink& sink) {
  return std::make_unique<Catalog>(loop, std::move(options), sink);
}

}  // namespace signpost::lb
