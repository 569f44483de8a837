// Signpost. Apache-2.0; see LICENSE.
#include "registrar/drain_run.h"

#include <utility>

#include "common/options/text.h"
#include "registrar/plan/registration.h"

namespace signpost::registrar {
namespace {

// A mark outlives the container's end by this much; the daemon lifts it then, should the container have survived.
constexpr Millis kSpare{10000};

std::string Count(size_t number) { return std::to_string(number) + (number == 1 ? " service" : " services"); }

}  // namespace

DrainRun::DrainRun(net::Loop& loop, const RegistrarOptions& options, Say say, std::function<void(Status)> done)
    : options_(options),
      say_(std::move(say)),
      done_(std::move(done)),
      engine_(loop, options.start.engine),
      agent_(loop, options.start.agent),
      writer_(loop, agent_, options.start.dry_run),
      timer_(loop, [this] { StopContainer(); }) {
  search_ = std::make_unique<DrainSearch>(engine_, agent_, options_,
                                          [this](Result<DrainTarget> target) { OnTarget(std::move(target)); });
}

void DrainRun::OnTarget(Result<DrainTarget> target) {
  if (!target.ok()) return Finish(target.status());
  target_ = std::move(target).value();
  if (!IsUp(target_.container)) {
    say_(target_.container.name + " does not run");
    return Finish(Status::Ok());
  }
  if (!target_.services.empty()) return Mark();
  say_("the agent has no service of " + target_.container.name + " to take out");
  if (options_.drain.wait) return Wait();
  StopContainer();
}

void DrainRun::Mark() {
  say_("puts " + Count(target_.services.size()) + " of " + target_.container.name + " into maintenance");
  for (const DrainTarget::Marked& service : target_.services) {
    const std::string id = service.service_id;
    if (!service.own_mark) {
      Enable(id);
      continue;
    }
    // Consul keeps the reason of a mark that is there, which may end too early. Whatever comes of it: the mark is set.
    writes_[id] = writer_.SetMaintenance(id, false, "", [this, id](const WriteResult&) { Enable(std::string(id)); });
  }
}

void DrainRun::Enable(const std::string& id) {
  const Nanos until = SystemClock().Wall() + target_.wait + target_.container.stop_timeout + kSpare;
  const std::string reason = DrainReason(std::chrono::duration_cast<std::chrono::seconds>(until).count());
  writes_[id] = writer_.SetMaintenance(id, true, reason,
                                       [this, id](const WriteResult& result) { OnMarked(std::string(id), result); });
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
  if (target_.wait > Millis(0)) say_("waits " + options::FormatDuration(target_.wait));
  timer_.Start(options_.start.dry_run ? Millis(0) : target_.wait);
}

void DrainRun::StopContainer() {
  stopping_ = true;
  if (options_.start.dry_run) {
    say_("would stop " + target_.container.name + " (dry run)");
    return Finish(Status::Ok());
  }
  say_("stops " + target_.container.name);
  const auto done = [this](const Status& status) {
    if (!status.ok() && status.kind() != ErrorKind::kNotFound) {
      return Lift({status.kind(), target_.container.name + " was not stopped: " + status.text()});
    }
    say_(target_.container.name + " has stopped");
    Finish(Status::Ok());
  };
  engine_call_ = engine_.Stop(target_.container.id, Millis(0), done, target_.container.stop_timeout);
}

void DrainRun::GiveUp(Status why) {
  if (stopping_ || lifting_) {
    return say_(std::string(stopping_ ? "the engine is stopping the container" : "the marks are being lifted") +
                "; another signal ends registrar without waiting for that");
  }
  timer_.Stop();
  search_.reset();
  writes_.clear();
  Lift(std::move(why));
}

void DrainRun::Lift(Status why) {
  stopping_ = false;
  lifting_ = true;
  if (target_.services.empty()) return Finish(std::move(why));
  say_("lifts the marks");
  for (const auto& [id, own_mark] : target_.services) {
    writes_[id] = writer_.SetMaintenance(id, false, "", [this, id = id, why](const WriteResult& result) {
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
