// Signpost. Apache-2.0; see LICENSE.
// Any bytes as the engine's event stream. However the stream is sliced, the lines are the same, and every line is an
// event or says why not. Input: one byte for the size of the slices, then the stream.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "registrar/container/event.h"
#include "registrar/container/event_lines.h"
#include "tests/fuzz/check.h"

namespace signpost::fuzz {
namespace {

using registrar::Event;
using registrar::EventKind;

std::vector<std::string> Lines(std::string_view stream, size_t slice) {
  registrar::EventLines lines;
  std::vector<std::string> seen;
  for (size_t at = 0; at < stream.size(); at += slice) {
    lines.Feed(stream.substr(at, slice), [&](std::string_view line) { seen.emplace_back(line); });
  }
  Demand(lines.dropped() == 0 || stream.size() > registrar::EventLines::kMaxLine, "only long lines are dropped");
  return seen;
}

void CheckEvent(const Event& event) {
  const auto usable = [](unsigned char c) {
    return c > ' ' && c < 0x7f && c != '/' && c != '?' && c != '%' && c != '#';
  };
  Demand(static_cast<size_t>(event.kind) < registrar::kEventKinds, "a known kind");
  Demand(registrar::EventKindName(event.kind)[0] != '\0', "kinds have names");
  Demand(std::all_of(event.container_id.begin(), event.container_id.end(), usable), "IDs fit a request's path");
  Demand(event.signal >= 0 && event.signal <= 64, "signals exist");
  Demand(event.signal == 0 || event.kind == EventKind::kKill, "only kills have a signal");
  Demand(event.time_nano >= 0, "time is not negative");
}

void Run(size_t slice, std::string_view stream) {
  const auto lines = Lines(stream, stream.size() + 1);
  Demand(lines == Lines(stream, slice), "slices mean nothing");
  for (const std::string& line : lines) {
    Demand(line.find('\n') == std::string::npos && !line.ends_with('\r'), "lines have no line end");
    const auto event = registrar::ParseEvent(line);
    if (event.ok()) {
      CheckEvent(event.value());
    } else {
      Demand(!event.status().text().empty(), "a failure says why");
    }
  }
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) signpost::fuzz::Run(data[0] + size_t{1}, {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
