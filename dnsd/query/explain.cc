// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/explain.h"

#include <algorithm>

#include "common/base/bytes.h"
#include "dnsd/query/links.h"
#include "dnsd/service_zone/lookup.h"
#include "dnsd/service_zone/txt.h"
#include "dnsd/wire/type_name.h"

namespace signpost::query {
namespace {

using service_zone::Found;
using service_zone::PreparedService;

std::string_view FreshnessText(catalog::Freshness freshness) {
  switch (freshness) {
    case catalog::Freshness::kStarting:
      return "nothing is known yet: answers are SERVFAIL";
    case catalog::Freshness::kFresh:
      return "up to date";
    case catalog::Freshness::kStale:
      return "its source is lost: last known data, short TTLs";
    case catalog::Freshness::kExpired:
      return "its source has been lost for longer than --max-stale: answers are SERVFAIL";
  }
  return "";
}

std::string CatalogText(const service_zone::ZoneData& data) {
  return "catalog; " + std::string(FreshnessText(data.freshness())) + "; index " + std::to_string(data.serial());
}

std::string AddressText(const consul::ServiceInstance& instance) {
  return (instance.address.empty() ? instance.node->address : instance.address) + ":" + std::to_string(instance.port);
}

// Why an instance is no candidate; empty if it is one.
std::string LeftOut(const consul::ServiceInstance& instance, const PreparedService& service, size_t index,
                    std::string_view tag) {
  const auto is_candidate = [&](const service_zone::Endpoint& endpoint) { return endpoint.instance == index; };
  const auto endpoint = std::ranges::find_if(service.endpoints, is_candidate);
  if (endpoint == service.endpoints.end()) {
    const bool warning = instance.health == consul::Health::kWarning;
    return warning ? "warning, and --only-passing is set" : std::string(service_zone::HealthText(instance.health));
  }
  const auto has_tag = [&](const std::string& own) { return wire::ToLower(own) == tag; };
  if (!tag.empty() && std::ranges::none_of(instance.tags, has_tag)) return "has no tag " + std::string(tag);
  const bool any_weight = std::ranges::any_of(service.endpoints, [](const auto& each) { return each.weight > 0; });
  if (endpoint->weight == 0 && any_weight) return "weight 0 while others have more: in SRV answers only";
  return "";
}

void AddCandidates(const Found& found, const service_zone::ZoneName& name, std::vector<std::string>& lines) {
  const PreparedService& service = *found.service;
  const auto& instances = service.source->instances;
  lines.push_back(
      "service " + service.source->key.name + " in " + service.source->key.datacenter +
      (name.tag.empty() ? "" : ", tag " + std::string(name.tag)) + ": " + std::to_string(instances.size()) +
      " instances, TTL " + std::to_string(service.ttl) + " s" +
      (service.answer_limit > 0 ? ", at most " + std::to_string(service.answer_limit) + " in an answer" : ""));
  for (size_t i = 0; i < instances.size(); ++i) {
    const consul::ServiceInstance& instance = instances[i];
    const auto endpoint = std::ranges::find(service.endpoints, i, &service_zone::Endpoint::instance);
    const std::string why = LeftOut(instance, service, i, name.tag);
    std::string line = "  " + instance.id + " on " + instance.node->name + ", " + AddressText(instance);
    if (endpoint != service.endpoints.end()) line += ", weight " + std::to_string(endpoint->weight);
    line += why.empty() ? ", " + std::string(service_zone::HealthText(instance.health)) : ", left out: " + why;
    lines.push_back(std::move(line));
  }
}

void AddCatalog(service_zone::ZoneData& data, const wire::Name& name, const wire::Name& domain, uint64_t now_ms,
                std::vector<std::string>& lines) {
  lines.push_back("source: " + CatalogText(data));
  service_zone::ZoneNameText text;
  const auto parsed = service_zone::ParseZoneName(name, name.label_count() - domain.label_count(), text);
  const Found found = service_zone::Lookup(data, parsed, now_ms);
  using service_zone::Outcome;
  switch (found.outcome) {
    case Outcome::kService:
      return AddCandidates(found, parsed, lines);
    case Outcome::kNode:
      return lines.push_back("node " + found.node->node->name + ", " + found.node->node->address);
    case Outcome::kNoName:
      if (found.service != nullptr) AddCandidates(found, parsed, lines);
      return lines.push_back("no such name");
    case Outcome::kNoData:
      return lines.push_back("the name exists and holds no record of its own");
    case Outcome::kWait:
      return lines.push_back("not fetched yet: a question waits for it");
    case Outcome::kUnavailable:
      return lines.push_back("cannot be known now: SERVFAIL");
    case Outcome::kApex:
    case Outcome::kAddress:
      return;
  }
}

std::string PlaceText(const Sources& sources, const wire::Name& name, uint16_t type) {
  const Sources::Place place = sources.PlaceOf(name, type);
  if (place.zone != nullptr) {
    return std::string(place.zone->built_in() ? "built-in zone " : "static zone ") + place.zone->origin().ToString() +
           ", " + std::to_string(place.zone->node_count()) + " names";
  }
  if (place.route != nullptr) return "forwarded by the route for " + place.route->zone.ToString();
  return "none; nothing is forwarded: name a server with --upstream or --forward";
}

// Of a name outside the consul domain, by whom it was answered.
std::string SourceText(const Sources& sources, const service_zone::ZoneData& data, const wire::Name& name,
                       uint16_t type, Source answered_by) {
  if (answered_by == Source::kExposed) {
    return "exposed service; the addresses are those of service " + sources.policy().exposure->balancer;
  }
  if (answered_by == Source::kCatalog) return "catalog, reverse names; " + std::string(FreshnessText(data.freshness()));
  if (answered_by != Source::kForwarded && sources.PlaceOf(name, type).source == Source::kForwarded) {
    return "this dnsd itself: neither names of one label nor types that are no data are forwarded";
  }
  return PlaceText(sources, name, type);
}

std::vector<wire::Name> TargetsIn(wire::ResponseWriter& writer, const wire::Query& query) {
  std::vector<wire::Name> targets;
  AnyLink(writer, query, [&](const resolver::FlatName&, const resolver::FlatName& target) {
    targets.emplace_back().Read(target.wire());
    return false;
  });
  return targets;
}

// Who answers the names that the CNAMEs of the answer lead to: a line for each change. `source` answered the question.
void AddChain(Sources& sources, const service_zone::ZoneData& data, const std::vector<wire::Name>& targets,
              uint16_t type, uint64_t now_ms, Source source, std::vector<std::string>& lines) {
  std::string last = lines.front();
  for (const wire::Name& target : targets) {
    const bool from_upstream = source == Source::kForwarded;
    const bool in_domain = data.settings().DomainOf(target) != nullptr;
    source = in_domain ? Source::kCatalog : sources.BeforePlaceOf(target, type, now_ms);
    if (source == Source::kExposed && from_upstream && !sources.policy().exposure->by_upstreams) source = Source::kNone;
    const bool is_place = source == Source::kNone;
    if (is_place) source = sources.PlaceOf(target, type).source;
    std::string text = in_domain  ? CatalogText(data)
                       : is_place ? PlaceText(sources, target, type)
                                  : SourceText(sources, data, target, type, source);
    if (from_upstream && (in_domain || (is_place && source != Source::kForwarded))) {
      text.insert(0, "not followed, since an upstream led to a name of ");
    }
    if (last.ends_with(text)) continue;
    lines.push_back("CNAME to " + target.ToString() + ": " + text);
    last = std::move(text);
  }
}

std::vector<uint8_t> QueryPacket(const wire::Name& name, uint16_t type) {
  std::vector<uint8_t> packet(wire::kHeaderSize + name.size() + 4);
  StoreU16(&packet[2], wire::kFlagRd);
  StoreU16(&packet[4], 1);
  std::ranges::copy(name.wire(), packet.begin() + wire::kHeaderSize);
  StoreU16(&packet[packet.size() - 4], type);
  StoreU16(&packet[packet.size() - 2], wire::dns_class::kIn);
  return packet;
}

}  // namespace

Explained ExplainName(Sources& sources, service_zone::ZoneData& data, const wire::Name& name, uint16_t type,
                      uint64_t now_ms, std::optional<uint64_t> since_ms) {
  Explained explained;
  const std::vector<uint8_t> packet = QueryPacket(name, type);
  wire::Query query;
  wire::ParseQuery(packet, query);
  std::vector<uint8_t> buffer(wire::kMaxMessage);
  wire::ResponseWriter writer(buffer, buffer.size(), query);
  const Outcome outcome = sources.Answer(
      {.query = query, .writer = writer, .over_tcp = true, .trusted = true, .now_ms = now_ms, .parked_ms = since_ms});

  if (const wire::Name* domain = data.settings().DomainOf(name)) {
    AddCatalog(data, name, *domain, now_ms, explained.lines);
  } else {
    explained.lines.push_back("source: " + SourceText(sources, data, name, type, outcome.source));
    if (outcome.source == Source::kForwarded) {
      explained.forwarded = resolver::Question{std::string(resolver::NameBytes(name)), type, {}};
    }
  }
  AddChain(sources, data, TargetsIn(writer, query), type, now_ms, outcome.source, explained.lines);
  if (outcome.wanted) {
    if (const auto* question = std::get_if<resolver::Question>(&*outcome.wanted)) explained.forwarded = *question;
    return explained;
  }
  explained.rcode = outcome.rcode;
  buffer.resize(writer.Finish({.rcode = outcome.rcode, .authoritative = outcome.authoritative}));
  explained.message = std::move(buffer);
  return explained;
}

}  // namespace signpost::query
