// Signpost. Apache-2.0; see LICENSE.
// What a real Docker Engine 20.10 answered, and containers in a form that fits a table.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "registrar/container/container.h"
#include "registrar/container/inspect.h"

namespace signpost::registrar::test {

// Of tests/cases/docker, without the last newline. Tests run in the project's root.
inline std::string ReadCase(const std::string& name) {
  std::ifstream file("tests/cases/docker/" + name);
  std::stringstream text;
  text << file.rdbuf();
  std::string content = text.str();
  EXPECT_FALSE(content.empty()) << name;
  while (!content.empty() && content.back() == '\n') content.pop_back();
  return content;
}

inline Container Inspected(const std::string& json) {
  auto container = ParseInspect(json);
  EXPECT_TRUE(container.ok()) << container.status().text() << "\n" << json;
  return container.ok() ? container.value() : Container();
}

// "80/tcp er 0.0.0.0:8080 [::]:8080, 81/udp e": e is exposed, r is requested.
inline std::string PortsText(const Container& container) {
  std::string text;
  for (const ContainerPort& port : container.ports) {
    if (!text.empty()) text += ", ";
    text += std::to_string(port.number) + "/" + ProtocolName(port.protocol);
    if (port.exposed || port.requested) text += " ";
    if (port.exposed) text += "e";
    if (port.requested) text += "r";
    for (const HostBinding& binding : port.bindings) {
      const bool v6 = IsIpv6(binding.address);
      text += " " + (v6 ? "[" + binding.address + "]" : binding.address) + ":" + std::to_string(binding.port);
    }
  }
  return text;
}

// "net1 198.51.100.2 2001:db8::2, net2 -": names with addresses.
inline std::string NetworksText(const Container& container) {
  std::string text;
  for (const NetworkAttachment& network : container.networks) {
    if (!text.empty()) text += ", ";
    text += network.name;
    if (!network.ipv4.empty()) text += " " + network.ipv4;
    if (!network.ipv6.empty()) text += " " + network.ipv6;
  }
  return text;
}

// "up", "down", and what else is true: "up paused".
inline std::string StateText(const Container& container) {
  std::string text = IsUp(container) ? "up" : "down";
  if (container.running && !IsUp(container)) text += " running";
  if (container.paused) text += " paused";
  if (container.restarting) text += " restarting";
  if (container.dead) text += " dead";
  if (container.oom_killed) text += " oom";
  if (container.exit_code != 0) text += " exit " + std::to_string(container.exit_code);
  return text;
}

inline std::string HealthText(const Container& container) {
  switch (container.health) {
    case Health::kNone:
      return "";
    case Health::kStarting:
      return "starting";
    case Health::kHealthy:
      return "healthy";
    case Health::kUnhealthy:
      return "unhealthy";
  }
  return "?";
}

}  // namespace signpost::registrar::test
