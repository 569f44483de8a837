// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/consul_follower.h"

#include <utility>

#include "common/consul/catalog_json.h"
#include "lb/discovery/consul_instances.h"

namespace signpost::lb {
namespace {

// A read that could not be believed in full is repeated this much later.
constexpr Millis kReadAgain{5000};

bool Same(const DiscoveredService& a, const DiscoveredService& b) {
  return a.state == b.state && a.reason == b.reason && a.create_index == b.create_index && a.policy == b.policy &&
         a.tags == b.tags && a.instances == b.instances;
}

std::string Seconds(Millis time) { return std::to_string(time.count() / 1000) + " s"; }

}  // namespace

ConsulFollower::ConsulFollower(std::string name, const FollowRules& rules)
    : name_(std::move(name)), rules_(rules), guard_(rules.loss) {}

Status ConsulFollower::Read(const consul::AgentReply& reply, consul::NodeTable& nodes, Millis now, bool believe_empty) {
  const auto read = consul::ReadHealthService(reply.body, nodes);
  if (!read.ok()) return read.status();
  ConsulInstances found = ReadConsulInstances(read.value(), name_, exact_, rules_.use_warning);
  again_ = Millis(0);
  empty_in_doubt_ = false;
  const bool registered = !found.instances.empty() || !found.skipped.empty();
  if (registered) {
    tags_ = std::move(found.tags);
    create_index_ = found.create_index;
  }
  skipped_ = found.skipped.empty() ? "" : found.skipped.front();
  if (found.skipped.size() > 1) skipped_ += " (and " + std::to_string(found.skipped.size() - 1) + " more)";
  if (reply.last_contact > rules_.max_last_contact) {
    // It may add; that checks fail is as old as the rest of it.
    std::erase_if(found.instances, [](const Instance& instance) { return instance.weight == kUnusableWeight; });
    guard_.Partial(now, std::move(found.instances),
                   "the answering server has not heard from its leader for " + Seconds(reply.last_contact));
    again_ = kReadAgain;
  } else if (!found.instances.empty()) {
    guard_.Set(now, std::move(found.instances));
    again_ = guard_.hurry();
  } else if (reply.filtered) {
    guard_.Failed(now, "the token may not see it");
    again_ = kReadAgain;
  } else if (registered) {
    guard_.Absent(now);  // its instances are there and of no use: no doubt about that
  } else {
    ReadEmpty(now, believe_empty);
  }
  return Status::Ok();
}

void ConsulFollower::ReadEmpty(Millis now, bool believe_empty) {
  if (believe_empty) {
    guard_.Empty(now, "no instance is registered");
  } else {
    guard_.Failed(now, "no instance is registered, but the list of services does not confirm it");
  }
  empty_in_doubt_ = !known() || guard_.state() == ServiceState::kHeld;
  if (empty_in_doubt_) again_ = rules_.loss.ask_again;
}

void ConsulFollower::Failed(const std::string& reason, Millis now) {
  guard_.Failed(now, reason);
  again_ = Millis(0);
}

void ConsulFollower::SetListed(Listing listing) {
  listed_ = listing.listed;
  exact_ = listing.listed || !listing.wanted;
  if (tags_.empty()) tags_ = std::move(listing.tags);
}

void ConsulFollower::SetPolicy(const std::string& policy) { policy_ = policy; }

DiscoveredService ConsulFollower::Describe() const {
  DiscoveredService service;
  service.name = name_;
  service.tags = tags_;
  service.create_index = guard_.state() == ServiceState::kEmpty ? 0 : create_index_;
  service.policy = policy_;
  service.state = guard_.state();
  service.reason = guard_.reason();
  for (const Instance& instance : guard_.instances()) {
    if (instance.weight != kUnusableWeight) service.instances.push_back(instance);
  }
  const bool registered = service.state == ServiceState::kKnown || service.state == ServiceState::kDeclaredAbsent;
  if (service.instances.empty() && registered) {
    service.state = ServiceState::kEmpty;
    service.reason = "no instance can be used: their checks fail, or they lack an address or port";
  }
  return service;
}

DiscoveredServicePtr ConsulFollower::TakeNews() {
  if (!guard_.known()) return nullptr;
  DiscoveredService service = Describe();
  if (told_ && Same(*told_, service)) return nullptr;
  told_ = std::make_shared<const DiscoveredService>(std::move(service));
  return told_;
}

}  // namespace signpost::lb
