// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/port_reach.h"

#include <algorithm>

#include "registrar/mapping/address_choice.h"
#include "registrar/mapping/network_choice.h"
#include "registrar/mapping/published.h"

namespace signpost::registrar {
namespace {

using Bindings = std::vector<HostBinding>;

enum class Side : unsigned char { kHostNetwork, kContainer, kPublished };

Side SideOf(const PortSubject& subject) {
  if (subject.network_owner.network_mode == "host") return Side::kHostNetwork;
  const bool inside = subject.options.internal || subject.metadata.Has("network");
  return inside ? Side::kContainer : Side::kPublished;
}

Reach ReachInside(const PortSubject& subject, Strings& warnings) {
  const Container& owner = subject.network_owner;
  const Strings wanted = GivenNetworks(owner, subject.metadata, subject.options, warnings);
  const NetworkAttachment* network = ChooseNetwork(owner, wanted, subject.options);
  return network == nullptr ? Reach{} : NetworkReach(*network, subject.port.number);
}

// Where no port is really published, Registrator takes the container's port for the host's.
bool RegistratorInvents(const PortSubject& subject) {
  if (subject.options.compat != Compat::kRegistrator) return false;
  const Container& owner = subject.network_owner;
  return subject.port.requested || owner.network_mode == "none" || owner.networks.empty();
}

Bindings BindingsOf(const PortSubject& subject) {
  const auto& ports = subject.network_owner.ports;
  const auto port = std::find_if(ports.begin(), ports.end(), [&](const ContainerPort& candidate) {
    return candidate.number == subject.port.number && candidate.protocol == subject.port.protocol;
  });
  if (port != ports.end() && !port->bindings.empty()) return port->bindings;
  return RegistratorInvents(subject) ? Bindings{{"0.0.0.0", subject.port.number}} : Bindings{};
}

// Registrator's pair on a network of the user's making: the container's address and the host's port.
void MixAsRegistrator(const PortSubject& subject, PortReach& found) {
  const Container& owner = subject.network_owner;
  if (subject.options.compat != Compat::kRegistrator || subject.options.ip_given || !OnUserNetwork(owner)) return;
  const NetworkAttachment* network = FindNetwork(owner, owner.network_mode);
  if (network != nullptr) found.reaches = {NetworkReach(*network, found.any_port)};
}

PortReach ReachPublished(const PortSubject& subject) {
  const Bindings bindings = BindingsOf(subject);
  if (bindings.empty()) return {};
  Published published = ReadBindings(bindings, subject.options);
  PortReach found{.reaches = std::move(published.reaches),
                  .any_port = bindings.front().port,
                  .loopback_left_out = published.loopback_left_out};
  const auto ipv6 = std::find_if(bindings.begin(), bindings.end(),
                                 [](const HostBinding& binding) { return IsIpv6(binding.address); });
  if (ipv6 != bindings.end()) found.ipv6_port = ipv6->port;
  MixAsRegistrator(subject, found);
  return found;
}

}  // namespace

std::string PortReach::WhyNot(const PortSubject& subject) const {
  const std::string port = "port " + std::to_string(subject.port.number) + "/" + ProtocolName(subject.port.protocol) +
                           " is not registered: ";
  if (loopback_left_out) {
    return port + "it is published on a loopback address only; publish it on another one, or give --publish-loopback";
  }
  if (SideOf(subject) == Side::kContainer) {
    return port + "the container has no address of the wanted family on its networks; choose another --family";
  }
  return port + "the host has no known address of the family it is published on; give --ip";
}

PortReach ReachPort(const PortSubject& subject, Strings& warnings) {
  const uint16_t number = subject.port.number;
  switch (SideOf(subject)) {
    case Side::kHostNetwork:
      return {.reaches = {HostReach(subject.options, number)}, .any_port = number};
    case Side::kPublished:
      return ReachPublished(subject);
    case Side::kContainer:
      break;
  }
  const Reach reach = ReachInside(subject, warnings);
  const bool reachable = reach.ipv4 || reach.ipv6;
  return {.reaches = {reach}, .any_port = reachable ? number : uint16_t{0}};
}

Reach ReachContainer(const PortSubject& subject, Strings& warnings) {
  switch (SideOf(subject)) {
    case Side::kContainer:
      return ReachInside(subject, warnings);
    case Side::kPublished:
      if (subject.network_owner.network_mode == "none") return {};
      break;
    case Side::kHostNetwork:
      break;
  }
  return HostReach(subject.options, subject.port.number);
}

}  // namespace signpost::registrar
