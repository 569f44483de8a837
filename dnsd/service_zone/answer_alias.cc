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
  const Endpoint& drawn = service.endpoints[alias[Order(alias_drawer_, service, alias, 1)[0]]];
  return Bytes(service.hosts[static_cast<size_t>(drawn.host)]);
}

Verdict Answerer::AnswerAlias(const Question& q, const PreparedService& service, const WeightedItems<uint32_t>& alias) {
  const auto host = DrawHost(service, alias);
  const uint32_t ttl = Ttl(service.ttl);
  if (!AddName(q.writer, Section::kAnswer, {}, type::kCname, ttl, host)) return {.truncated = !q.over_tcp};
  if (!IsAddressType(q.query.type)) return {.leaves = Leaving(q, host)};
  return FollowAlias(q, host, Section::kAnswer, q.query.type, ttl);
}

// Chains are followed within the domain for addresses only, as Consul does. One that leaves can be followed for any
// type but those that ask for the alias itself.
std::span<const uint8_t> Answerer::Leaving(const Question& q, std::span<const uint8_t> host) const {
  wire::Name name;
  if (q.query.type == type::kCname || q.query.type == type::kAny || name.Read(host) == 0) return {};
  return data_.settings().DomainOf(name) == nullptr ? host : std::span<const uint8_t>{};
}

Verdict Answerer::AnswerNodeAlias(const Question& q, const PreparedNode& node) {
  const auto host = Bytes(node.host);
  if (!AddName(q.writer, Section::kAnswer, {}, type::kCname, NodeTtl(), host)) return {.truncated = !q.over_tcp};
  if (!IsAddressType(q.query.type)) return {};
  return FollowAlias(q, host, Section::kAnswer, q.query.type, NodeTtl());
}

std::optional<Found> Answerer::LookupInside(const wire::Name& name, uint64_t now_ms) {
  const wire::Name* domain = data_.settings().DomainOf(name);
  if (domain == nullptr) return std::nullopt;
  ZoneNameText text;
  const Found found = Lookup(data_, ParseZoneName(name, name.label_count() - domain->label_count(), text), now_ms);
  NoteUse(found, now_ms);  // a service that is reached by an alias only is in use as well
  return found;
}

// Chains may meet; what follows is in the message already then.
bool Answerer::NoteFollowed(std::span<const uint8_t> host) {
  const auto folded = [](uint8_t c) { return wire::ToLower(c); };
  const auto same = [&](std::span<const uint8_t> known) { return std::ranges::equal(known, host, {}, folded, folded); };
  if (followed_.size() == kMaxFollowed || std::ranges::any_of(followed_, same)) return false;
  followed_.push_back(host);
  return true;
}

Verdict Answerer::FollowAlias(const Question& q, std::span<const uint8_t> host, Section section, uint16_t asked,
                              uint32_t ttl) {
  std::array<wire::Name, kMaxAliases> path;
  for (size_t step = 0; step < kMaxAliases; ++step) {
    wire::Name& name = path[step];
    if (name.Read(host) == 0) return {};
    const auto same = [&](const wire::Name& earlier) { return std::ranges::equal(earlier.wire(), name.wire()); };
    if (same(q.query.name) || std::any_of(path.begin(), path.begin() + static_cast<ptrdiff_t>(step), same)) return {};
    const auto found = LookupInside(name, q.now_ms);
    if (!found) return {.leaves = section == Section::kAnswer ? Leaving(q, host) : std::span<const uint8_t>{}};
    if (found->outcome == Outcome::kWait) {
      // Additional records may be missing; an answer may not.
      return q.last_try && section == Section::kAdditional ? Verdict{} : Verdict{.wanted = found->wanted};
    }
    if (found->outcome == Outcome::kUnavailable) return {};  // nobody knows what follows: not even that nothing does
    if (section == Section::kAdditional && !NoteFollowed(host)) return {};
    const uint16_t before = q.writer.count(section);
    const auto [next, cut] = AddAliasStep(q, *found, {.name = host}, section, asked, ttl);
    if (next.empty()) {
      // The chain ends in this domain without an address of the family asked for (RFC 2308 2.2).
      if (q.writer.count(section) == before && !cut && section == Section::kAnswer) Negative(q, wire::Rcode::kNoError);
      return {.truncated = cut && !q.over_tcp};
    }
    host = next;
  }
  return {};
}

Verdict Answerer::AnswerChain(const Question& q, std::span<const uint8_t> name, uint16_t asked, uint32_t ttl) {
  wire::Name first;
  if (asked == type::kCname || first.Read(name) == 0) return {};
  const auto found = LookupInside(first, q.now_ms);
  if (!found) return {.leaves = Leaving(q, name)};
  switch (found->outcome) {
    case Outcome::kWait:
      return {.wanted = found->wanted};
    case Outcome::kUnavailable:
      return {.rcode = wire::Rcode::kServFail, .authoritative = false};
    case Outcome::kNoName:
      return Negative(q, wire::Rcode::kNxDomain);  // RFC 6604 3: the rcode is that of the chain's end
    default:
      break;
  }
  ttl = std::min(ttl, found->outcome == Outcome::kService ? Ttl(found->service->ttl) : NodeTtl());
  if (IsAddressType(asked)) return FollowAlias(q, name, Section::kAnswer, asked, ttl);
  const Owner owner{.name = name};
  if (found->outcome == Outcome::kService && asked == type::kSrv) return AnswerSrv(q, *found, owner, ttl);
  if (found->outcome == Outcome::kService && asked == type::kTxt) return AnswerServiceTxt(q, *found, owner, ttl);
  return Negative(q, wire::Rcode::kNoError);
}

template <typename Item>
bool Answerer::AddDrawn(const Question& q, const PreparedService& service, const WeightedItems<Item>& addresses,
                        size_t limit, const Owner& owner, Section section, uint32_t ttl) {
  const auto order = Order(alias_drawer_, service, addresses, limit);
  return std::ranges::all_of(order,
                             [&](uint32_t i) { return AddAddress(q.writer, section, owner, ttl, addresses[i]); });
}

Answerer::AliasStep Answerer::AddAliasStep(const Question& q, const Found& found, const Owner& owner, Section section,
                                           uint16_t asked, uint32_t ttl) {
  if (found.outcome == Outcome::kAddress) {
    const AddressChoice addresses{.v4 = found.address.v4, .v6 = found.address.v6};
    return {.cut = !AddAddresses(q.writer, section, owner, ttl, asked, addresses)};
  }
  if (found.outcome == Outcome::kNode) {
    const bool fits = AddAddresses(q.writer, section, owner, ttl, asked, found.node->addresses);
    if (found.node->host.empty()) return {.cut = !fits};
    if (!AddName(q.writer, section, owner, type::kCname, ttl, Bytes(found.node->host))) return {.cut = true};
    return {.next = Bytes(found.node->host)};
  }
  if (found.outcome != Outcome::kService) return {};
  const PreparedService& service = *found.service;
  const AnswerSet& set = *found.set;
  if (set.a.empty() && set.aaaa.empty() && !set.alias.empty()) {
    const auto next = DrawHost(service, set.alias);
    if (!AddName(q.writer, section, owner, type::kCname, ttl, next)) return {.cut = true};
    return {.next = next};
  }
  bool fits = true;
  size_t limit = AddressLimit(q, service);
  if (asked != type::kAaaa) {
    fits = AddDrawn(q, service, set.a, limit, owner, section, ttl);
    limit -= std::min(limit, set.a.size());
  }
  if (asked != type::kA) fits &= AddDrawn(q, service, set.aaaa, limit, owner, section, ttl);
  return {.cut = !fits};
}

}  // namespace signpost::service_zone
