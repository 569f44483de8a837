// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/endpoints.h"

#include "registrar/mapping/address_choice.h"
#include "registrar/mapping/candidate_ports.h"
#include "registrar/mapping/port_reach.h"
#include "registrar/mapping/selection.h"
#include "registrar/mapping/text_values.h"
#include "registrar/mapping/warnings.h"

namespace signpost::registrar {
namespace {

constexpr int kMaxShared = 8;  // containers in a row that share the network of the next; ends a circle

// Null: it shares the network of a container that is not known.
const Container* FindNetworkOwner(const Container& container, const FindContainer& find) {
  const Container* owner = &container;
  for (int hop = 0; owner != nullptr && hop < kMaxShared; ++hop) {
    const std::string_view next = NamespaceOwner(*owner);
    if (next.empty()) return owner;
    owner = find ? find(next) : nullptr;
  }
  return nullptr;
}

void ReplacePort(const PortSubject& subject, Endpoint& endpoint, Strings& warnings) {
  const auto port = GivenPort(subject.metadata, subject.options, warnings);
  if (!port) return;
  endpoint.port = *port;
  for (TaggedAddress& tagged : endpoint.tagged_addresses) tagged.port = *port;
}

// Empty when no reach is of a usable family.
std::vector<Endpoint> PlaceAll(const std::vector<Reach>& reaches, const PortSubject& subject, Strings& warnings) {
  const Family family = GivenFamily(subject.metadata, subject.options, warnings);
  std::vector<Endpoint> endpoints;
  for (const Reach& reach : reaches) {
    Endpoint endpoint{.container_port = subject.port.number, .protocol = subject.port.protocol};
    if (!Place(reach, family, endpoint)) continue;
    endpoint.extra_binding = !endpoints.empty();
    ReplacePort(subject, endpoint, warnings);
    endpoints.push_back(std::move(endpoint));
    if (!subject.options.all_bindings) break;
  }
  return endpoints;
}

std::vector<Endpoint> EndpointsOfPort(const PortSubject& subject, Strings& warnings) {
  const PortReach found = ReachPort(subject, warnings);
  const std::string address = GivenAddress(subject.container, subject.metadata, subject.options, warnings);
  if (!address.empty() && found.any_port != 0) {
    Endpoint endpoint{.container_port = subject.port.number, .protocol = subject.port.protocol, .address = address};
    endpoint.port = IsIpv6(address) && found.ipv6_port != 0 ? found.ipv6_port : found.any_port;
    ReplacePort(subject, endpoint, warnings);
    return {endpoint};
  }
  std::vector<Endpoint> endpoints = PlaceAll(found.reaches, subject, warnings);
  if (endpoints.empty() && found.any_port != 0) warnings.push_back(found.WhyNot(subject));
  return endpoints;
}

// A service of the container as a whole, for SERVICE_PORT=<port> or SERVICE_REGISTER.
std::vector<Endpoint> WithoutPorts(const Container& container, const Container& owner, const Metadata& general,
                                   const MappingOptions& options, uint16_t port, Strings& warnings) {
  const ContainerPort whole{.number = port};
  const PortSubject subject{container, owner, general, options, whole};
  Endpoint endpoint{.container_port = port, .port = port};
  endpoint.address = GivenAddress(container, general, options, warnings);
  if (!endpoint.address.empty()) return {endpoint};
  const Family family = GivenFamily(general, options, warnings);
  if (Place(ReachContainer(subject, warnings), family, endpoint)) return {endpoint};
  warnings.push_back("the container has no address that could be registered; give it " + KeyName(options.prefix, "ip"));
  return {};
}

}  // namespace

std::vector<Endpoint> FindEndpoints(const Container& container, const MetadataSource& metadata,
                                    const MappingOptions& options, const FindContainer& find, Strings& warnings) {
  const Container* owner = FindNetworkOwner(container, find);
  if (owner == nullptr) {
    warnings.emplace_back(
        "it shares the network of a container that is not running or not known; it is registered when that one runs");
    return {};
  }
  const Metadata general = metadata.General();
  Strings unheard;  // of ports that nobody wants registered
  Strings& general_warnings = IsIgnored(general, options.compat) ? unheard : warnings;
  const auto given_port = GivenPort(general, options, general_warnings);
  if (given_port == 0) return WithoutPorts(container, *owner, general, options, 0, general_warnings);

  std::vector<Endpoint> endpoints;
  for (const ContainerPort& port : CandidatePorts(container, general, options, general_warnings)) {
    const Metadata keys = metadata.ForPort(port.number, port.protocol);
    const PortSubject subject{container, *owner, keys, options, port};
    std::vector<Endpoint> found = EndpointsOfPort(subject, IsIgnored(keys, options.compat) ? unheard : warnings);
    unheard.clear();
    CondenseWarnings(warnings);
    endpoints.insert(endpoints.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  }
  const bool wanted = given_port.has_value() || ParseSwitch(general.Value("register")).value_or(false);
  if (!endpoints.empty() || !wanted) return endpoints;
  return WithoutPorts(container, *owner, general, options, given_port.value_or(0), general_warnings);
}

}  // namespace signpost::registrar
