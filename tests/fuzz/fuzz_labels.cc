// Signpost. Apache-2.0; see LICENSE.
// Labels, environment, ports and networks of any kind into the mapping. Whatever comes: the services are what Consul
// accepts. Input: two bytes of switches, then lines; the first letter says what a line is:
//   LNAME=VALUE label   ENAME=VALUE environment   PPORT/PROTO[ FLAGS][ ADDRESS>PORT ...] port, flags e (exposed), r
//   (requested)   NNAME IPV4 IPV6 network   MMODE network mode   CNAME container   IIMAGE   TTAGS --tags   HHOSTNAME
// Byte 0x1f stands for a newline inside a line.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "registrar/mapping/map_container.h"
#include "tests/fuzz/check.h"

namespace signpost::fuzz {
namespace {

using registrar::CheckDefinition;
using registrar::Container;
using registrar::ContainerPort;
using registrar::MappingOptions;
using registrar::Protocol;
using registrar::Service;

// Cuts off what stands before `separator`.
std::string_view Take(std::string_view& text, char separator) {
  const size_t at = text.find(separator);
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return head;
}

uint16_t Number(std::string_view text) {
  uint16_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// A container as the parser would have made it: sorted, without doubles.
class Builder {
 public:
  void Line(std::string_view line) {
    if (line.empty()) return;
    std::string text(line.substr(1));
    std::replace(text.begin(), text.end(), '\x1f', '\n');
    std::string_view rest = text;
    switch (line.front()) {
      case 'L': {
        const std::string_view name = Take(rest, '=');
        labels_.emplace(name, rest);
        break;
      }
      case 'E': {
        const std::string_view name = Take(rest, '=');
        if (!name.empty()) container_.environment.emplace_back(name, rest);
        break;
      }
      case 'P':
        Port(rest);
        break;
      case 'N': {
        const std::string name(Take(rest, ' '));
        const std::string ipv4(Take(rest, ' '));
        networks_.emplace(name, registrar::NetworkAttachment{name, "id-" + name, ipv4, std::string(rest)});
        break;
      }
      default:
        Word(line.front(), rest);
        break;
    }
  }

  Container Finish() {
    container_.id = std::string(64, 'c');
    container_.running = true;
    container_.labels.assign(labels_.begin(), labels_.end());
    for (auto& [key, port] : ports_) container_.ports.push_back(port);
    for (auto& [name, network] : networks_) container_.networks.push_back(network);
    return container_;
  }
  const std::string& tags() const { return tags_; }

 private:
  void Word(char letter, std::string_view text) {
    if (letter == 'M') container_.network_mode = text;
    if (letter == 'C') container_.name = text;
    if (letter == 'I') container_.image = text;
    if (letter == 'H') container_.hostname = text;
    if (letter == 'T') tags_ = text;
    if (letter == 'S') container_.health = registrar::Health::kUnhealthy;
  }

  void Port(std::string_view text) {
    std::string_view key = Take(text, ' ');
    const uint16_t number = Number(Take(key, '/'));
    if (number == 0) return;
    const Protocol protocol = key == "udp" ? Protocol::kUdp : key == "sctp" ? Protocol::kSctp : Protocol::kTcp;
    ContainerPort& port = ports_[{number, protocol}];
    port.number = number;
    port.protocol = protocol;
    while (!text.empty()) {
      std::string_view word = Take(text, ' ');
      if (word == "e") port.exposed = true;
      if (word == "r") port.requested = true;
      if (word.find('>') == std::string_view::npos) continue;
      const std::string address(Take(word, '>'));
      if (const uint16_t host_port = Number(word); host_port != 0) port.bindings.push_back({address, host_port});
    }
  }

  Container container_;
  std::map<std::string, std::string, std::less<>> labels_;
  std::map<std::pair<uint16_t, Protocol>, ContainerPort> ports_;
  std::map<std::string, registrar::NetworkAttachment, std::less<>> networks_;
  std::string tags_;
};

MappingOptions OptionsOf(unsigned switches) {
  const auto on = [&](unsigned bit) { return (switches >> bit & 1U) != 0; };
  MappingOptions options;
  options.node_id = "node1";
  options.host_ipv4 = on(0) ? "" : "192.0.2.10";
  options.host_ipv6 = on(1) ? "2001:db8::10" : "";
  options.ip_given = on(2);
  options.ip_force = on(3);
  options.internal = on(4);
  options.explicit_only = on(5);
  options.compat = on(6) ? registrar::Compat::kRegistrator : registrar::Compat::kNone;
  options.all_bindings = on(7);
  options.publish_loopback = on(8);
  options.host_ports = on(9) ? registrar::HostPorts::kExposed : registrar::HostPorts::kPublished;
  options.port_suffix = on(10) ? registrar::PortSuffix::kAlways : registrar::PortSuffix::kAuto;
  options.family = on(11) ? registrar::Family::kIpv6 : registrar::Family::kAny;
  options.dns_safe_names = on(12);
  if (on(13)) options.ip_label = "ip";
  if (on(14)) options.require_label = "wanted";
  if (on(15)) options.meta = {{"rack", "r1"}, {"bad key", std::string(600, 'x')}};
  return options;
}

void CheckMeta(const Service& service) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  Demand(service.meta.size() <= 61, "room is left for the owner's own keys");
  const std::string* before = nullptr;
  for (const auto& [key, value] : service.meta) {
    Demand(before == nullptr || *before < key, "meta is sorted and unique");
    before = &key;
    Demand(!key.empty() && key.size() <= 128 && key.find_first_not_of(kAllowed) == std::string::npos, "a meta key");
    Demand(!key.starts_with("consul-") && !key.starts_with("registrar-"), "a meta key that is nobody else's");
    Demand(value.size() <= 512, "a meta value");
  }
}

void CheckCheck(const CheckDefinition& check) {
  const bool asks = !check.http.empty() || !check.tcp.empty() || !check.grpc.empty() || !check.script_args.empty();
  const int kinds = static_cast<int>(!check.http.empty()) + static_cast<int>(!check.tcp.empty()) +
                    static_cast<int>(!check.grpc.empty()) + static_cast<int>(!check.ttl.empty()) +
                    static_cast<int>(!check.script_args.empty()) + static_cast<int>(!check.alias_service.empty());
  Demand(kinds == 1, "a check is of one kind");
  Demand(!check.check_id.empty(), "checks have IDs");
  Demand(asks != check.interval.empty(), "an interval for what Consul runs, and for nothing else");
  Demand(check.status.empty() || check.status == "passing" || check.status == "warning" || check.status == "critical",
         "a status that Consul knows");
  Demand(check.success_before_passing >= 0 && check.failures_before_critical >= 0, "thresholds");
  Demand((check.owner == registrar::CheckOwner::kAgent) == check.ttl.empty(), "who reports a TTL check is known");
}

void CheckService(const Service& service) {
  Demand(!service.id.empty() && !service.name.empty(), "services have IDs and names");
  Demand(service.address != "0.0.0.0" && service.address != "::", "an address that Consul accepts");
  Demand(service.weight_passing >= 1 && service.weight_passing <= 65535, "a weight that Consul accepts");
  Demand(service.weight_warning >= 0 && service.weight_warning <= 65535, "a weight that Consul accepts");
  Demand(service.container_id == std::string(64, 'c'), "whose it is");
  Demand(service.drain >= Millis(0), "a drain that ends");
  for (const std::string& tag : service.tags) Demand(!tag.empty(), "tags are not empty");
  const std::string* before = nullptr;
  for (const auto& tagged : service.tagged_addresses) {
    Demand(before == nullptr || *before < tagged.tag, "tagged addresses are sorted and unique");
    before = &tagged.tag;
    Demand(!tagged.address.empty(), "tagged addresses are addresses");
  }
  std::set<std::string> checks;
  for (const CheckDefinition& check : service.checks) {
    CheckCheck(check);
    Demand(checks.insert(check.check_id).second, "checks have IDs of their own");
  }
  CheckMeta(service);
}

void Run(unsigned switches, std::string_view lines) {
  Builder builder;
  while (!lines.empty()) builder.Line(Take(lines, '\n'));
  const Container container = builder.Finish();
  MappingOptions options = OptionsOf(switches);
  options.tags = builder.tags();
  const auto nobody = [](std::string_view) -> const Container* { return nullptr; };
  const auto mapping = registrar::MapContainer(container, options, nobody);
  std::set<std::string> ids;
  for (const Service& service : mapping.services) {
    CheckService(service);
    Demand(ids.insert(service.id).second, "services have IDs of their own");
  }
  for (const std::string& warning : mapping.warnings) Demand(!warning.empty(), "warnings say something");
  Demand(registrar::MapContainer(container, options, nobody).services == mapping.services, "the same each time");
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size >= 2)
    signpost::fuzz::Run(data[0] | unsigned{data[1]} << 8U, {reinterpret_cast<const char*>(data) + 2, size - 2});
  return 0;
}
