// Signpost. Apache-2.0; see LICENSE.
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

}  // namespace

Verdict Answerer::AnswerReverse(const Question& q) {
  using Kind = ReverseName::Kind;
  const ReverseName reverse = ParseReverseName(q.query.name);
  if (data_.freshness() == catalog::Freshness::kStarting || data_.freshness() == catalog::Freshness::kExpired) {
    return {.rcode = Rcode::kServFail, .authoritative = false};
  }
  if (reverse.kind == Kind::kPartial) return NegativeReverse(q, Rcode::kNoError);
  auto owner = data_.FindReverse(reverse.address);
  const auto is_owner = [&] { return owner != data_.ReverseEnd() && owner->address == reverse.address; };
  if (reverse.kind != Kind::kAddress || !is_owner()) return NegativeReverse(q, Rcode::kNxDomain);
  if (q.query.type != type::kPtr && q.query.type != type::kAny) return NegativeReverse(q, Rcode::kNoError);

  bool fits = true;
  for (; fits && is_owner(); ++owner) {
    std::array<uint8_t, wire::kMaxName> buffer;
    const auto name =
        owner->node != nullptr ? Bytes(owner->node->owner) : ServiceName(*owner, data_.settings(), buffer);
    if (!name.empty()) fits = AddName(q.writer, Section::kAnswer, {}, type::kPtr, NodeTtl(), name);
  }
  // Names that DNS cannot write have no record.
  if (fits && q.writer.count(Section::kAnswer) == 0) return NegativeReverse(q, Rcode::kNoError);
  return {.truncated = !fits && !q.over_tcp};
}

// The SOA must be that of a zone above the name (RFC 2308 2): the reverse tree's own apex.
Verdict Answerer::NegativeReverse(const Question& q, Rcode rcode) {
  static constexpr size_t kZoneLabels = 2;
  const wire::Name& name = q.query.name;
  const auto zone = name.wire().subspan(name.offset(name.label_count() - kZoneLabels));
  AddSoa(q.writer, Section::kAuthority, data_, zone, Ttl(data_.settings().soa.minimum));
  return {.rcode = rcode};
}

}  // namespace signpost::service_zone
