// Signpost. Apache-2.0; see LICENSE.
#include "tests/support/dns/zone_builder.h"

#include <utility>

#include "dnsd/wire/name.h"

namespace signpost::test {

Node::Node(std::string name, std::string address, std::string datacenter)
    : node_{.name = std::move(name), .address = std::move(address), .datacenter = std::move(datacenter)} {}

Node& Node::Id(std::string uuid) {
  node_.id = std::move(uuid);
  return *this;
}

Node& Node::Tagged(std::string tag, std::string address) {
  node_.tagged_addresses.push_back({std::move(tag), std::move(address)});
  return *this;
}

Node& Node::Meta(std::string key, std::string value) {
  node_.meta.emplace_back(std::move(key), std::move(value));
  return *this;
}

Node& Node::Translated() {
  node_.translated = true;
  return *this;
}

Service::Service(std::string name, catalog::Kind kind, std::string datacenter) : name_(std::move(name)) {
  service_.key = {kind, std::move(datacenter), wire::ToLower(name_)};
}

Service& Service::On(const Node& node) {
  auto& known = by_name_[node.value().name];
  if (!known) {
    known = node.Build();
    nodes_.push_back(known);
  }
  service_.instances.push_back(
      {.node = known, .id = name_ + "-" + std::to_string(service_.instances.size()), .service = name_});
  return *this;
}

Service& Service::On(const std::string& node, const std::string& address) {
  return On(Node(node, address, service_.key.datacenter));
}

Service& Service::Id(std::string id) {
  last().id = std::move(id);
  return *this;
}

Service& Service::Named(std::string name) {
  last().service = std::move(name);
  return *this;
}

Service& Service::Address(std::string address) {
  last().address = std::move(address);
  return *this;
}

Service& Service::Port(uint16_t port) {
  last().port = port;
  return *this;
}

Service& Service::Weights(uint16_t passing, uint16_t warning) {
  last().weights = {passing, warning};
  return *this;
}

Service& Service::Warning() {
  last().health = consul::Health::kWarning;
  return *this;
}

Service& Service::Critical() {
  last().health = consul::Health::kCritical;
  return *this;
}

Service& Service::Maintenance() {
  last().health = consul::Health::kMaintenance;
  return *this;
}

Service& Service::OddStatus() {
  last().health = consul::Health::kOther;
  return *this;
}

Service& Service::Tag(std::string tag) {
  last().tags.push_back(std::move(tag));
  return *this;
}

Service& Service::Tagged(std::string tag, std::string address) {
  last().tagged_addresses.push_back({std::move(tag), std::move(address)});
  return *this;
}

Service& Service::Meta(std::string key, std::string value) {
  last().meta.emplace_back(std::move(key), std::move(value));
  return *this;
}

Service& Service::Translated() {
  service_.translated = true;
  return *this;
}

Service& Service::AnsweredBy(std::string datacenter) {
  service_.answering_datacenter = std::move(datacenter);
  return *this;
}

Service& Service::OwnTtl(int seconds) {
  service_.own_ttl = std::chrono::seconds(seconds);
  return *this;
}

Service& Service::Of(std::string service) {
  service_.queried_service = std::move(service);
  return *this;
}

Service& Service::KeepOrder() {
  service_.keep_order = true;
  return *this;
}

Service ManyInstances(const std::string& name, int count, const std::string& prefix) {
  Service service(name);
  for (int i = 0; i < count; ++i) {
    const std::string address = "10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
    service.On(prefix + std::to_string(i), address).Port(8000);
  }
  return service;
}

}  // namespace signpost::test
