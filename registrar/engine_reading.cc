// Signpost. Apache-2.0; see LICENSE.
#include "registrar/engine_reading.h"

#include <algorithm>
#include <utility>

namespace signpost::registrar {
namespace {

constexpr size_t kParallel = 8;

}  // namespace

EngineReading::EngineReading(EngineClient& client, On done) : client_(client), done_(std::move(done)) {
  call_ = client_.Negotiate([this](Result<EngineInfo> info) { OnInfo(std::move(info)); });
}

void EngineReading::OnInfo(Result<EngineInfo> info) {
  if (!info.ok()) return Finish(info.status());
  picture_.info = std::move(info).value();
  call_ = client_.List([this](const Result<std::vector<ListEntry>>& list) { OnList(list); });
}

void EngineReading::OnList(const Result<std::vector<ListEntry>>& list) {
  if (!list.ok()) return Finish(list.status());
  for (const ListEntry& entry : list.value()) left_.push_back(entry.id);
  InspectNext();
}

void EngineReading::InspectNext() {
  while (!left_.empty() && inspects_.size() < kParallel) {
    const std::string id = left_.front();
    left_.pop_front();
    inspects_[id] = client_.Inspect(
        id, [this, id](Result<Container> container) { OnContainer(std::string(id), std::move(container)); });
  }
  if (!inspects_.empty()) return;
  std::ranges::sort(picture_.containers, {}, &Container::id);
  Finish(std::move(picture_));
}

void EngineReading::OnContainer(const std::string& id, Result<Container> container) {
  inspects_.erase(id);
  if (container.ok()) {
    picture_.containers.push_back(std::move(container).value());
  } else if (container.status().kind() != ErrorKind::kNotFound) {  // else it went since the list
    const Status& why = container.status();
    return Finish(Status(why.kind(), "container " + id.substr(0, 12) + ": " + why.text()));
  }
  InspectNext();
}

void EngineReading::Finish(Result<EnginePicture> result) {
  left_.clear();
  inspects_.clear();
  // `done` may destroy this object.
  const On done = std::move(done_);
  done(std::move(result));
}

}  // namespace signpost::registrar
