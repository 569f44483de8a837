// Signpost. Apache-2.0; see LICENSE.
// One event of the engine's stream. Read are Type, Action, Actor, time and timeNano only: newer engines have no status,
// id and from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace signpost::registrar {

enum class EventKind : unsigned char {
  kStart,  // also restart: the same question is asked
  kDie,
  kKill,
  kStop,
  kPause,
  kUnpause,
  kRename,
  kDestroy,  // also Podman's "remove"
  kUpdate,
  kOom,
  kHealth,   // "health_status: healthy", Podman's "health_status"
  kNetwork,  // connect, disconnect
  kOther,    // of no interest
};
inline constexpr size_t kEventKinds = 13;
const char* EventKindName(EventKind kind);  // "start", ...: the label of the metric

struct Event {
  EventKind kind = EventKind::kOther;
  std::string container_id;  // of a network event: the attribute "container"; "" = of no container
  int signal = 0;         // of a kill; 0 = absent or unreadable. A label named "signal" hides the engine's own value.
  int64_t time_nano = 0;  // the engine's clock; 0 = not said

  friend bool operator==(const Event&, const Event&) = default;
};

// kInvalid: not a JSON object.
Result<Event> ParseEvent(std::string_view line);

}  // namespace signpost::registrar
