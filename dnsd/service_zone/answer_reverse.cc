// Signpost. Apache-2.0; see LICENSE.
#include <algorithm>
#include <array>

#include "common/base/bytes.h"
#include "dnsd/service_zone/answer.h"
#include "dnsd/service_zone/reverse_name.h"

namespace signpost::service_zone {
namespace {

using wire::Rcode;
using wire::Section;
namespace type = wire::type;

// <service>.service.<dc>.<domain> of an instance; empty when the service's name is no label.
std::span<const uint8_t> ServiceName(const ZoneData::ReverseTarget& target, const Settings& settings,
                                     std::array<uint8_t, wire::kMaxName>& buffer) {
  const std::string& service = target.service->source->instances[target.instance].service;
  if (service.empty() || service.size() > wire::kMaxLabel || service.find('.') != std::string::npos) return {};
  ByteWriter name(buffer);
  for (const std::string_view label :
       {std::string_view(service), std::string_view("service"), std::string_view(settings.datacenter)}) {
    name.U8(static_cast<uint8_t>(label.size()));
    name.Text(label);
  }
  name.Bytes(settings.domain.wire());
  return name.ok() ? name.written() : std::span<const uint8_t>{};
}

bool HasOwnerBelow(const ZoneData& data, const ReverseName& part) {
  const auto owner = data.FindReverse(part.address);
  // The trees themselves are delegated to others.
  if (part.is_tree || owner == data.ReverseEnd()) return false;
  const size_t bytes = part.bits / 8;
  const bool half = part.bits % 8 != 0;
  if (!std::equal(part.address.begin(), part.address.begin() + bytes, owner->address.begin())) return false;
  return !half || part.address[bytes] >> 4 == owner->address[bytes] >> 4;
}

}  // namespace

Verdict Answerer::AnswerReverse(const Question& q) {
  using Kind = ReverseName::Kind;
  const ReverseName reverse = ParseReverseName(q.link != nullptr ? *q.link : q.query.name);
  if (data_.freshness() == catalog::Freshness::kStarting || data_.freshness() == catalog::Freshness::kExpired) {
    return {.rcode = Rcode::kServFail, .authoritative = false, .not_here = true};
  }
  if (reverse.kind == Kind::kPartial) return NotHere(q, Rcode::kNoError, HasOwnerBelow(data_, reverse));
  auto owner = data_.FindReverse(reverse.address);
  const auto is_owner = [&] { return owner != data_.ReverseEnd() && owner->address == reverse.address; };
  if (reverse.kind != Kind::kAddress || !is_owner()) return NotHere(q, Rcode::kNxDomain, false);
  if (q.query.type != type::kPtr && q.query.type != type::kAny) return NotHere(q, Rcode::kNoError, true);

  const uint16_t before = q.writer.count(Section::kAnswer);
  bool fits = true;
  for (; fits && is_owner(); ++owner) {
    std::array<uint8_t, wire::kMaxName> buffer;
    const auto name =
        owner->node != nullptr ? Bytes(owner->node->owner) : ServiceName(*owner, data_.settings(), buffer);
    if (!name.empty()) fits = AddName(q.writer, Section::kAnswer, OwnerOf(q), type::kPtr, NodeTtl(), name);
  }
  // Names that DNS cannot write have no record.
  if (fits && q.writer.count(Section::kAnswer) == before) return NegativeReverse(q, Rcode::kNoError);
  return {.truncated = !fits && !q.over_tcp};
}

Verdict Answerer::NotHere(const Question& q, Rcode rcode, bool exists) {
  Verdict verdict = q.may_look_elsewhere ? Verdict{.rcode = rcode} : NegativeReverse(q, rcode);
  verdict.not_here = true;
  verdict.exists = exists;
  return verdict;
}

// The SOA must be that of a zone above the name (RFC 2308 2): the reverse tree's own apex.
Verdict Answerer::NegativeReverse(const Question& q, Rcode rcode) {
  static constexpr size_t kZoneLabels = 2;
  const wire::Name& name = q.link != nullptr ? *q.link : q.query.name;
  const auto zone = name.wire().subspan(name.offset(name.label_count() - kZoneLabels));
  AddSoa(q.writer, Section::kAuthority, data_, zone, Ttl(data_.settings().soa.minimum));
  return {.rcode = rcode};
}

}  // namespace signpost::service_zone
