// Signpost. Apache-2.0; see LICENSE.
#include "registrar/drain_run.h"

#include <algorithm>
#include <utility>

#include "common/options/text.h"
#include "registrar/mapping/map_container.h"
#include "registrar/plan/registration.h"

namespace signpost::registrar {
namespace {

// A mark outlives the container's end by this much; the daemon lifts it then, should the container have survived.
constexpr Millis kSpare{10000};

std::string Count(size_t number) { return std::to_string(number) + (number == 1 ? " service" : " services"); }

}  // namespace

Millis DrainTime(const Container& container, const MappingOptions& mapping) {
  const Mapping mapped = MapContainer(container, mapping, [](std::string_view) { return nullptr; });
  if (mapped.services.empty()) return mapping.drain;
  return std::ranges::max(mapped.services, {}, &Service::drain).drain;
}

DrainRun::DrainRun(net::Loop& loop, const RegistrarOptions& options, Say say, std::function<void(Status)> done)
    : options_(options),
      say_(std::move(say)),
      done_(std::move(done)),
      engine_(loop, options.start.engine),
      agent_(loop, options.start.agent),
      writer_(loop, agent_, options.start.dry_run),
      timer_(loop, [this] { StopContainer(); }) {
  engine_call_ = engine_.Negotiate([this](Result<EngineInfo> info) { OnInfo(std::move(info)); });
}

void DrainRun::OnInfo(Result<EngineInfo> info) {
  if (!info.ok()) return Finish({info.status().kind(), "the Docker Engine: " + info.status().text()});
  info_ = std::move(info).value();
  engine_call_ = engine_.Inspect(options_.drain.container,
                                 [this](Result<Container> container) { OnContainer(std::move(container)); });
}

void DrainRun::OnContainer(Result<Container> container) {
  if (!container.ok()) {
    return Finish({container.status().kind(),
                   options::Quoted(options_.drain.container) + " cannot be drained: " + container.status().text()});
  }
  container_ = std::move(container).value();
  if (!IsUp(container_)) {
    say_(container_.name + " does not run");
    return Finish(Status::Ok());
  }
  MappingOptions mapping = MakeMapping(options_, FindHostAddresses(options_.live.ip, MachineAddresses()));
  if (mapping.node_id.empty()) mapping.node_id = info_.name;
  wait_ = options_.drain.wait ? *options_.drain.wait : DrainTime(container_, mapping);
  reading_ = std::make_unique<AgentReading>(agent_, [this](const Result<AgentPicture>& agent) { OnAgent(agent); });
}

void DrainRun::OnAgent(const Result<AgentPicture>& agent) {
  if (!agent.ok()) {
    return Finish({agent.status().kind(),
                   "the Consul agent: " + agent.status().text() + "; " + container_.name + " was not stopped"});
  }
  for (const auto& [id, service] : agent.value().services) {
    if (service.Meta(kContainerKey) != container_.id) continue;
    // An operator's mark already keeps it out of the answers, and is not ours to lift.
    if (service.maintenance && !service.maintenance_reason.starts_with(kOwnReason)) continue;
    services_.push_back(id);
  }
  if (services_.empty()) {
    say_("the agent has no service of " + container_.name + " to take out");
    return StopContainer();
  }
  Mark();
}

void DrainRun::Mark() {
  say_("puts " + Count(services_.size()) + " of " + container_.name + " into maintenance");
  const Nanos until = SystemClock().Wall() + wait_ + container_.stop_timeout + kSpare;
  const std::string reason = DrainReason(std::chrono::duration_cast<std::chrono::seconds>(until).count());
  for (const std::string& id : services_) {
    writes_[id] = writer_.SetMaintenance(id, true, reason,
                                         [this, id](const WriteResult& result) { OnMarked(std::string(id), result); });
  }
}

void DrainRun::OnMarked(const std::string& id, const WriteResult& result) {
  writes_.erase(id);
  // One that is gone needs no mark.
  if (result.outcome != WriteOutcome::kDone && result.outcome != WriteOutcome::kUnknown) {
    mark_failure_ = Status::Unavailable("the agent did not take the mark of " + id + ": " + result.text);
  }
  if (!writes_.empty()) return;
  if (!mark_failure_.ok()) return Lift(mark_failure_);
  Wait();
}

void DrainRun::Wait() {
  if (wait_ > Millis(0)) say_("waits " + options::FormatDuration(wait_));
  timer_.Start(options_.start.dry_run ? Millis(0) : wait_);
}

void DrainRun::StopContainer() {
  stopping_ = true;
  if (options_.start.dry_run) {
    say_("would stop " + container_.name + " (dry run)");
    return Finish(Status::Ok());
  }
  say_("stops " + container_.name);
  engine_call_ = engine_.Stop(container_.id, Millis(0), [this](const Status& status) {
    if (!status.ok() && status.kind() != ErrorKind::kNotFound) {
      return Lift({status.kind(), container_.name + " was not stopped: " + status.text()});
    }
    say_(container_.name + " has stopped");
    Finish(Status::Ok());
  });
}

void DrainRun::GiveUp(Status why) {
  if (stopping_ || lifting_) return;
  timer_.Stop();
  engine_call_.reset();
  reading_.reset();
  writes_.clear();
  Lift(std::move(why));
}

void DrainRun::Lift(Status why) {
  lifting_ = true;
  if (services_.empty()) return Finish(std::move(why));
  say_("lifts the marks");
  for (const std::string& id : services_) {
    writes_[id] = writer_.SetMaintenance(id, false, "", [this, id, why](const WriteResult& result) {
      if (result.outcome != WriteOutcome::kDone && result.outcome != WriteOutcome::kUnknown) {
        say_("the mark of " + id + " could not be lifted: " + result.text);
      }
      OnLifted(std::string(id), Status(why));
    });
  }
}

// Both are the caller's copies: the call holds the callback that has them.
void DrainRun::OnLifted(const std::string& id, const Status& why) {
  writes_.erase(id);
  if (writes_.empty()) Finish(why);
}

void DrainRun::Finish(Status status) {
  const auto done = std::move(done_);
  if (done) done(std::move(status));
}

}  // namespace signpost::registrar
