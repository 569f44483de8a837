// Signpost. Apache-2.0; see LICENSE.
#include "registrar/drain_target.h"

#include <algorithm>
#include <utility>

#include "common/consul/agent_url.h"
#include "common/json/json.h"
#include "common/options/text.h"
#include "registrar/plan/plan.h"
#include "registrar/plan/registration.h"

namespace signpost::registrar {
namespace {

constexpr size_t kMaxOwners = 8;  // containers in a row that share the network of the next; ends a circle

}  // namespace

Millis DrainTime(const Mapping& mapping, Millis usual) {
  if (mapping.services.empty()) return usual;
  return std::ranges::max(mapping.services, {}, &Service::drain).drain;
}

DrainSearch::DrainSearch(EngineClient& engine, consul::AgentClient& agent, const RegistrarOptions& options, On done)
    : engine_(engine), agent_(agent), options_(options), done_(std::move(done)) {
  engine_call_ = engine_.Negotiate([this](Result<EngineInfo> info) { OnInfo(std::move(info)); });
}

void DrainSearch::OnInfo(Result<EngineInfo> info) {
  if (!info.ok()) return Finish(Status{info.status().kind(), "the Docker Engine: " + info.status().text()});
  info_ = std::move(info).value();
  engine_call_ = engine_.Inspect(options_.drain.container,
                                 [this](Result<Container> container) { OnContainer(std::move(container)); });
}

void DrainSearch::OnContainer(Result<Container> container) {
  if (!container.ok()) {
    return Finish(Status{container.status().kind(), options::Quoted(options_.drain.container) +
                                                        " cannot be drained: " + container.status().text()});
  }
  target_.container = std::move(container).value();
  if (!IsUp(target_.container)) return Finish(std::move(target_));
  FindOwners();
}

// Its address, and with that its services, may come from the container whose network it shares.
void DrainSearch::FindOwners() {
  std::string_view next = NamespaceOwner(target_.container);
  size_t hops = 0;
  for (; hops < kMaxOwners && !next.empty(); ++hops) {
    const auto known = owners_.find(next);
    if (known == owners_.end()) break;
    next = NamespaceOwner(known->second);
  }
  if (next.empty() || hops == kMaxOwners) return Map();
  const std::string id(next);
  engine_call_ =
      engine_.Inspect(id, [this, id](Result<Container> container) { OnOwner(std::string(id), std::move(container)); });
}

void DrainSearch::OnOwner(const std::string& id, Result<Container> container) {
  if (!container.ok() && container.status().kind() != ErrorKind::kNotFound) {
    return Finish(Status{container.status().kind(), "the Docker Engine: " + container.status().text() + "; " +
                                                        target_.container.name + " was not stopped"});
  }
  if (!container.ok()) return Map();
  owners_[id] = std::move(container).value();
  FindOwners();
}

void DrainSearch::Map() {
  MappingOptions mapping = MakeMapping(options_, FindHostAddresses(options_.live.ip, MachineAddresses()));
  if (mapping.node_id.empty()) mapping.node_id = info_.name;
  const Mapping mapped = MapContainer(target_.container, mapping, [this](std::string_view id) {
    const auto owner = owners_.find(id);
    return owner == owners_.end() ? nullptr : &owner->second;
  });
  target_.wait = options_.drain.wait ? *options_.drain.wait : DrainTime(mapped, mapping.drain);
  for (const Service& service : mapped.services) wanted_.push_back(service.id);
  reading_ = std::make_unique<AgentReading>(agent_, [this](const Result<AgentPicture>& agent) { OnAgent(agent); });
}

void DrainSearch::OnAgent(const Result<AgentPicture>& agent) {
  if (!agent.ok()) return Refuse(agent.status());
  const ActualServices& services = agent.value().services;
  for (const auto& [id, service] : services) {
    if (service.Meta(kContainerKey) != target_.container.id) continue;
    const bool own_mark = service.maintenance && service.maintenance_reason.starts_with(kOwnReason);
    // An operator's mark already keeps it out of the answers, and is not ours to lift.
    if (!service.maintenance || own_mark) target_.services.push_back({id, own_mark});
  }
  std::erase_if(wanted_, [&](const std::string& id) { return services.contains(id); });
  AskNext();
}

void DrainSearch::AskNext() {
  if (wanted_.empty()) return Finish(std::move(target_));
  const std::string id = wanted_.back();
  wanted_.pop_back();
  agent_call_ = agent_.Get({.path = "/v1/agent/service/" + consul::EncodeSegment(id), .stale = false},
                           [this, id](const consul::AgentReply& reply) { OnService(std::string(id), reply); });
}

void DrainSearch::OnService(const std::string& service_id, const consul::AgentReply& reply) {
  if (reply.error != consul::AgentError::kNone && reply.error != consul::AgentError::kNotFound) {
    const Status why = StatusOf(reply);
    return Refuse({why.kind(), "it does not tell whether it has " + service_id + ": " + why.text()});
  }
  if (reply.error == consul::AgentError::kNone) {
    const auto document = json::Document::Parse(reply.body);
    if (!document.ok()) return Refuse(document.status());
    // Any other is somebody else's.
    const std::string_view container = document.value().root()["Meta"][kContainerKey].String();
    if (container == target_.container.id) target_.services.push_back({service_id, false});
  }
  AskNext();
}

void DrainSearch::Refuse(const Status& why) {
  Finish(Status{why.kind(), "the Consul agent: " + why.text() + "; " + target_.container.name + " was not stopped"});
}

void DrainSearch::Finish(Result<DrainTarget> result) {
  // `done` may destroy this object.
  const On done = std::move(done_);
  done(std::move(result));
}

}  // namespace signpost::registrar
