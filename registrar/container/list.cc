// Signpost. Apache-2.0; see LICENSE.
#include <algorithm>
#include <array>
#include <cstdio>

#include "common/json/json.h"
#include "registrar/container/fields.h"
#include "registrar/container/inspect.h"

namespace signpost::registrar {
namespace {

// FNV-1a, 64 bits, over length-prefixed texts.
class Fingerprint {
 public:
  void Add(std::string_view text) {
    for (size_t length = text.size(); length > 0; length >>= 8U) AddByte(static_cast<unsigned char>(length));
    AddByte(0);
    for (const char c : text) AddByte(static_cast<unsigned char>(c));
  }

  // In whatever order they come.
  void AddSorted(Strings texts) {
    std::sort(texts.begin(), texts.end());
    Add(std::to_string(texts.size()));
    for (const std::string& text : texts) Add(text);
  }

  std::string Text() const {
    std::array<char, 17> hex{};
    std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(hash_));
    return hex.data();
  }

 private:
  void AddByte(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001b3U; }

  uint64_t hash_ = 0xcbf29ce484222325U;
};

// Texts become one that no other texts become.
std::string Joined(std::initializer_list<std::string_view> texts) {
  std::string joined;
  for (const std::string_view text : texts) joined.append(std::to_string(text.size())).append(":").append(text);
  return joined;
}

// "healthy" out of "Up 5 seconds (healthy)"; "" when the health is not said. The rest of that text counts time.
std::string_view HealthOfStatus(std::string_view status) {
  static constexpr std::array<std::string_view, 4> kWords = {"(healthy)", "(unhealthy)", "(health: starting)",
                                                             "(starting)"};
  for (const std::string_view word : kWords) {
    if (status.find(word) != std::string_view::npos) return word;
  }
  return {};
}

Strings NamesOf(json::Value entry) {
  Strings names;
  entry["Names"].ForEachElement([&](json::Value name) { names.emplace_back(name.String()); });
  return names;
}

Strings PortsOf(json::Value entry) {
  Strings ports;
  entry["Ports"].ForEachElement([&](json::Value port) {
    ports.push_back(Joined({port["IP"].String(), std::to_string(PortOf(port["PrivatePort"])),
                            std::to_string(PortOf(port["PublicPort"])), port["Type"].String()}));
  });
  return ports;
}

// The endpoint's ID is another one after every restart.
Strings NetworksOf(json::Value entry) {
  Strings networks;
  entry["NetworkSettings"]["Networks"].ForEachMember([&](std::string_view name, json::Value network) {
    networks.push_back(Joined({name, network["NetworkID"].String(), network["EndpointID"].String(),
                               network["IPAddress"].String(), network["GlobalIPv6Address"].String()}));
  });
  return networks;
}

Strings LabelsOf(json::Value entry) {
  Strings labels;
  entry["Labels"].ForEachMember([&](std::string_view name, json::Value value) {
    labels.push_back(Joined({name, value.String()}));
  });
  return labels;
}

std::string FingerprintOf(json::Value entry) {
  Fingerprint fingerprint;
  fingerprint.Add(entry["State"].String());
  fingerprint.Add(HealthOfStatus(entry["Status"].String()));
  fingerprint.Add(entry["Health"]["Status"].String());
  fingerprint.AddSorted(NamesOf(entry));
  fingerprint.AddSorted(PortsOf(entry));
  fingerprint.AddSorted(NetworksOf(entry));
  fingerprint.AddSorted(LabelsOf(entry));
  return fingerprint.Text();
}

}  // namespace

Result<std::vector<ListEntry>> ParseList(std::string_view json) {
  auto document = json::Document::Parse(json);
  if (!document.ok()) return Status::Invalid("the list of containers is not JSON: " + document.status().text());
  if (!document->root().IsArray()) return Status::Invalid("the list of containers is not a JSON array");
  std::vector<ListEntry> list;
  document->root().ForEachElement([&](json::Value entry) {
    const std::string_view id = entry["Id"].String();
    if (!IsUsableId(id)) return;
    const std::string_view state = entry["State"].String();
    const bool running = state == "running" || state == "paused" || state == "restarting";
    list.push_back({std::string(id), FingerprintOf(entry), running});
  });
  return list;
}

}  // namespace signpost::registrar
