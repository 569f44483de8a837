// Signpost. Apache-2.0; see LICENSE.
#include "registrar/container/container.h"

#include <algorithm>

namespace signpost::registrar {

const char* ProtocolName(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp:
      return "tcp";
    case Protocol::kUdp:
      return "udp";
    case Protocol::kSctp:
      return "sctp";
  }
  return "";
}

bool IsIpv6(std::string_view address) { return address.find(':') != std::string_view::npos; }

bool IsUp(const Container& container) { return container.running && !container.restarting && !container.dead; }

std::string_view NamespaceOwner(const Container& container) {
  constexpr std::string_view kPrefix = "container:";
  const std::string_view mode = container.network_mode;
  return mode.starts_with(kPrefix) ? mode.substr(kPrefix.size()) : std::string_view();
}

std::string_view Label(const Container& container, std::string_view name) {
  const auto& labels = container.labels;
  const auto found = std::lower_bound(labels.begin(), labels.end(), name,
                                      [](const auto& label, std::string_view wanted) { return label.first < wanted; });
  return found != labels.end() && found->first == name ? std::string_view(found->second) : std::string_view();
}

}  // namespace signpost::registrar
