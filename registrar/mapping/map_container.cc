// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/map_container.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
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
#include "registrar/mapping/warnings.h"

namespace signpost::registrar {
namespace {

constexpr size_t kMaxServices = 4096;            // of one container
constexpr size_t kMaxBytes = size_t{32} << 20U;  // of their texts

void WarnOfDoubtfulIgnore(const Metadata& metadata, const MappingOptions& options, Strings& warnings) {
  if (options.compat != Compat::kRegistrator || !IsDoubtfullyIgnored(metadata)) return;
  warnings.push_back(KeyName(options.prefix, "ignore") + "=" + std::string(metadata.Value("ignore")) +
                     " ignores the port, as any value does with --compat registrator; remove the key to register it");
}

// Takes what the container may still have; false, with a warning, when that is too little.
class Allowance {
 public:
  bool Take(size_t bytes, Strings& warnings) {
    if (services_ < kMaxServices && bytes <= kMaxBytes - bytes_) {
      ++services_;
      bytes_ += bytes;
      return true;
    }
    warnings.push_back("only the first " + std::to_string(kMaxServices) + " services of a container, of " +
                       std::to_string(kMaxBytes >> 20U) + " MiB at most, are registered; the others are left out");
    return false;
  }

 private:
  size_t services_ = 0, bytes_ = 0;
};

size_t BytesOf(const Strings& texts) {
  return std::accumulate(texts.begin(), texts.end(), size_t{0},
                         [](size_t sum, const std::string& text) { return sum + sizeof(std::string) + text.size(); });
}

size_t BytesOf(const CheckDefinition& check) {
  size_t bytes = sizeof check + BytesOf(check.script_args);
  for (const HeaderLine& line : check.header) bytes += sizeof line + line.name.size() + BytesOf(line.values);
  for (const std::string* text : {&check.check_id, &check.name, &check.notes, &check.http, &check.method, &check.body,
                                  &check.tcp, &check.grpc, &check.shell, &check.alias_service}) {
    bytes += text->size();
  }
  return bytes;
}

size_t BytesOf(const Service& service) {
  size_t bytes = sizeof service + service.id.size() + service.name.size() + BytesOf(service.tags);
  for (const auto& [key, value] : service.meta) bytes += 2 * sizeof(std::string) + key.size() + value.size();
  for (const CheckDefinition& check : service.checks) bytes += BytesOf(check);
  return bytes;
}

Metadata MetadataOf(const Endpoint& endpoint, const MetadataSource& metadata) {
  return endpoint.container_port == 0 ? metadata.General()
                                      : metadata.ForPort(endpoint.container_port, endpoint.protocol);
}

std::vector<ServiceDraft> MakeDrafts(std::vector<Endpoint> endpoints, const MetadataSource& metadata,
                                     const MappingOptions& options, Strings& warnings) {
  std::vector<ServiceDraft> drafts;
  Allowance allowance;
  for (Endpoint& endpoint : endpoints) {
    const Metadata keys = MetadataOf(endpoint, metadata);
    WarnOfDoubtfulIgnore(keys, options, warnings);
    CondenseWarnings(warnings);
    const bool unnamed = options.explicit_only && !keys.Has("name");
    if (unnamed || IsIgnored(keys, options.compat)) continue;
    ServiceDraft draft = ReadDraft(std::move(endpoint), keys, options);
    const size_t bytes = draft.given_id.size() + BytesOf(draft.given_names) + BytesOf(draft.given_aliases);
    if (!allowance.Take(bytes, warnings)) break;
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

// Makes the services of one container, each of the drafts with its further names.
class Maker {
 public:
  Maker(const Container& container, const MetadataSource& metadata, const MappingOptions& options, Mapping& mapping)
      : container_(container), metadata_(metadata), options_(options), mapping_(mapping) {}

  void MakeAll(const std::vector<ServiceDraft>& drafts) {
    for (const ServiceDraft& draft : drafts) ids_.insert(draft.id);
    spare_ = kMaxServices - std::min(kMaxServices, drafts.size());
    for (const ServiceDraft& draft : drafts) {
      if (!Keep(MakeService(draft))) return;
      if (!AddAliases(draft)) return;
      CondenseWarnings(mapping_.warnings);
    }
  }

 private:
  // What is made of the keys alone is the same for most ports.
  struct Memo {
    Metadata of;
    StringPairs meta;
  };

  Service MakeService(const ServiceDraft& draft);
  const StringPairs& MetaOf(const Metadata& keys, Protocol protocol);
  bool AddAliases(const ServiceDraft& draft);
  bool Keep(Service service);

  const Container& container_;
  const MetadataSource& metadata_;
  const MappingOptions& options_;
  Mapping& mapping_;
  Allowance allowance_;
  size_t spare_ = 0;  // further names that there is room for beside the services of all ports
  std::set<std::string> ids_, check_ids_;
  std::array<std::optional<Memo>, 3> memos_;  // the last of each protocol
};

const StringPairs& Maker::MetaOf(const Metadata& keys, Protocol protocol) {
  std::optional<Memo>& memo = memos_[static_cast<size_t>(protocol)];
  if (!memo || !memo->of.IsSame(keys)) memo = Memo{keys, MakeMeta(keys, options_, mapping_.warnings)};
  return memo->meta;
}

Service Maker::MakeService(const ServiceDraft& draft) {
  const Endpoint& endpoint = draft.endpoint;
  Strings& warnings = mapping_.warnings;
  const Metadata keys = MetadataOf(endpoint, metadata_);
  Service service{.id = draft.id,
                  .name = draft.name,
                  .address = endpoint.address,
                  .port = endpoint.port,
                  .tags = MakeTags(container_, keys, endpoint.protocol, options_, warnings),
                  .meta = MetaOf(keys, endpoint.protocol),
                  .tagged_addresses = endpoint.tagged_addresses,
                  .container_id = container_.id};
  ReadSettings(container_, keys, options_, service, warnings);
  const CheckSubject subject{container_, service.id, service.address, service.port, endpoint.container_port};
  service.checks = MakeChecks(subject, keys, options_, warnings);
  return service;
}

// A further name of `main`: as healthy as that one.
Service MakeAlias(const Service& main, const std::string& name) {
  Service alias = main;
  alias.id = main.id + ":" + name;
  alias.name = name;
  alias.checks = {{.check_id = "alias:" + alias.id, .name = "Alias of " + main.id, .alias_service = main.id}};
  return alias;
}

// False: no room for more services at all.
bool Maker::AddAliases(const ServiceDraft& draft) {
  if (draft.aliases.empty()) return true;
  const Service main = mapping_.services.back();
  for (const std::string& name : draft.aliases) {
    if (spare_ == 0) {
      mapping_.warnings.push_back("further names are left out: a container has at most " +
                                  std::to_string(kMaxServices) + " services");
      return true;
    }
    Service alias = MakeAlias(main, name);
    if (!ids_.insert(alias.id).second) {
      mapping_.warnings.push_back("the further name \"" + name + "\" is left out because its ID \"" + alias.id +
                                  "\" is taken; choose another name");
      continue;
    }
    if (!Keep(std::move(alias))) return false;
    --spare_;
  }
  return true;
}

// Check IDs are unique as well: "service:X:2" is the second check of X and the first of a SERVICE_ID "X:2".
bool Maker::Keep(Service service) {
  for (CheckDefinition& check : service.checks) {
    const std::string wanted = check.check_id;
    for (int number = 10; !check_ids_.insert(check.check_id).second; ++number) {
      check.check_id = wanted + ":" + std::to_string(number);
    }
  }
  if (!allowance_.Take(BytesOf(service), mapping_.warnings)) return false;
  mapping_.services.push_back(std::move(service));
  return true;
}

}  // namespace

Mapping MapContainer(const Container& container, const MappingOptions& options, const FindContainer& find) {
  Mapping mapping;
  if (!IsSelected(container, options)) return mapping;
  MetadataSource metadata(container, options.prefix, options.compat);
  if (options.compat == Compat::kNone) metadata.RenderTemplates(container, mapping.warnings);

  std::vector<Endpoint> endpoints = FindEndpoints(container, metadata, options, find, mapping.warnings);
  const size_t reachable = CountPorts(endpoints);
  std::vector<ServiceDraft> drafts = MakeDrafts(std::move(endpoints), metadata, options, mapping.warnings);
  // Registrator counts the ports that it does not register as well.
  const bool group = (options.compat == Compat::kRegistrator ? reachable : CountPorts(drafts)) > 1;
  GiveNames(container, options, group, drafts, mapping.warnings);
  GiveIds(container, options, drafts, mapping.warnings);

  Maker(container, metadata, options, mapping).MakeAll(drafts);
  mapping.warnings = FinishedWarnings("container " + CallName(container) + ": ", mapping.warnings);
  return mapping;
}

}  // namespace signpost::registrar
