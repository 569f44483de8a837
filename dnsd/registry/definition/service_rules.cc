// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/service_rules.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

namespace signpost::registry {
namespace {

constexpr size_t kMostPairs = 64;
constexpr size_t kLongestKey = 128;
constexpr size_t kLongestValue = 512;
constexpr int64_t kMostWeight = 65535;
constexpr std::string_view kProxy = "connect-proxy";
constexpr std::string_view kMeshGateway = "mesh-gateway";
constexpr std::string_view kTerminatingGateway = "terminating-gateway";
constexpr std::string_view kIngressGateway = "ingress-gateway";
constexpr std::string_view kFederation = "consul-wan-federation";  // a mesh gateway may say so

bool IsKeyByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::string_view PairFault(std::string_view key, std::string_view value, std::string_view kind) {
  if (key.empty()) return "Key cannot be blank";
  if (!std::all_of(key.begin(), key.end(), IsKeyByte)) return "Key contains invalid characters";
  if (key.size() > kLongestKey) return "Key is too long (limit: 128 characters)";
  if (key.starts_with("consul-") && !(kind == kMeshGateway && key == kFederation)) {
    return "Key prefix 'consul-' is reserved for internal use";
  }
  if (value.size() > kLongestValue) return "Value is too long (limit: 512 characters)";
  return "";
}

bool IsBlank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

void CheckUpstreams(const ProxyFields& proxy, Strings& faults) {
  for (const auto& upstream : proxy.upstreams) {
    const bool known = upstream.type == "service" || upstream.type == "prepared_query";
    if (!known) {
      faults.push_back("unknown upstream destination type: \"" + upstream.type + "\"");
    } else if (upstream.name.empty()) {
      faults.emplace_back("upstream destination name cannot be empty");
    } else if (upstream.port == 0) {
      faults.emplace_back("upstream local bind port cannot be zero");
    }
  }
}

void CheckSidecar(const ServiceRow& service, const ProxyFields& proxy, Strings& faults) {
  if (IsBlank(proxy.destination_service_name)) {
    faults.emplace_back("Proxy.DestinationServiceName must be non-empty for Connect proxy services");
  }
  if (service.port == 0) faults.emplace_back("Port must be set for a Connect proxy");
  if (service.connect_native) faults.emplace_back("A Proxy cannot also be Connect Native, only typical services");
  CheckUpstreams(proxy, faults);
}

void CheckGateway(const ServiceRow& service, const ProxyFields& proxy, Strings& faults) {
  std::string gateway = service.kind == kIngressGateway ? "an " : "a ";
  gateway += service.kind;
  if (service.port == 0 && service.kind != kIngressGateway) faults.push_back("Port must be non-zero for " + gateway);
  const auto refuse = [&](bool given, std::string_view name) {
    if (given) faults.push_back("The Proxy." + std::string(name) + " configuration is invalid for " + gateway);
  };
  refuse(!proxy.destination_service_name.empty(), "DestinationServiceName");
  refuse(!proxy.destination_service_id.empty(), "DestinationServiceID");
  refuse(!proxy.local_service_address.empty(), "LocalServiceAddress");
  refuse(proxy.local_service_port != 0, "LocalServicePort");
  refuse(!proxy.upstreams.empty(), "Upstreams");
}

void AddTag(ServiceRow& service, std::string_view tag) {
  auto& tags = service.tagged_addresses;
  const auto place = std::find_if(tags.begin(), tags.end(), [tag](const auto& each) { return each.tag >= tag; });
  if (place != tags.end() && place->tag == tag) return;
  const auto port = static_cast<uint16_t>(std::clamp<int64_t>(service.port, 0, 65535));
  tags.insert(place, {.tag = std::string(tag), .address = service.address, .port = port});
}

}  // namespace

Status CheckMeta(const StringPairs& meta, std::string_view kind) {
  if (meta.size() > kMostPairs) return Status::Invalid("Node metadata cannot contain more than 64 key/value pairs");
  for (const auto& [key, value] : meta) {
    const std::string_view fault = PairFault(key, value, kind);
    if (fault.empty()) continue;
    std::string text = "Couldn't load metadata pair ('";
    text.append(key).append("', '").append(value).append("'): ").append(fault);
    return Status::Invalid(std::move(text));
  }
  return Status::Ok();
}

std::string_view WeightsFault(const RowWeights& weights) {
  if (weights.passing < 1) return "Passing must be greater than 0";
  if (weights.warning < 0) return "Warning must be greater or equal than 0";
  if (weights.passing > kMostWeight || weights.warning > kMostWeight) return "DNS Weight must be between 0 and 65535";
  return "";
}

bool IsAnyAddress(std::string_view address) { return address == "0.0.0.0" || address == "::" || address == "[::]"; }

bool IsProxyKind(std::string_view kind) {
  return kind == kProxy || kind == kMeshGateway || kind == kTerminatingGateway || kind == kIngressGateway;
}

Status CheckProxy(const ServiceRow& service, const ProxyFields& proxy) {
  Strings faults;
  if (service.kind == kProxy) {
    CheckSidecar(service, proxy, faults);
  } else if (IsProxyKind(service.kind)) {
    CheckGateway(service, proxy, faults);
  }
  if (faults.empty()) return Status::Ok();
  std::string text = std::to_string(faults.size()) + (faults.size() == 1 ? " error occurred:" : " errors occurred:");
  for (const std::string& fault : faults) text += "\n\t* " + fault;
  return Status::Invalid(text + "\n\n");
}

void AddAddressTags(ServiceRow& service) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET, service.address.c_str(), bytes.data()) == 1) {
    AddTag(service, "lan_ipv4");
    AddTag(service, "wan_ipv4");
  } else if (inet_pton(AF_INET6, service.address.c_str(), bytes.data()) == 1) {
    AddTag(service, "lan_ipv6");
    AddTag(service, "wan_ipv6");
  }
}

}  // namespace signpost::registry
