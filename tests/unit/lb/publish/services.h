// Signpost. Apache-2.0; see LICENSE.
// Discovered services in a few words.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lb/discovery/source.h"

namespace signpost::lb {

inline net::SocketAddress Address(const std::string& text) {
  auto address = net::SocketAddress::Parse(text, 0);
  return address.ok() ? address.value() : net::SocketAddress();
}

struct InstanceSpec {
  std::string address = {};
  std::vector<std::string> tags = {};
  Meta meta = {};
  uint64_t modified = 0;
  uint32_t weight = 1;
};

struct ServiceSpec {
  std::string name = {};
  std::vector<InstanceSpec> instances = {};
  std::vector<std::string> tags = {};  // besides those of the instances
  uint64_t created = 0;
  ServiceState state = ServiceState::kKnown;
  std::string policy = {};
};

inline DiscoveredServicePtr Service(const ServiceSpec& spec) {
  auto service = std::make_shared<DiscoveredService>();
  service->name = spec.name;
  service->tags = spec.tags;
  service->create_index = spec.created;
  service->policy = spec.policy;
  service->state = spec.state;
  for (const InstanceSpec& from : spec.instances) {
    Instance instance;
    instance.address = Address(from.address);
    instance.weight = from.weight;
    instance.id = from.address;
    instance.tags = from.tags;
    instance.meta = from.meta;
    instance.modified = from.modified;
    for (const std::string& tag : from.tags) {
      bool known = false;
      for (const std::string& other : service->tags) known = known || other == tag;
      if (!known) service->tags.push_back(tag);
    }
    service->instances.push_back(std::move(instance));
  }
  return service;
}

}  // namespace signpost::lb
