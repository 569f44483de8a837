// Signpost. Apache-2.0; see LICENSE.
// Any text into the readers of the engine's documents. The first byte chooses the reader.
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "registrar/container/inspect.h"
#include "tests/fuzz/check.h"

namespace signpost::fuzz {
namespace {

using registrar::Container;
using registrar::ContainerPort;

template <typename T>
Result<T> Checked(Result<T> result) {
  Demand(result.ok() || (result.status().kind() == ErrorKind::kInvalid && !result.status().text().empty()),
         "a failure says why");
  return result;
}

template <typename List, typename Key>
bool StrictlySorted(const List& list, Key key) {
  return std::adjacent_find(list.begin(), list.end(), [&](const auto& a, const auto& b) { return key(a) >= key(b); }) ==
         list.end();
}

void CheckPorts(const Container& container) {
  Demand(
      StrictlySorted(container.ports, [](const ContainerPort& port) { return std::pair(port.number, port.protocol); }),
      "ports are sorted and unique");
  for (const ContainerPort& port : container.ports) {
    Demand(port.number != 0, "ports are numbers");
    bool v6 = false;
    for (const auto& binding : port.bindings) {
      Demand(binding.port != 0, "host ports are numbers");
      Demand(!v6 || registrar::IsIpv6(binding.address), "IPv4 before IPv6");
      v6 = registrar::IsIpv6(binding.address);
    }
  }
}

void CheckContainer(const Container& container) {
  constexpr size_t kMost = 4096;
  Demand(!container.id.empty() && container.id.find('/') == std::string::npos, "the ID fits a request's path");
  Demand(container.environment.size() <= kMost && container.labels.size() <= kMost, "settings are bounded");
  Demand(container.ports.size() <= kMost && container.networks.size() <= kMost, "ports and networks are bounded");
  Demand(StrictlySorted(container.labels, [](const auto& label) { return label.first; }), "labels are sorted");
  Demand(StrictlySorted(container.networks, [](const auto& network) { return network.name; }), "networks are sorted");
  for (const auto& [name, value] : container.environment) Demand(!name.empty(), "variables have names");
  for (const auto& [name, value] : container.labels) Demand(Label(container, name) == value, "labels are found");
  Demand(container.health_output.size() <= 4096, "the output is bounded");
  Demand(container.stop_signal >= 1 && container.stop_signal <= 64, "signals exist");
  Demand(container.stop_timeout >= Millis(0) && container.stop_timeout <= Millis(86400000), "time-outs are bounded");
  Demand(!IsUp(container) || container.running, "what is up runs");
  CheckPorts(container);
}

void Run(uint8_t reader, std::string_view body) {
  switch (reader % 4) {
    case 0:
      if (const auto container = Checked(registrar::ParseInspect(body)); container.ok())
        CheckContainer(container.value());
      break;
    case 1:
      if (const auto list = Checked(registrar::ParseList(body)); list.ok()) {
        for (const auto& entry : list.value()) Demand(!entry.id.empty() && entry.fingerprint.size() == 16, "an entry");
      }
      break;
    case 2:
      if (const auto info = Checked(registrar::ParseInfo(body, false)); info.ok())
        Demand(info->system_time_nano == registrar::ParseTimeNano(info->system_time), "the same time twice");
      break;
    default:
      Demand(registrar::ParseTimeNano(body) >= 0, "time is not negative");
      break;
  }
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) signpost::fuzz::Run(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
