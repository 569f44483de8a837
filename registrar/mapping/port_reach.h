// Signpost. Apache-2.0; see LICENSE.
// The places where one port of a container can be reached. Pure.
#pragma once

#include <string>
#include <vector>

#include "registrar/mapping/metadata.h"
#include "registrar/mapping/reach.h"

namespace signpost::registrar {

struct PortSubject {
  const Container& container;
  const Container& network_owner;  // whose network it uses: itself unless "container:<id>"
  const Metadata& metadata;        // that counts for the port
  const MappingOptions& options;
  const ContainerPort& port;
};

struct PortReach {
  std::vector<Reach> reaches;  // the best first
  uint16_t any_port = 0;       // a port by which it can be reached at a given address; 0 = it cannot be reached
  uint16_t ipv6_port = 0;      // the same by IPv6; 0 = as any_port
  bool loopback_left_out = false;

  // The warning when no reach could be used.
  std::string WhyNot(const PortSubject& subject) const;
};

PortReach ReachPort(const PortSubject& subject, Strings& warnings);

// The container's address without regard to ports; each port of it is subject.port.number.
Reach ReachContainer(const PortSubject& subject, Strings& warnings);

}  // namespace signpost::registrar
