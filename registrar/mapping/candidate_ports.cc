// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/candidate_ports.h"

#include <algorithm>
#include <tuple>

#include "registrar/mapping/tags.h"
#include "registrar/mapping/text_values.h"

namespace signpost::registrar {
namespace {

using Ports = std::vector<ContainerPort>;

constexpr int64_t kMaxPort = 65535;
constexpr size_t kMaxListed = 1024;  // pieces of a list that are read

bool SamePort(const ContainerPort& a, const ContainerPort& b) {
  return a.number == b.number && a.protocol == b.protocol;
}

template <typename Predicate>
Ports Only(const Ports& ports, Predicate predicate) {
  Ports chosen;
  std::copy_if(ports.begin(), ports.end(), std::back_inserter(chosen), predicate);
  return chosen;
}

// Those of `more` that `ports` lacks are put in their places.
Ports Merged(Ports ports, const Ports& more) {
  for (const ContainerPort& port : more) {
    const auto same = [&](const ContainerPort& known) { return SamePort(known, port); };
    if (std::none_of(ports.begin(), ports.end(), same)) ports.push_back(port);
  }
  std::sort(ports.begin(), ports.end(), [](const ContainerPort& a, const ContainerPort& b) {
    return std::tie(a.number, a.protocol) < std::tie(b.number, b.protocol);
  });
  return ports;
}

Ports HostNetworkPorts(const Container& container, const Ports& listed, const MappingOptions& options) {
  if (options.host_ports == HostPorts::kExposed || options.compat == Compat::kRegistrator) {
    return Merged(container.ports, listed);
  }
  Ports requested = Only(container.ports, [](const ContainerPort& port) { return port.requested; });
  if (!requested.empty()) return requested;
  return listed.empty() ? container.ports : listed;
}

}  // namespace

std::vector<ContainerPort> ReadPortList(std::string_view text, Strings& warnings) {
  Ports ports;
  Strings pieces = SplitTags(text);
  if (pieces.size() > kMaxListed) pieces.resize(kMaxListed);
  for (const std::string& piece : pieces) {
    const std::string_view view = piece;
    const size_t slash = view.find('/');
    const auto number = ParseWhole(view.substr(0, slash), kMaxPort);
    const auto protocol = slash == std::string_view::npos ? Protocol::kTcp : ParseProtocol(view.substr(slash + 1));
    if (!number || *number == 0 || !protocol) {
      warnings.push_back("\"" + piece + "\" in the list of PORTS is no port and is left out; write 80 or 53/udp");
      continue;
    }
    ports =
        Merged(std::move(ports), {{.number = static_cast<uint16_t>(*number), .protocol = *protocol, .exposed = true}});
  }
  return ports;
}

std::vector<ContainerPort> CandidatePorts(const Container& container, const Metadata& general,
                                          const MappingOptions& options, Strings& warnings) {
  const Ports listed = ReadPortList(general.Value("ports"), warnings);
  if (container.network_mode == "host") return HostNetworkPorts(container, listed, options);
  if (!NamespaceOwner(container).empty()) return listed.empty() ? container.ports : listed;
  return listed.empty() ? container.ports : Merged(container.ports, listed);
}

}  // namespace signpost::registrar
