// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/map_container.h"

#include <algorithm>
#include <set>
#include <utility>

#include "registrar/mapping/checks.h"
#include "registrar/mapping/endpoints.h"
#include "registrar/mapping/meta.h"
#include "registrar/mapping/naming.h"
#include "registrar/mapping/selection.h"
#include "registrar/mapping/service_names.h"
#include "registrar/mapping/service_settings.h"
#include "registrar/mapping/tags.h"
#include "registrar/mapping/text_values.h"

namespace signpost::registrar {
namespace {

constexpr size_t kMaxWarnings = 64;  // of one container; a label can hold thousands of mistakes

void WarnOfDoubtfulIgnore(const Metadata& metadata, const MappingOptions& options, Strings& warnings) {
  if (options.compat != Compat::kRegistrator || !IsDoubtfullyIgnored(metadata)) return;
  warnings.push_back(KeyName(options.prefix, "ignore") + "=" + std::string(metadata.Value("ignore")) +
                     " ignores the port, as any value does with --compat registrator; remove the key to register it");
}

std::vector<ServiceDraft> MakeDrafts(std::vector<Endpoint> endpoints, const MetadataSource& metadata,
                                     const MappingOptions& options, Strings& warnings) {
  std::vector<ServiceDraft> drafts;
  for (Endpoint& endpoint : endpoints) {
    ServiceDraft draft{.metadata = endpoint.container_port == 0
                                       ? metadata.General()
                                       : metadata.ForPort(endpoint.container_port, endpoint.protocol)};
    WarnOfDoubtfulIgnore(draft.metadata, options, warnings);
    const bool unnamed = options.explicit_only && !draft.metadata.Has("name");
    if (unnamed || IsIgnored(draft.metadata, options.compat)) continue;
    draft.endpoint = std::move(endpoint);
    drafts.push_back(std::move(draft));
  }
  return drafts;
}

size_t CountPorts(const std::vector<Endpoint>& endpoints) {
  return static_cast<size_t>(std::count_if(endpoints.begin(), endpoints.end(),
                                           [](const Endpoint& endpoint) { return !endpoint.extra_binding; }));
}

size_t CountPorts(const std::vector<ServiceDraft>& drafts) {
  return static_cast<size_t>(std::count_if(drafts.begin(), drafts.end(),
                                           [](const ServiceDraft& draft) { return !draft.endpoint.extra_binding; }));
}

Service MakeService(const Container& container, const ServiceDraft& draft, const MappingOptions& options,
                    Strings& warnings) {
  const Endpoint& endpoint = draft.endpoint;
  Service service{.id = draft.id,
                  .name = draft.name,
                  .address = endpoint.address,
                  .port = endpoint.port,
                  .tags = MakeTags(container, draft.metadata, endpoint.protocol, options, warnings),
                  .meta = MakeMeta(draft.metadata, options, warnings),
                  .tagged_addresses = endpoint.tagged_addresses,
                  .container_id = container.id};
  ReadSettings(container, draft.metadata, options, service, warnings);
  const CheckSubject subject{container, service.id, service.address, service.port, endpoint.container_port};
  service.checks = MakeChecks(subject, draft.metadata, options, warnings);
  return service;
}

// A further name of `main`: as healthy as that one.
Service MakeAlias(const Service& main, const std::string& name) {
  Service alias = main;
  alias.id = main.id + ":" + name;
  alias.name = name;
  alias.checks = {{.check_id = "service:" + alias.id, .name = "Alias of " + main.id, .alias_service = main.id}};
  return alias;
}

void AddAliases(const ServiceDraft& draft, std::set<std::string>& ids, Mapping& mapping) {
  const Service main = mapping.services.back();
  for (const std::string& name : draft.aliases) {
    Service alias = MakeAlias(main, name);
    if (ids.insert(alias.id).second) {
      mapping.services.push_back(std::move(alias));
    } else {
      mapping.warnings.push_back("the further name \"" + name + "\" is left out because its ID \"" + alias.id +
                                 "\" is taken; choose another name");
    }
  }
}

// Each once and in the order of their making, with the container's name.
Strings Finished(const Container& container, const Strings& warnings) {
  const std::string who = "container " + CallName(container) + ": ";
  std::set<std::string_view> seen;
  Strings finished;
  for (const std::string& warning : warnings) {
    if (finished.size() == kMaxWarnings) break;
    if (seen.insert(warning).second) finished.push_back(who + warning);
  }
  return finished;
}

}  // namespace

Mapping MapContainer(const Container& container, const MappingOptions& options, const FindContainer& find) {
  Mapping mapping;
  if (!IsSelected(container, options)) return mapping;
  MetadataSource metadata(container, options.prefix);
  if (options.compat == Compat::kNone) metadata.RenderTemplates(container, mapping.warnings);

  std::vector<Endpoint> endpoints = FindEndpoints(container, metadata, options, find, mapping.warnings);
  const size_t reachable = CountPorts(endpoints);
  std::vector<ServiceDraft> drafts = MakeDrafts(std::move(endpoints), metadata, options, mapping.warnings);
  // Registrator counts the ports that it does not register as well.
  const bool group = (options.compat == Compat::kRegistrator ? reachable : CountPorts(drafts)) > 1;
  GiveNames(container, options, group, drafts, mapping.warnings);
  GiveIds(container, options, drafts, mapping.warnings);

  std::set<std::string> ids;
  for (const ServiceDraft& draft : drafts) ids.insert(draft.id);
  for (const ServiceDraft& draft : drafts) {
    mapping.services.push_back(MakeService(container, draft, options, mapping.warnings));
    AddAliases(draft, ids, mapping);
  }
  mapping.warnings = Finished(container, mapping.warnings);
  return mapping;
}

}  // namespace signpost::registrar
