// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/event_rules.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "dnsd/registry/filter/pattern.h"
#include "dnsd/registry/model/agent_writes.h"

namespace signpost::registry {
namespace {

using filter::Pattern;

constexpr size_t kMaxSize = 512;  // on the wire between Consul's agents
constexpr std::string_view kNamePrefix = "consul:event:";

// --- size: MessagePack, whose string headers are those of its newer edition inside, and of its older one outside ----

size_t InnerText(size_t size) {
  if (size < 32) return size + 1;
  return size + (size < 256 ? 2 : 3);
}

size_t OuterText(size_t size) { return size + (size < 32 ? 1 : 3); }

size_t Number(uint64_t number) {
  if (number < 128) return 1;
  if (number < 256) return 2;
  return number < 65536 ? 3 : 5;
}

size_t Optional(size_t key, const std::string& text) {
  return text.empty() ? 0 : InnerText(key) + InnerText(text.size());
}

size_t InnerSize(const Event& event) {
  size_t size = 1 + InnerText(2) + InnerText(event.id.size());  // a map; "id"
  size += InnerText(1) + InnerText(event.name.size());          // "n"
  size += Optional(1, event.payload) + Optional(2, event.node_filter) + Optional(2, event.service_filter) +
          Optional(2, event.tag_filter);
  return size + InnerText(1) + 1;  // "v": version
}

Status SizeFault(const std::string& what) {
  return Status::Invalid("1 error occurred:\n\t* error broadcasting event to segment \"\": " + what + "\n\n");
}

Status CheckSize(const Event& event, uint64_t logical_time) {
  const size_t name = kNamePrefix.size() + event.name.size();
  const size_t payload = InnerSize(event);
  if (name + payload > kMaxSize) {
    return SizeFault("user event exceeds configured limit of 512 bytes before encoding");
  }
  size_t size = 2 + OuterText(5) + Number(logical_time);  // kind, map, "LTime"
  size += OuterText(4) + OuterText(name);                 // "Name"
  size += OuterText(7) + OuterText(payload);              // "Payload"
  size += OuterText(2) + 1;                               // "CC"
  if (size <= kMaxSize) return Status::Ok();
  return SizeFault("encoded user event exceeds configured limit of 512 bytes after encoding");
}

// --- filters -----------------------------------------------------------------------------------------------------

Status CheckFilter(const std::string& name, const std::string& expression) {
  const auto pattern = Pattern::Compile(expression);
  return pattern.ok() ? Status::Ok() : Status::Invalid("Invalid " + name + " filter: " + pattern.status().text());
}

bool Matches(const std::string& expression, std::string_view text) {
  const auto pattern = Pattern::Compile(expression);
  return pattern.ok() && pattern->Matches(text);
}

uint64_t Hex(std::string_view digits) {
  uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return number;
}

}  // namespace

Status CheckEvent(const Event& event, uint64_t logical_time) {
  if (!event.tag_filter.empty() && event.service_filter.empty()) {
    return Status::Invalid("Cannot provide tag filter without service filter");
  }
  if (Status status = CheckFilter("node", event.node_filter); !status.ok()) return status;
  if (Status status = CheckFilter("service", event.service_filter); !status.ok()) return status;
  if (Status status = CheckFilter("tag", event.tag_filter); !status.ok()) return status;
  return CheckSize(event, logical_time);
}

bool ReachesOwnNode(const State& state, std::string_view own_node, const Event& event) {
  if (!event.node_filter.empty() && !Matches(event.node_filter, own_node)) return false;
  if (event.service_filter.empty()) return true;
  const RowList<ServiceRow> services = AgentServices(state, own_node);
  return std::any_of(services.begin(), services.end(), [&event](const RowPtr<ServiceRow>& service) {
    if (!Matches(event.service_filter, service->service)) return false;
    return event.tag_filter.empty() ||
           std::any_of(service->tags.begin(), service->tags.end(),
                       [&event](const std::string& tag) { return Matches(event.tag_filter, tag); });
  });
}

uint64_t IndexOfEvent(std::string_view uuid) {
  std::string digits(uuid);
  std::erase(digits, '-');
  return Hex(std::string_view(digits).substr(0, 16)) ^ Hex(std::string_view(digits).substr(16));
}

}  // namespace signpost::registry
