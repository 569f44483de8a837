// Signpost. Apache-2.0; see LICENSE.
#include "tests/support/bench/generated_world.h"

#include <strings.h>

#include <algorithm>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>

namespace signpost::bench {
namespace {

constexpr size_t kMostNodes = 2000;
constexpr size_t kInstancesPerNode = 100;
constexpr const char* kServer = "srv1";

// Appends what printf would print; one call writes at most 1 KB.
[[gnu::format(printf, 2, 3)]] void Append(std::string& out, const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  out.append(text, std::min(static_cast<size_t>(length), sizeof text - 1));
}

std::string NodeName(size_t node) {
  std::string name;
  Append(name, "host-%04zu", node + 1);
  return name;
}

// Hosts live in 172.16.0.0/12, containers in 10.0.0.0/8.
std::string NodeAddress(size_t node) {
  std::string address;
  Append(address, "172.16.%zu.%zu", node / 250, node % 250 + 1);
  return address;
}

std::string InstanceAddress(size_t instance) {
  const size_t number = instance + 1;
  std::string address;
  Append(address, "10.%zu.%zu.%zu", number >> 16 & 255, number >> 8 & 255, number & 255);
  return address;
}

void AppendNode(std::string& out, const std::string& name, const std::string& address, size_t number) {
  Append(out,
         R"({"ID":"5f0c0000-0000-4000-8000-%012zx","Node":"%s","Address":"%s","Datacenter":"dc1",)"
         R"("TaggedAddresses":{"lan":"%s","lan_ipv4":"%s","wan":"%s","wan_ipv4":"%s"},)"
         R"("Meta":{"consul-network-segment":"","rack":"r%zu"},"CreateIndex":12,"ModifyIndex":14})",
         number, name.c_str(), address.c_str(), address.c_str(), address.c_str(), address.c_str(), address.c_str(),
         number % 8);
}

void AppendNodeCheck(std::string& out, const std::string& node) {
  Append(out,
         R"({"Node":"%s","CheckID":"serfHealth","Name":"Serf Health Status","Status":"passing","Notes":"",)"
         R"("Output":"Agent alive and reachable","ServiceID":"","ServiceName":"","ServiceTags":[],"Type":"",)"
         R"("Definition":{},"CreateIndex":12,"ModifyIndex":12})",
         node.c_str());
}

struct Instance {
  size_t number;  // over all services
  size_t node;
  std::string name;  // of its service
  std::string id;
  std::string address;
  size_t port;
};

Instance MakeInstance(size_t service, size_t number, size_t node) {
  Instance instance{.number = number,
                    .node = node,
                    .name = GeneratedWorld::ServiceName(service),
                    .id = {},
                    .address = InstanceAddress(number),
                    .port = 20000 + number % 20000};
  Append(instance.id, "%s:%s-%zu:8080", NodeName(node).c_str(), instance.name.c_str(), number);
  return instance;
}

void AppendServiceCheck(std::string& out, const Instance& instance) {
  Append(out,
         R"({"Node":"%s","CheckID":"service:%s","Name":"Service '%s' check","Status":"passing","Notes":"",)"
         R"("Output":"HTTP GET http://%s:%zu/health: 200 OK Output: {\"status\":\"up\",\"uptime\":\"%zum\"}",)"
         R"("ServiceID":"%s","ServiceName":"%s","ServiceTags":["http","v%zu"],"Type":"http","Definition":{},)"
         R"("CreateIndex":%zu,"ModifyIndex":%zu})",
         NodeName(instance.node).c_str(), instance.id.c_str(), instance.name.c_str(), instance.address.c_str(),
         instance.port, instance.number * 7 % 10000, instance.id.c_str(), instance.name.c_str(), instance.number % 3,
         instance.number + 20, instance.number + 21);
}

void AppendService(std::string& out, const Instance& instance) {
  Append(out,
         R"({"ID":"%s","Service":"%s","Tags":["http","v%zu"],"Address":"%s","Meta":{"team":"team-%zu",)"
         R"("version":"1.%zu.0"},"Port":%zu,"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,)"
         R"("Proxy":{"MeshGateway":{},"Expose":{}},"Connect":{},"CreateIndex":%zu,"ModifyIndex":%zu})",
         instance.id.c_str(), instance.name.c_str(), instance.number % 3, instance.address.c_str(),
         instance.number % 40, instance.number % 30, instance.port, instance.number + 20, instance.number + 20);
}

}  // namespace

GeneratedWorld::GeneratedWorld(size_t services, size_t instances_each)
    : services_(services),
      instances_each_(instances_each),
      nodes_(std::clamp(services * instances_each / kInstancesPerNode, std::min(instances_each, kMostNodes),
                        kMostNodes)) {}

std::string GeneratedWorld::ServiceName(size_t service) {
  std::string name;
  Append(name, "svc-%06zu", service + 1);
  return name;
}

std::optional<size_t> GeneratedWorld::FindService(std::string_view name) const {
  size_t number = 0;
  if (name.size() != 10 || strncasecmp(name.data(), "svc-", 4) != 0) return std::nullopt;
  for (const char digit : name.substr(4)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + static_cast<size_t>(digit - '0');
  }
  if (number < 1 || number > services_) return std::nullopt;
  return number - 1;
}

std::string GeneratedWorld::AgentSelf() const {
  return R"({"Config":{"Datacenter":"dc1","NodeName":"srv1","NodeID":"5f0c0000-0000-4000-8000-0000000fffff",)"
         R"("Revision":"","Server":true,"Version":"1.8.7"},"DebugConfig":{},"Coord":{},)"
         R"("Member":{"Name":"srv1","Addr":"127.0.0.1","Port":8301,"Tags":{"dc":"dc1","role":"consul"},"Status":1},)"
         R"("Stats":{},"Meta":{"consul-network-segment":""}})";
}

std::string GeneratedWorld::CatalogServices() const {
  std::string out = R"({"consul":[])";
  out.reserve(services_ * 48 + 64);
  for (size_t service = 0; service < services_; ++service) {
    Append(out, R"(,"%s":["http","v0","v1","v2"])", ServiceName(service).c_str());
  }
  return out += '}';
}

std::string GeneratedWorld::CatalogNodes() const {
  std::string out = "[";
  for (size_t node = 0; node < nodes_; ++node) {
    AppendNode(out, NodeName(node), NodeAddress(node), node + 1);
    out += ',';
  }
  AppendNode(out, kServer, "127.0.0.1", 0xfffff);
  return out += ']';
}

std::string GeneratedWorld::HealthService(size_t service) const {
  std::string out;
  out.reserve(instances_each_ * 1800);
  for (size_t i = 0; i < instances_each_; ++i) {
    const size_t number = service * instances_each_ + i;
    const Instance instance = MakeInstance(service, number, NodeOf(number));
    out += out.empty() ? R"([{"Node":)" : R"(,{"Node":)";
    AppendNode(out, NodeName(instance.node), NodeAddress(instance.node), instance.node + 1);
    out += R"(,"Service":)";
    AppendService(out, instance);
    out += R"(,"Checks":[)";
    AppendNodeCheck(out, NodeName(instance.node));
    out += ',';
    AppendServiceCheck(out, instance);
    out += "]}";
  }
  return out += ']';
}

std::string GeneratedWorld::HealthConsul() const {
  std::string out = R"([{"Node":)";
  AppendNode(out, kServer, "127.0.0.1", 0xfffff);
  out += R"(,"Service":{"ID":"consul","Service":"consul","Tags":[],"Address":"","Meta":{"version":"1.8.7"},)"
         R"("Port":8300,"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,"Proxy":{},"Connect":{},)"
         R"("CreateIndex":10,"ModifyIndex":10},"Checks":[)";
  AppendNodeCheck(out, kServer);
  return out += "]}]";
}

std::string GeneratedWorld::HealthStateAny() const {
  std::string out = "[";
  out.reserve(services_ * instances_each_ * 640 + nodes_ * 320);
  AppendNodeCheck(out, kServer);
  for (size_t node = 0; node < nodes_; ++node) {
    out += ',';
    AppendNodeCheck(out, NodeName(node));
  }
  for (size_t number = 0; number < services_ * instances_each_; ++number) {
    out += ',';
    AppendServiceCheck(out, MakeInstance(number / instances_each_, number, NodeOf(number)));
  }
  return out += ']';
}

}  // namespace signpost::bench
