// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/global_watches.h"

#include <algorithm>
#include <utility>

#include "common/consul/catalog_json.h"

namespace signpost::feed {
namespace {

constexpr Millis kRestartSpread{100};
constexpr Millis kMaxBackoff{2000};

}  // namespace

GlobalWatches::GlobalWatches(FeedContext& context, consul::AgentClient& client, const GlobalWatchesOptions& options,
                             Callbacks callbacks)
    : context_(context), callbacks_(std::move(callbacks)) {
  consul::WatchOptions common;
  common.wait = options.wait;
  common.max_backoff = kMaxBackoff;
  if (context.datacenter != options.agent_datacenter) common.params.emplace_back("dc", context.datacenter);

  // The list of 100,000 names has megabytes: a busy catalog must not make us read it 20 times a second.
  consul::WatchOptions services = common;
  services.path = "/v1/catalog/services";
  services.burst = 10;
  services.per_second = 10;
  Begin(FreshnessTracker::kServices, client, std::move(services), &GlobalWatches::OnServices);

  consul::WatchOptions nodes = common;
  nodes.path = "/v1/catalog/nodes";
  Begin(FreshnessTracker::kNodes, client, std::move(nodes), &GlobalWatches::OnNodes);

  consul::WatchOptions checks = common;
  checks.path = "/v1/health/state/any";
  checks.params.emplace_back("filter", "Status != \"passing\"");
  Begin(FreshnessTracker::kHealth, client, std::move(checks), &GlobalWatches::OnChecks);
}

void GlobalWatches::Begin(FreshnessTracker::Part part, consul::AgentClient& client, consul::WatchOptions options,
                          Handler handler) {
  consul::Watch::Events events;
  events.on_reply = [this, part, handler](const consul::AgentReply& reply, consul::Watch::News news) {
    Status read = (this->*handler)(reply, news);
    const bool waiting = part == FreshnessTracker::kNodes && nodes_waiting_;
    if (read.ok() && !waiting) {
      indexes_[part - FreshnessTracker::kServices] = reply.index;
      callbacks_.on_result(part, true, {});
    }
    return read;
  };
  events.on_failure = [this, part](consul::AgentError error, const std::string& text) {
    callbacks_.on_result(part, false, std::string(AgentErrorName(error)) + (text.empty() ? "" : ": ") + text);
  };
  watches_[part - FreshnessTracker::kServices] =
      std::make_unique<consul::Watch>(context_.loop, client, std::move(options), std::move(events));
}

void GlobalWatches::Restore(const std::vector<NodePointer>& nodes) {
  for (const NodeList::Change& change : nodes_.Replace(nodes)) callbacks_.on_node(change);
}

void GlobalWatches::Restart() {
  for (const auto& watch : watches_) watch->Restart(kRestartSpread);
}

void GlobalWatches::Settled() {
  if (!nodes_waiting_ || std::exchange(nodes_asked_again_, true)) return;
  watches_[FreshnessTracker::kNodes - FreshnessTracker::kServices]->Restart(Millis(0));
}

uint64_t GlobalWatches::index() const { return *std::max_element(indexes_.begin(), indexes_.end()); }

// The body goes on even if it is unchanged: the list at hand may have come from a confirming fetch meanwhile.
Status GlobalWatches::OnServices(const consul::AgentReply& reply, consul::Watch::News news) {
  return callbacks_.on_services(reply, news.advanced);
}

Status GlobalWatches::OnNodes(const consul::AgentReply& reply, consul::Watch::News news) {
  if (!news.changed && !nodes_waiting_) return Status::Ok();
  const auto nodes = consul::ReadCatalogNodes(reply.body, context_.nodes);
  if (!nodes.ok()) return nodes.status();
  if (context_.own_guard().JudgeNodes(nodes.value().size()) == AclGuard::Verdict::kLost) {
    ++context_.suspicious;
    return Status::Ok();
  }
  nodes_asked_again_ = false;
  nodes_waiting_ = context_.distrust && (!nodes_known_ || nodes_.HasMoreThan(nodes.value()));
  if (nodes_waiting_) return Status::Ok();
  nodes_known_ = true;
  for (const NodeList::Change& change : nodes_.Replace(nodes.value())) callbacks_.on_node(change);
  return Status::Ok();
}

Status GlobalWatches::OnChecks(const consul::AgentReply& reply, consul::Watch::News news) {
  if (!news.changed) return Status::Ok();
  auto checks = consul::ReadHealthState(reply.body);
  if (!checks.ok()) return checks.status();
  CheckList list = MakeCheckList(std::move(checks).value());
  const Affected affected = Compare(checks_, list);
  checks_ = std::move(list);
  callbacks_.on_checks(affected);
  return Status::Ok();
}

}  // namespace signpost::feed
