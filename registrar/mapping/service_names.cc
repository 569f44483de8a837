// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/service_names.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "registrar/mapping/naming.h"
#include "registrar/mapping/tags.h"
#include "registrar/mapping/text_values.h"
#include "registrar/mapping/warnings.h"

namespace signpost::registrar {
namespace {

constexpr size_t kMaxRead = kMaxNames + 1;  // of one key: one more tells that there are too many

Strings GivenNames(const Metadata& metadata, Compat compat) {
  const std::string_view name = metadata.Value("name");
  if (compat != Compat::kRegistrator) return SplitTags(name, kMaxRead);
  return name.empty() ? Strings{} : Strings{std::string(name)};
}

std::string Suffix(const ServiceDraft& draft, const MappingOptions& options, bool group) {
  const bool always = options.port_suffix == PortSuffix::kAlways;
  const bool wanted = always || (options.port_suffix == PortSuffix::kAuto && group);
  if (!wanted || draft.named_by_port || draft.endpoint.container_port == 0) return {};
  return "-" + std::to_string(draft.endpoint.container_port);
}

void GiveName(const std::string& default_name, const MappingOptions& options, bool group, ServiceDraft& draft,
              Strings& warnings) {
  Strings names = std::move(draft.given_names);
  if (names.empty()) names.push_back(default_name);
  for (std::string& alias : draft.given_aliases) names.push_back(std::move(alias));
  draft.given_aliases.clear();

  const std::string suffix = Suffix(draft, options, group);
  Strings finished;
  for (const std::string& name : names) {
    const std::string whole = options.dns_safe_names ? DnsSafe(name + suffix) : name + suffix;
    if (std::find(finished.begin(), finished.end(), whole) == finished.end()) finished.push_back(whole);
  }
  if (finished.size() > kMaxNames) {
    finished.resize(kMaxNames);
    warnings.push_back("a port has at most " + std::to_string(kMaxNames) + " names, the others are left out; shorten " +
                       KeyName(options.prefix, "name") + " and " + KeyName(options.prefix, "alias"));
  }
  draft.name = finished.front();
  draft.aliases.assign(finished.begin() + 1, finished.end());
}

// With --port-suffix never several ports of a container end up as instances of one service.
void WarnOfSharedNames(const MappingOptions& options, const std::vector<ServiceDraft>& drafts, Strings& warnings) {
  if (options.port_suffix != PortSuffix::kNever) return;
  std::map<std::string_view, uint16_t> first_port;
  for (const ServiceDraft& draft : drafts) {
    const auto [named, fresh] = first_port.emplace(draft.name, draft.endpoint.container_port);
    if (fresh || named->second == draft.endpoint.container_port) continue;
    warnings.push_back("several of its ports share the service name \"" + draft.name + "\"; name them apart with " +
                       options.prefix + std::to_string(draft.endpoint.container_port) + "_NAME");
  }
}

// How many ports, and how many numbers, one SERVICE_ID stands for.
struct IdUse {
  std::set<uint16_t> numbers;
  std::set<std::pair<uint16_t, Protocol>> ports;
};

std::string GivenId(const ServiceDraft& draft, const std::string& id, const IdUse& use) {
  const Endpoint& endpoint = draft.endpoint;
  std::string whole = id;
  if (use.numbers.size() > 1) whole += "-" + std::to_string(endpoint.container_port);
  const Protocol first = use.ports.lower_bound({endpoint.container_port, Protocol::kTcp})->second;
  if (endpoint.protocol != first) whole += std::string(":") + ProtocolName(endpoint.protocol);
  return whole;
}

void MakeUnique(std::vector<ServiceDraft>& drafts, Strings& warnings) {
  std::set<std::string> taken;
  for (ServiceDraft& draft : drafts) {
    const std::string wanted = draft.id;
    for (int number = 2; !taken.insert(draft.id).second; ++number) draft.id = wanted + "-" + std::to_string(number);
    if (draft.id == wanted) continue;
    warnings.push_back("the ID \"" + wanted + "\" stands for two of its services; one is registered as \"" + draft.id +
                       "\"; give each an ID of its own");
  }
}

std::map<std::string, IdUse, std::less<>> CountIds(const std::vector<ServiceDraft>& drafts) {
  std::map<std::string, IdUse, std::less<>> uses;
  for (const ServiceDraft& draft : drafts) {
    if (draft.given_id.empty()) continue;
    IdUse& use = uses[draft.given_id];
    use.numbers.insert(draft.endpoint.container_port);
    use.ports.insert({draft.endpoint.container_port, draft.endpoint.protocol});
  }
  return uses;
}

}  // namespace

ServiceDraft ReadDraft(Endpoint endpoint, const Metadata& metadata, const MappingOptions& options) {
  const MetadataValue* name = metadata.Find("name");
  return {.endpoint = std::move(endpoint),
          .given_names = GivenNames(metadata, options.compat),
          .given_aliases = SplitTags(metadata.Value("alias"), kMaxRead),
          .named_by_port = name != nullptr && name->port_form && !name->value.empty(),
          .given_id = std::string(metadata.Value("id"))};
}

void GiveNames(const Container& container, const MappingOptions& options, bool group, std::vector<ServiceDraft>& drafts,
               Strings& warnings) {
  const std::string default_name = DefaultName(container, options.compat);
  for (ServiceDraft& draft : drafts) {
    GiveName(default_name, options, group, draft, warnings);
    CondenseWarnings(warnings);
  }
  WarnOfSharedNames(options, drafts, warnings);
}

void GiveIds(const Container& container, const MappingOptions& options, std::vector<ServiceDraft>& drafts,
             Strings& warnings) {
  const auto uses = CountIds(drafts);
  for (const auto& [id, use] : uses) {
    if (use.numbers.size() < 2) continue;
    warnings.push_back(KeyName(options.prefix, "id") + "=" + id +
                       " stands for several ports, so each gets its port appended; give each an ID of its own with " +
                       options.prefix + std::to_string(*use.numbers.begin()) + "_ID");
  }
  for (ServiceDraft& draft : drafts) {
    const Endpoint& endpoint = draft.endpoint;
    const auto use = uses.find(draft.given_id);
    draft.id = use != uses.end()
                   ? GivenId(draft, use->first, use->second)
                   : GeneratedId(options.node_id, CallName(container), endpoint.container_port, endpoint.protocol);
    if (endpoint.extra_binding) draft.id += "@" + std::to_string(endpoint.port);
  }
  MakeUnique(drafts, warnings);
}

}  // namespace signpost::registrar
