// Signpost. Apache-2.0; see LICENSE.
#include "registrar/container/inspect.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

#include "common/json/json.h"
#include "registrar/container/fields.h"

namespace signpost::registrar {
namespace {

constexpr size_t kMaxEntries = 4096;  // of each kind
constexpr size_t kMaxHealthOutput = 4096;
constexpr int64_t kMaxStopTimeout = 86400;  // seconds; stands for "for ever" as well

using PortKey = std::pair<uint16_t, Protocol>;
using Ports = std::map<PortKey, ContainerPort>;

std::optional<Protocol> ParseProtocol(std::string_view text) {
  for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp}) {
    if (text == ProtocolName(protocol)) return protocol;
  }
  return std::nullopt;
}

// "80/tcp"; "80" is TCP.
std::optional<PortKey> ParsePortKey(std::string_view text) {
  const size_t slash = text.find('/');
  const uint16_t number = ParsePort(text.substr(0, slash));
  const auto protocol = ParseProtocol(slash == std::string_view::npos ? "tcp" : text.substr(slash + 1));
  if (number == 0 || !protocol) return std::nullopt;
  return PortKey(number, *protocol);
}

// Null when `key` is no port or there are too many.
ContainerPort* PortAt(Ports& ports, std::string_view key) {
  const auto parsed = ParsePortKey(key);
  if (!parsed) return nullptr;
  const auto found = ports.find(*parsed);
  if (found != ports.end()) return &found->second;
  if (ports.size() >= kMaxEntries) return nullptr;
  ContainerPort& port = ports[*parsed];
  port.number = parsed->first;
  port.protocol = parsed->second;
  return &port;
}

std::vector<HostBinding> ReadBindings(json::Value list) {
  std::vector<HostBinding> bindings;
  list.ForEachElement([&](json::Value each) {
    const uint16_t port = PortOf(each["HostPort"]);
    if (port != 0 && bindings.size() < kMaxEntries) bindings.push_back({std::string(each["HostIp"].String()), port});
  });
  const auto rank = [](const HostBinding& binding) {
    return std::tuple(IsIpv6(binding.address), binding.port, std::string_view(binding.address));
  };
  std::sort(bindings.begin(), bindings.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  bindings.erase(std::unique(bindings.begin(), bindings.end()), bindings.end());
  return bindings;
}

// Published ones first: they are the last to fall victim to the bound.
std::vector<ContainerPort> ReadPorts(json::Value root) {
  Ports ports;
  root["NetworkSettings"]["Ports"].ForEachMember([&](std::string_view key, json::Value bindings) {
    ContainerPort* const port = PortAt(ports, key);
    if (port != nullptr && port->bindings.empty()) port->bindings = ReadBindings(bindings);
  });
  root["HostConfig"]["PortBindings"].ForEachMember([&](std::string_view key, json::Value) {
    if (ContainerPort* const port = PortAt(ports, key)) port->requested = true;
  });
  root["Config"]["ExposedPorts"].ForEachMember([&](std::string_view key, json::Value) {
    if (ContainerPort* const port = PortAt(ports, key)) port->exposed = true;
  });
  std::vector<ContainerPort> sorted;
  sorted.reserve(ports.size());
  for (auto& [key, port] : ports) sorted.push_back(std::move(port));
  return sorted;
}

StringPairs ReadEnvironment(json::Value list) {
  StringPairs environment;
  list.ForEachElement([&](json::Value entry) {
    const std::string_view text = entry.String();
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0 || environment.size() >= kMaxEntries) return;
    environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  });
  return environment;
}

StringPairs ReadLabels(json::Value object) {
  std::map<std::string, std::string, std::less<>> labels;
  object.ForEachMember([&](std::string_view name, json::Value value) {
    if (value.IsString() && labels.size() < kMaxEntries) labels.emplace(name, value.String());
  });
  return {labels.begin(), labels.end()};
}

std::vector<NetworkAttachment> ReadNetworks(json::Value object) {
  std::map<std::string, NetworkAttachment, std::less<>> networks;
  object.ForEachMember([&](std::string_view name, json::Value network) {
    if (name.empty() || networks.size() >= kMaxEntries) return;
    NetworkAttachment attachment{std::string(name), std::string(network["NetworkID"].String()),
                                 std::string(network["IPAddress"].String()),
                                 std::string(network["GlobalIPv6Address"].String())};
    networks.emplace(name, std::move(attachment));
  });
  std::vector<NetworkAttachment> sorted;
  sorted.reserve(networks.size());
  for (auto& [name, attachment] : networks) sorted.push_back(std::move(attachment));
  return sorted;
}

// At most `limit` bytes, cut before a character.
std::string_view Cut(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0U) == 0x80U) --limit;
  return text.substr(0, limit);
}

Health ParseHealth(std::string_view text) {
  if (text == "starting") return Health::kStarting;
  if (text == "healthy") return Health::kHealthy;
  return text == "unhealthy" ? Health::kUnhealthy : Health::kNone;
}

void ReadHealth(json::Value root, Container& container) {
  if (root["Config"]["Healthcheck"]["Test"].At(0).String() == "NONE") return;
  const json::Value state = root["State"];
  const json::Value health = state["Health"].IsObject() ? state["Health"] : state["Healthcheck"];  // Podman
  container.health = ParseHealth(health["Status"].String());
  const json::Value log = health["Log"];
  if (container.health == Health::kNone || log.size() == 0) return;
  container.health_output = Cut(log.At(log.size() - 1)["Output"].String(), kMaxHealthOutput);
}

void ReadState(json::Value state, Container& container) {
  const std::string_view status = state["Status"].String();
  container.started_at = state["StartedAt"].String();
  container.paused = state["Paused"].Bool(status == "paused");
  container.restarting = state["Restarting"].Bool(status == "restarting");
  container.dead = state["Dead"].Bool(status == "dead");
  // Podman calls a paused container not running.
  container.running = state["Running"].Bool(status == "running") || container.paused || container.restarting;
  container.oom_killed = state["OOMKilled"].Bool();
  const int64_t exit_code = IntOf(state["ExitCode"]);
  using Limits = std::numeric_limits<int>;
  container.exit_code = static_cast<int>(std::clamp<int64_t>(exit_code, Limits::min(), Limits::max()));
}

void ReadConfig(json::Value config, Container& container) {
  container.image = config["Image"].String();
  container.hostname = config["Hostname"].String();
  container.domainname = config["Domainname"].String();
  container.environment = ReadEnvironment(config["Env"]);
  container.labels = ReadLabels(config["Labels"]);
  if (const int signal = SignalOf(config["StopSignal"]); signal != 0) container.stop_signal = signal;
  const int64_t seconds = IntOf(config["StopTimeout"], container.stop_timeout.count() / 1000);
  const bool for_ever = seconds < 0;
  container.stop_timeout = std::chrono::seconds(for_ever ? kMaxStopTimeout : std::min(seconds, kMaxStopTimeout));
}

}  // namespace

Result<Container> ParseInspect(std::string_view json) {
  auto document = json::Document::Parse(json);
  if (!document.ok()) return Status::Invalid("the container is not JSON: " + document.status().text());
  const json::Value root = document->root();
  const std::string_view id = root["Id"].String();
  if (!IsUsableId(id)) return Status::Invalid("the container has no usable Id");

  Container container;
  container.id = id;
  container.created = root["Created"].String();
  std::string_view name = root["Name"].String();
  if (name.starts_with('/')) name.remove_prefix(1);
  container.name = name;
  ReadState(root["State"], container);
  ReadConfig(root["Config"], container);
  ReadHealth(root, container);
  container.ports = ReadPorts(root);
  container.network_mode = root["HostConfig"]["NetworkMode"].String();
  container.networks = ReadNetworks(root["NetworkSettings"]["Networks"]);
  return container;
}

}  // namespace signpost::registrar
