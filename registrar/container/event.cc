// Signpost. Apache-2.0; see LICENSE.
#include "registrar/container/event.h"

#include <array>
#include <limits>
#include <utility>

#include "common/json/json.h"
#include "registrar/container/fields.h"

namespace signpost::registrar {
namespace {

struct NamedKind {
  const char* action;
  EventKind kind;
};

// Docker's words, and Podman's where they differ.
constexpr std::array<NamedKind, 16> kContainerActions = {{
    {"start", EventKind::kStart},
    {"restart", EventKind::kStart},
    {"die", EventKind::kDie},
    {"died", EventKind::kDie},
    {"kill", EventKind::kKill},
    {"stop", EventKind::kStop},
    {"pause", EventKind::kPause},
    {"unpause", EventKind::kUnpause},
    {"rename", EventKind::kRename},
    {"destroy", EventKind::kDestroy},
    {"remove", EventKind::kDestroy},
    {"update", EventKind::kUpdate},
    {"oom", EventKind::kOom},
    {"health_status", EventKind::kHealth},
    {"health_status: healthy", EventKind::kHealth},
    {"health_status: unhealthy", EventKind::kHealth},
}};

EventKind ContainerKind(std::string_view action) {
  for (const auto& each : kContainerActions) {
    if (action == each.action) return each.kind;
  }
  return action.starts_with("health_status:") ? EventKind::kHealth : EventKind::kOther;
}

std::string UsableId(json::Value value) {
  const std::string_view id = value.String();
  return IsUsableId(id) ? std::string(id) : std::string();
}

int64_t TimeOf(json::Value event) {
  constexpr int64_t kSecond = 1'000'000'000;
  const int64_t nano = IntOf(event["timeNano"]);
  if (nano > 0) return nano;
  const int64_t seconds = IntOf(event["time"]);
  return seconds > 0 && seconds <= std::numeric_limits<int64_t>::max() / kSecond ? seconds * kSecond : 0;
}

}  // namespace

const char* EventKindName(EventKind kind) {
  static constexpr std::array<const char*, kEventKinds> kNames = {"start",   "die",     "kill",    "stop",   "pause",
                                                                  "unpause", "rename",  "destroy", "update", "oom",
                                                                  "health",  "network", "other"};
  return kNames[static_cast<size_t>(kind)];
}

Result<Event> ParseEvent(std::string_view line) {
  auto document = json::Document::Parse(line);
  if (!document.ok()) return Status::Invalid("an event that is not JSON: " + document.status().text());
  const json::Value root = document->root();
  if (!root.IsObject()) return Status::Invalid("an event that is not a JSON object");

  Event event;
  event.time_nano = TimeOf(root);
  const std::string_view type = root["Type"].String();
  const std::string_view action = root["Action"].String();
  const json::Value actor = root["Actor"];
  if (type == "container") {
    event.kind = ContainerKind(action);
    event.container_id = UsableId(actor["ID"]);
    if (event.kind == EventKind::kKill) event.signal = SignalOf(actor["Attributes"]["signal"]);
  } else if (type == "network" && (action == "connect" || action == "disconnect")) {
    event.kind = EventKind::kNetwork;
    event.container_id = UsableId(actor["Attributes"]["container"]);
  }
  return event;
}

}  // namespace signpost::registrar
