// Signpost. Apache-2.0; see LICENSE.
// What Signpost needs to know of one container, as plain values, whatever dialect the engine speaks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"

namespace signpost::registrar {

using Strings = std::vector<std::string>;
using StringPairs = std::vector<std::pair<std::string, std::string>>;

enum class Protocol : unsigned char { kTcp, kUdp, kSctp };
// "tcp", "udp", "sctp".
const char* ProtocolName(Protocol protocol);

// An address and port of the host that leads to a container's port.
struct HostBinding {
  std::string address;  // as the engine says: "0.0.0.0", "::", "127.0.0.1"; "" = every address
  uint16_t port = 0;    // never 0
  friend bool operator==(const HostBinding&, const HostBinding&) = default;
};
bool IsIpv6(std::string_view address);  // holds a colon

struct ContainerPort {
  uint16_t number = 0;
  Protocol protocol = Protocol::kTcp;
  bool exposed = false;    // Config.ExposedPorts has it
  bool requested = false;  // HostConfig.PortBindings has it (-p), in force or not
  // NetworkSettings.Ports: what is really published now. IPv4 before IPv6, then by port, then by address; the engine's
  // own order means nothing.
  std::vector<HostBinding> bindings;
  friend bool operator==(const ContainerPort&, const ContainerPort&) = default;
};

struct NetworkAttachment {
  std::string name;
  std::string id;    // "" when the engine does not say
  std::string ipv4;  // "" = none
  std::string ipv6;  // "" = none
  friend bool operator==(const NetworkAttachment&, const NetworkAttachment&) = default;
};

enum class Health : unsigned char { kNone, kStarting, kHealthy, kUnhealthy };

struct Container {
  std::string id;                    // 64 hex digits
  std::string name;                  // without the leading slash
  std::string image;                 // Config.Image: what the creator typed
  std::string hostname;              // Config.Hostname
  std::string domainname;            // Config.Domainname
  std::string created;               // as the engine writes it
  std::string started_at;            // State.StartedAt
  StringPairs environment;           // in the engine's order; entries without "=" or without a name are left out
  StringPairs labels;                // sorted by name
  std::vector<ContainerPort> ports;  // sorted by number, then protocol; every port that any of the three places names
  std::string network_mode;          // "default", "bridge", "host", "none", "container:<id>", a network's name or ID
  std::vector<NetworkAttachment> networks;  // sorted by name
  bool running = false;                     // true in restart back-off as well
  bool paused = false;
  bool restarting = false;
  bool dead = false;
  bool oom_killed = false;
  int exit_code = 0;
  Health health = Health::kNone;  // kNone as well with a health check of NONE
  std::string health_output;      // of the last probe, at most 4 KiB
  int stop_signal = 15;           // Config.StopSignal by name or number; SIGTERM when absent or unreadable
  Millis stop_timeout{10000};     // Config.StopTimeout; at most a day, which stands for "for ever" (negative) as well

  friend bool operator==(const Container&, const Container&) = default;
};

// Really runs: contributes services. A paused container does.
bool IsUp(const Container& container);
// The container of network mode "container:<id>", or "".
std::string_view NamespaceOwner(const Container& container);
// The value of a label or "" when absent or empty. Valid while the container lives.
std::string_view Label(const Container& container, std::string_view name);

}  // namespace signpost::registrar
