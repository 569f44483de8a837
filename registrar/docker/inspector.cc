// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/inspector.h"

#include <algorithm>
#include <utility>

namespace signpost::registrar {

Inspector::Inspector(net::Loop& loop, EngineClient& client, Options options, Handlers handlers, Counter& inspects)
    : loop_(loop),
      client_(client),
      options_(options),
      handlers_(std::move(handlers)),
      queue_(options.backoff_first, options.backoff_cap, RandomSeed()),
      inspects_(inspects),
      timer_(loop, [this] { Pump(); }) {}

void Inspector::Inspect(const std::string& id) {
  if (id.empty()) return;
  queue_.MarkDirty(id);
  if (!paused_) timer_.Start(Millis(0));
}

void Inspector::Want(const std::string& id) {
  if (id.empty()) return;
  queue_.Want(id);
  if (!paused_) timer_.Start(Millis(0));
}

void Inspector::Resume() {
  paused_ = false;
  timer_.Start(Millis(0));
}

void Inspector::Pause() {
  paused_ = true;
  timer_.Stop();
  calls_.clear();
  queue_.Interrupt();
}

void Inspector::Pump() {
  if (paused_) return;
  while (calls_.size() < options_.parallel) {
    const auto id = queue_.Next(loop_.Now());
    if (!id) break;
    inspects_.Add();
    calls_[*id] = client_.Inspect(*id, [this, id = *id](Result<Container> reply) { OnReply(id, std::move(reply)); });
  }
  const auto deadline = queue_.NextDeadline();
  if (deadline && calls_.size() < options_.parallel) timer_.Start(std::max(Millis(0), *deadline - loop_.Now()));
}

void Inspector::OnReply(const std::string& id, Result<Container> reply) {
  calls_.erase(id);
  const bool gone = reply.status().kind() == ErrorKind::kNotFound;
  const bool told = reply.ok() || gone;
  if (!told) queue_.Fail(id, loop_.Now());
  const bool fresh = told && queue_.Finish(id);
  Log(id, told ? Status::Ok() : reply.status());
  timer_.Start(Millis(0));
  if (fresh && gone) handlers_.on_gone(id);
  if (fresh && !gone) handlers_.on_container(std::move(reply).value());
  if (fresh || !told) handlers_.on_tried(id);
}

void Inspector::Log(const std::string& id, const Status& status) {
  const auto found = failing_.find(id);
  if (status.ok()) {
    if (found == failing_.end()) return;
    found->second.Report(status);
    failing_.erase(found);
  } else if (found != failing_.end()) {
    found->second.Report(status);
  } else {
    failing_.try_emplace(id, "the inspect of container " + id.substr(0, 12)).first->second.Report(status);
  }
}

}  // namespace signpost::registrar
