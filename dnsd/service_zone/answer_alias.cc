// Signpost. Apache-2.0; see LICENSE.
#include <algorithm>
#include <array>

#include "dnsd/service_zone/answer.h"
#include "dnsd/service_zone/records.h"
#include "dnsd/service_zone/zone_name.h"

namespace signpost::service_zone {
namespace {

using wire::Section;
namespace type = wire::type;

// Names followed behind the first CNAME, as Consul has it.
constexpr size_t kMaxAliases = 3;

bool IsAddressType(uint16_t asked) { return asked == type::kA || asked == type::kAaaa || asked == type::kAny; }

}  // namespace

// A name has one CNAME at most (RFC 2181 10.1).
std::span<const uint8_t> Answerer::DrawHost(const PreparedService& service, const WeightedItems<uint32_t>& alias) {
  const Endpoint& drawn = service.endpoints[alias.items[Order(alias_drawer_, service, alias, 1)[0]]];
  return Bytes(service.hosts[static_cast<size_t>(drawn.host)]);
}

Verdict Answerer::AnswerAlias(const Question& q, const PreparedService& service, const WeightedItems<uint32_t>& alias) {
  const auto host = DrawHost(service, alias);
  const uint32_t ttl = Ttl(service.ttl);
  AddName(q.writer, Section::kAnswer, {}, type::kCname, ttl, host);
  if (!IsAddressType(q.query.type)) return {};
  return {.wanted = FollowAlias(q, host, Section::kAnswer, q.query.type, ttl)};
}

Verdict Answerer::AnswerNodeAlias(const Question& q, const PreparedNode& node) {
  const auto host = Bytes(node.host);
  AddName(q.writer, Section::kAnswer, {}, type::kCname, NodeTtl(), host);
  if (!IsAddressType(q.query.type)) return {};
  return {.wanted = FollowAlias(q, host, Section::kAnswer, q.query.type, NodeTtl())};
}

std::optional<Found> Answerer::LookupInside(const wire::Name& name, uint64_t now_ms) {
  const wire::Name* domain = data_.settings().DomainOf(name);
  if (domain == nullptr) return std::nullopt;
  ZoneNameText text;
  return Lookup(data_, ParseZoneName(name, name.label_count() - domain->label_count(), text), now_ms);
}

std::optional<catalog::Key> Answerer::FollowAlias(const Question& q, std::span<const uint8_t> host, Section section,
                                                  uint16_t asked, uint32_t ttl) {
  std::array<wire::Name, kMaxAliases> path;
  for (size_t step = 0; step < kMaxAliases; ++step) {
    wire::Name& name = path[step];
    if (name.Read(host) == 0) return {};
    const auto same = [&](const wire::Name& earlier) { return std::ranges::equal(earlier.wire(), name.wire()); };
    if (same(q.query.name) || std::any_of(path.begin(), path.begin() + static_cast<ptrdiff_t>(step), same)) return {};
    const auto found = LookupInside(name, q.now_ms);
    if (!found) return {};
    if (found->outcome == Outcome::kWait) return found->wanted;
    const uint16_t before = q.writer.count(section);
    const auto next = AddAliasStep(q, *found, {.name = host}, section, asked, ttl);
    if (next.empty()) {
      // The chain ends in this domain without an address of the family asked for (RFC 2308 2.2).
      if (q.writer.count(section) == before && section == Section::kAnswer) Negative(q, wire::Rcode::kNoError);
      return {};
    }
    host = next;
  }
  return {};
}

std::span<const uint8_t> Answerer::AddAliasStep(const Question& q, const Found& found, const Owner& owner, Section section,
                                                uint16_t asked, uint32_t ttl) {
  if (found.outcome == Outcome::kAddress) {
    AddAddresses(q.writer, section, owner, ttl, asked, {.v4 = found.address.v4, .v6 = found.address.v6});
  } else if (found.outcome == Outcome::kNode) {
    AddAddresses(q.writer, section, owner, ttl, asked, found.node->addresses);
    if (found.node->host.empty()) return {};
    AddName(q.writer, section, owner, type::kCname, ttl, Bytes(found.node->host));
    return Bytes(found.node->host);
  }
  if (found.outcome != Outcome::kService) return {};
  const AnswerSet& set = *found.set;
  const auto add_all = [&](const auto& addresses) {
    for (const uint32_t i : Order(alias_drawer_, *found.service, addresses, addresses.size())) {
      if (!AddAddress(q.writer, section, owner, ttl, addresses.items[i])) break;
    }
  };
  if (asked != type::kAaaa) add_all(set.a);
  if (asked != type::kA) add_all(set.aaaa);
  if (set.a.size() + set.aaaa.size() > 0 || set.alias.size() == 0) return {};
  const auto next = DrawHost(*found.service, set.alias);
  AddName(q.writer, section, owner, type::kCname, ttl, next);
  return next;
}

}  // namespace signpost::service_zone
