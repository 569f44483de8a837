// Signpost. Apache-2.0; see LICENSE.
#include <algorithm>
#include <array>
#include <bit>

#include "dnsd/service_zone/answer.h"
#include "dnsd/service_zone/records.h"
#include "dnsd/service_zone/zone_name.h"

namespace signpost::service_zone {
namespace {

using wire::Rcode;
namespace type = wire::type;

// Dashes of a label that may stand for underscores of a service's name: each doubles the look-ups.
constexpr size_t kMaxDashes = 4;

// A host name has no underscores: lb shows service `my_web` as `my-web`. Tries the label as it stands, then every way
// to put underscores in place of its first dashes, until `visit` is true.
template <typename Visit>
void ForEachSpelling(std::string_view label, const Visit& visit) {
  std::array<char, wire::kMaxLabel> text{};
  std::array<size_t, kMaxDashes> dashes{};
  size_t count = 0;
  label = label.substr(0, text.size());
  for (size_t i = 0; i < label.size() && count < kMaxDashes; ++i) {
    if (label[i] == '-') dashes[count++] = i;
  }
  for (unsigned spelling = 0; spelling < 1U << count; ++spelling) {
    std::ranges::copy(label, text.begin());
    for (size_t i = 0; i < count; ++i) {
      if ((spelling >> i & 1) != 0) text[dashes[i]] = '_';
    }
    if (visit(std::string_view(text.data(), label.size()))) return;
  }
}

}  // namespace

Answerer::Exposed Answerer::FindExposed(const ExposedName& name, uint64_t now_ms) {
  Exposed exposed;
  ForEachSpelling(name.label, [&](std::string_view service) {
    const Found found = Lookup(data_, {.kind = NameKind::kService, .name = service}, now_ms);
    if (found.outcome == Outcome::kWait) exposed.blocked = Verdict{.wanted = found.wanted};
    // Without an entry nobody knows whether there is such a service: the name may well be another's.
    if (found.outcome == Outcome::kUnavailable && found.entry != nullptr) {
      exposed.blocked = Verdict{.rcode = Rcode::kServFail, .authoritative = false};
    }
    if (found.outcome != Outcome::kService || found.service->FindTag(name.tag) == nullptr) {
      return exposed.blocked.has_value();
    }
    exposed.service = found;
    return true;
  });
  return exposed;
}

bool Answerer::MayExpose(const ExposedName& name, uint64_t now_ms) {
  const Exposed exposed = FindExposed(name, now_ms);
  return exposed.blocked || exposed.service.outcome == Outcome::kService;
}

std::optional<Verdict> Answerer::AnswerExposed(const Question& q, const ExposedName& name) {
  const Exposed exposed = FindExposed(name, q.now_ms);
  if (exposed.blocked) return exposed.blocked;
  if (exposed.service.outcome != Outcome::kService) return std::nullopt;
  NoteUse(exposed.service, q.now_ms);
  return AnswerBalancer(q, name);
}

Verdict Answerer::AnswerBalancer(const Question& q, const ExposedName& name) {
  const Found found = Lookup(data_, {.kind = NameKind::kService, .name = name.balancer}, q.now_ms);
  if (found.outcome == Outcome::kWait) return {.wanted = found.wanted};
  if (found.outcome == Outcome::kUnavailable) return {.rcode = Rcode::kServFail, .authoritative = false};
  if (found.outcome == Outcome::kService) {
    NoteUse(found, q.now_ms);
    const AnswerSet& set = *found.set;
    const uint16_t asked = q.query.type;
    const bool is_alias = set.a.empty() && set.aaaa.empty() && !set.alias.empty();
    const bool has_a = !set.a.empty() && (asked == type::kA || asked == type::kAny);
    const bool has_aaaa = !set.aaaa.empty() && (asked == type::kAaaa || asked == type::kAny);
    if (is_alias || has_a || has_aaaa) {
      const uint32_t ttl = Ttl(found.service->ttl);
      const auto [next, cut] = AddAliasStep(q, found, OwnerOf(q), wire::Section::kAnswer, asked, ttl);
      if (next.empty()) return {.truncated = cut && !q.over_tcp};
      const bool for_address = asked == type::kA || asked == type::kAaaa || asked == type::kAny;
      return for_address ? FollowAlias(q, next, wire::Section::kAnswer, asked, ttl)
                         : Verdict{.leaves = Leaving(q, next)};
    }
  }
  AddSoa(q.writer, wire::Section::kAuthority, data_, name.domain.wire(), Ttl(data_.settings().soa.minimum));
  return {};
}

}  // namespace signpost::service_zone
