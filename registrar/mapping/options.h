// Signpost. Apache-2.0; see LICENSE.
// What the operator decides about the mapping from containers to services.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "registrar/container/container.h"
#include "registrar/mapping/service.h"

namespace signpost::registrar {

enum class Compat : unsigned char {
  kNone,
  kRegistrator,  // where Registrator's behaviour is a defect that somebody may rely on: as Registrator
};
enum class Family : unsigned char { kAny, kIpv4, kIpv6 };  // kAny: IPv4 is the address, IPv6 tagged
enum class HostPorts : unsigned char { kPublished, kExposed };
enum class PortSuffix : unsigned char { kAuto, kAlways, kNever };

// One --filter: all of one kind are alternatives, kinds add up.
struct Filter {
  enum class Kind : unsigned char { kLabel, kName, kNetwork, kImage };
  Kind kind = Kind::kLabel;
  std::string pattern;  // label: "key" or "key=value"; the others: text in which * stands for anything
};

struct MappingOptions {
  std::string node_id;  // begins every generated ID; never empty
  // What a port published on every address is reached by. "" = this host has none of that family.
  std::string host_ipv4;
  std::string host_ipv6;
  bool ip_given =
      false;  // by --ip: beats the address of a binding that is neither loopback nor wildcard only with ip_force
  bool ip_force = false;
  bool internal = false;
  bool explicit_only = false;
  std::string ip_label;  // --useIpFromLabel
  std::string tags;      // --tags: appended to every service's, a template
  StringPairs meta;      // --meta
  Compat compat = Compat::kNone;
  std::string prefix = "SERVICE_";
  bool all_bindings = false;
  bool publish_loopback = false;
  HostPorts host_ports = HostPorts::kPublished;
  PortSuffix port_suffix = PortSuffix::kAuto;
  Family family = Family::kAny;
  Strings networks;  // --network, in order of preference
  RegisterWhen register_when = RegisterWhen::kStarted;
  std::vector<Filter> filters;
  std::string require_label;    // "" = none; "key" or "key=value"
  bool dns_safe_names = false;  // rewrites names to letters, digits and hyphens
  Millis drain{10000};
  Millis health_ttl{90000};  // of the mirrored HEALTHCHECK
};

}  // namespace signpost::registrar
