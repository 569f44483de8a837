// Signpost. Apache-2.0; see LICENSE.
// The engine's JSON to plain values. Pure and total: any bytes give a value or a Status, never a crash.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "registrar/container/container.h"

namespace signpost::registrar {

// GET /containers/{id}/json. kInvalid: not JSON, or without a usable Id. Fields of a wrong type count as absent.
// Bounds: at most 4,096 environment entries, labels, ports and networks each; the rest is left out.
Result<Container> ParseInspect(std::string_view json);

// One entry of GET /containers/json: enough to see whether an inspect would tell news.
struct ListEntry {
  std::string id;
  // Equal while names, state, health, ports, networks, their endpoints (new at every restart) and labels are. 16 hex
  // digits. Of the text of Status, which counts seconds, only the health is part.
  std::string fingerprint;
  bool running = false;  // State is running, paused or restarting
  friend bool operator==(const ListEntry&, const ListEntry&) = default;
};
// kInvalid: not a JSON array. Entries without an ID are left out.
Result<std::vector<ListEntry>> ParseList(std::string_view json);

// GET /info and the headers of GET /_ping.
struct EngineInfo {
  std::string id;                // "" when the engine does not give a lasting one (Podman makes a new one per request)
  std::string name;              // the host's name
  std::string system_time;       // the engine's clock as it writes it; for `since`
  int64_t system_time_nano = 0;  // the same since 1970; 0 = unreadable
  bool podman = false;
};
Result<EngineInfo> ParseInfo(std::string_view json, bool podman);

// RFC 3339 with any number of fraction digits to nanoseconds since 1970; 0 = unreadable.
int64_t ParseTimeNano(std::string_view text);

}  // namespace signpost::registrar
