// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/answer.h"

#include <algorithm>

#include "dnsd/service_zone/records.h"
#include "dnsd/service_zone/zone_name.h"

namespace signpost::service_zone {
namespace {

using wire::Rcode;
using wire::Section;
namespace type = wire::type;

constexpr uint64_t kUseRoundMs = 10000;

// Keeps plain names out of the way of browsing, SRV of `_web._tcp` among them: only its PTR records are of DNS-SD.
bool MayBrowse(const wire::Query& query, size_t labels) {
  const wire::Name& name = query.name;
  if (!MayBeBrowseName(name, labels)) return false;
  return query.type == type::kPtr || labels < 3 || name.label(1) != "_tcp" || name.label(2) != "service";
}

}  // namespace

void Answerer::Reserve() {
  const size_t n = data_.largest_set();
  drawer_.Reserve(n);
  alias_drawer_.Reserve(n);
  if (n <= target_offsets_.size()) return;
  target_offsets_.resize(n);
  seen_targets_.resize(n);
  seen_nodes_.resize(n);
}

std::vector<catalog::Key> Answerer::TakeUsed() {
  std::vector<catalog::Key> taken;
  taken.reserve(kMaxUsed);
  taken.swap(used_);
  return taken;
}

uint32_t Answerer::Ttl(uint32_t ttl) const { return data_.stale() ? std::min(ttl, data_.settings().stale_ttl) : ttl; }

void Answerer::NoteUse(const Found& found, uint64_t now_ms) {
  const auto round = static_cast<uint32_t>(now_ms / kUseRoundMs) + 1;
  // Nodes of the own datacenter are known whether they are used or not.
  const consul::Node* node = found.node != nullptr ? found.node->node.get() : nullptr;
  if (node != nullptr && node->datacenter == data_.settings().datacenter) node = nullptr;
  if (found.service == nullptr && node == nullptr) return;
  if (found.entry->wanted_round == round || used_.size() == kMaxUsed) return;
  found.entry->wanted_round = round;
  used_.push_back(found.service != nullptr
                      ? found.service->source->key
                      : catalog::Key{catalog::Kind::kNode, wire::ToLower(node->datacenter), wire::ToLower(node->name)});
}

Verdict Answerer::AnswerZone(const Question& q, size_t labels) {
  const bool may_browse = MayBrowse(q.query, labels) && data_.settings().dns_sd;
  if (may_browse) {
    if (auto verdict = AnswerBrowse(q, labels)) return *std::move(verdict);
  }
  ZoneNameText text;
  const ZoneName name = ParseZoneName(q.query.name, labels, text);
  Found found = Lookup(data_, name, q.now_ms);
  NoteUse(found, q.now_ms);
  // A name that can hold SRV records only exists all the same for the other types.
  if (name.srv_only && found.outcome == Outcome::kService && q.query.type != type::kSrv)
    found.outcome = Outcome::kNoData;
  if (found.outcome == Outcome::kNoName && may_browse && IsAboveBrowsed(q, labels)) found.outcome = Outcome::kNoData;
  return Answer(q, found);
}

Verdict Answerer::Answer(const Question& q, const Found& found) {
  switch (found.outcome) {
    case Outcome::kApex:
      return AnswerApex(q);
    case Outcome::kService:
      return AnswerService(q, found);
    case Outcome::kNode:
      return AnswerNode(q, *found.node);
    case Outcome::kAddress:
      return AnswerAddress(q, found.address);
    case Outcome::kNoData:
      return Negative(q, Rcode::kNoError);
    case Outcome::kNoName:
      return Negative(q, Rcode::kNxDomain);
    case Outcome::kWait:
      return {.wanted = found.wanted};
    case Outcome::kUnavailable:
      return {.rcode = Rcode::kServFail, .authoritative = false};
  }
  return {.rcode = Rcode::kServFail, .authoritative = false};
}

// RFC 2308 2: the SOA makes a negative answer cacheable; its TTL is the MINIMUM field.
Verdict Answerer::Negative(const Question& q, Rcode rcode) {
  AddSoa(q.writer, Section::kAuthority, data_, data_.settings().domain.wire(), Ttl(data_.settings().soa.minimum));
  return {.rcode = rcode};
}

Verdict Answerer::AnswerApex(const Question& q) {
  const uint16_t asked = q.query.type;
  const auto domain = data_.settings().domain.wire();
  if (asked == type::kSoa || asked == type::kAny) {
    AddSoa(q.writer, Section::kAnswer, data_, domain, Ttl(data_.settings().soa.minimum));
  }
  if (asked == type::kNs || asked == type::kAny) {
    AddNameServers(q.writer, Section::kAnswer, data_, drawer_.random(), NodeTtl());
  } else if (asked == type::kSoa) {
    AddNameServers(q.writer, Section::kAuthority, data_, drawer_.random(), NodeTtl());
  }
  if (q.writer.count(Section::kAnswer) == 0) return Negative(q, Rcode::kNoError);
  return {};
}

Verdict Answerer::AnswerNode(const Question& q, const PreparedNode& node) {
  const uint16_t asked = q.query.type;
  const bool wants_address = asked == type::kA || asked == type::kAaaa || asked == type::kAny;
  if (!node.host.empty() && (wants_address || asked == type::kCname)) return AnswerNodeAlias(q, node);

  bool fits = true;
  if (wants_address) fits = AddAddresses(q.writer, Section::kAnswer, {}, NodeTtl(), asked, node.addresses);
  const bool answered = q.writer.count(Section::kAnswer) > 0;
  const auto before = q.writer.Here();
  if (asked == type::kTxt || asked == type::kAny) {
    for (const std::string& rdata : node.txt) fits &= AddTxt(q.writer, Section::kAnswer, {}, NodeTtl(), rdata);
    if (!fits && !q.over_tcp) q.writer.RollBack(before);
  } else if (answered && data_.settings().node_meta_txt) {
    for (const std::string& rdata : node.txt) AddTxt(q.writer, Section::kAdditional, {}, NodeTtl(), rdata);
  }
  if (!fits && !q.over_tcp) return {.truncated = true};  // over TCP there is no larger transport: what fits
  if (q.writer.count(Section::kAnswer) == 0) return Negative(q, Rcode::kNoError);
  return {};
}

Verdict Answerer::AnswerAddress(const Question& q, const Address& address) {
  const AddressChoice choice{.v4 = address.v4, .v6 = address.v6};
  const uint16_t asked = q.query.type;
  if (asked == type::kA || asked == type::kAaaa || asked == type::kAny) {
    AddAddresses(q.writer, Section::kAnswer, {}, NodeTtl(), asked, choice);
  }
  if (q.writer.count(Section::kAnswer) == 0) return Negative(q, Rcode::kNoError);
  return {};
}

}  // namespace signpost::service_zone
