// Signpost. Apache-2.0; see LICENSE.
// A book of desired services, and the containers and events that it is told of.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "registrar/container/inspect.h"
#include "registrar/reconcile/desired_book.h"

namespace signpost::registrar {

inline constexpr const char* kWeb = "aaaa";
inline constexpr const char* kWebId = "node1:web:80";
inline constexpr Millis kNow{1'000'000};
inline constexpr int64_t kWall = 1'767'225'700;  // some time after the containers' start

inline MappingOptions NodeMapping() {
  MappingOptions options;
  options.node_id = "node1";
  options.host_ipv4 = "192.0.2.10";
  return options;
}

inline Container Web(const std::string& id = kWeb, const std::string& name = "web") {
  Container container;
  container.id = id;
  container.name = name;
  container.image = "web:1";
  container.started_at = "2026-01-01T00:00:00Z";
  container.running = true;
  container.network_mode = "default";
  ContainerPort port;
  port.number = 80;
  port.exposed = port.requested = true;
  port.bindings = {{"0.0.0.0", 8080}};
  container.ports = {port};
  return container;
}

inline Container Stopped(Container container, int exit_code) {
  container.running = false;
  container.exit_code = exit_code;
  container.ports.front().bindings.clear();
  return container;
}

inline Container Sick(Container container, Health health) {
  container.health = health;
  return container;
}

inline Container Paused(Container container) {
  container.paused = true;
  return container;
}

inline Event Kill(int signal, const std::string& id = kWeb) {
  Event event;
  event.kind = EventKind::kKill;
  event.container_id = id;
  event.signal = signal;
  return event;
}

class DesiredBookTest : public testing::Test {
 protected:
  explicit DesiredBookTest(DeregisterMode mode = DeregisterMode::kAlways) : book_(mode) {
    book_.SetMapping(NodeMapping(), kNow);
  }

  std::vector<std::string> Ids() const {
    std::vector<std::string> ids;
    for (const auto& [id, desired] : book_.desired()) ids.push_back(id);
    return ids;
  }
  std::string Maintenance(const std::string& id = kWebId) const {
    const auto found = book_.desired().find(id);
    return found == book_.desired().end() ? "not desired" : found->second.maintenance;
  }
  std::string Report() const {
    const auto found = book_.desired().find(kWebId);
    if (found == book_.desired().end()) return "not desired";
    return found->second.reports.empty() ? "none" : found->second.reports.front().status;
  }

  DesiredBook book_;
};

}  // namespace signpost::registrar
