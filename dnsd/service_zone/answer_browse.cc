// Signpost. Apache-2.0; see LICENSE.
// DNS-SD (RFC 6763). Clients browse rarely: these answers may allocate, in proportion to the service's instances.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "dnsd/service_zone/answer.h"
#include "dnsd/service_zone/browse.h"
#include "dnsd/service_zone/records.h"
#include "dnsd/service_zone/zone_name.h"

namespace signpost::service_zone {
namespace {

using wire::Rcode;
using wire::Section;
using Kind = BrowseName::Kind;
namespace type = wire::type;

constexpr uint32_t kBrowseTtl = 5;  // PTR and TXT: long ones would show ghosts
constexpr size_t kPtrHead = 12;     // owner pointer, type, class, TTL, RDLENGTH

// Labels in front of what stands in the question from label `at` on, in the letter case in which the client wrote it.
struct PartlyAsked {
  std::array<std::string_view, 2> labels;  // empty ones do not count
  size_t at = 0;
};

bool AddPtr(const Question& q, uint32_t ttl, const PartlyAsked& name) {
  q.writer.BeginRecordAt(Section::kAnswer, 0, type::kPtr, ttl);
  for (const std::string_view label : name.labels) {
    if (label.empty()) continue;
    q.writer.PutU8(static_cast<uint8_t>(label.size()));
    q.writer.PutBytes(Bytes(label));
  }
  q.writer.PutU16(static_cast<uint16_t>(wire::kQuestionPointer + q.query.name.offset(name.at)));
  return q.writer.EndRecord();
}

// The marks of the endpoints that carry `tag`; empty = all do.
std::vector<bool> MarksOf(const PreparedService& service, const AnswerSet& set) {
  if (&set == &service.untagged) return {};
  std::vector<bool> marks(service.endpoints.size());
  for (const uint32_t i : set.all.items()) marks[i] = true;
  return marks;
}

bool Asks(const Question& q, uint16_t wanted) { return q.query.type == wanted || q.query.type == type::kAny; }

}  // namespace

std::optional<Verdict> Answerer::AnswerBrowse(const Question& q, size_t labels) {
  const BrowseName name = ParseBrowseName(q.query.name, labels, data_.settings().datacenter);
  switch (name.kind) {
    case Kind::kNone:
    case Kind::kParent:
      return std::nullopt;
    case Kind::kDomains:
      return AnswerDomains(q, name);
    case Kind::kTypes:
      return AnswerTypes(q, name);
    case Kind::kType:
      // What else the name holds is a plain service's: SRV above all (RFC 2782).
      if (q.query.type != type::kPtr) return std::nullopt;
      break;
    case Kind::kSubType:
    case Kind::kInstance:
      break;
  }
  const Found found = FindBrowsed(name, q.now_ms);
  if (found.outcome == Outcome::kWait) return Verdict{.wanted = found.wanted};
  if (found.outcome == Outcome::kUnavailable) return Verdict{.rcode = Rcode::kServFail, .authoritative = false};
  if (found.outcome != Outcome::kService) return std::nullopt;
  const PreparedService& service = *found.service;
  if (name.kind == Kind::kInstance) return AnswerInstance(q, name, service);
  const AnswerSet* set = service.FindTag(name.tag);
  if (set == nullptr) return std::nullopt;
  if (!Asks(q, type::kPtr)) return Negative(q, Rcode::kNoError);
  return AnswerInstances(q, name, service, *set);
}

bool Answerer::IsAboveBrowsed(const Question& q, size_t labels) {
  const BrowseName name = ParseBrowseName(q.query.name, labels, data_.settings().datacenter);
  if (name.kind == Kind::kParent) return true;
  return name.kind == Kind::kType && name.udp && FindBrowsed(name, q.now_ms).outcome == Outcome::kService;
}

// kNoName for a service that is not shown under that protocol.
Found Answerer::FindBrowsed(const BrowseName& name, uint64_t now_ms) {
  Found found = Lookup(data_, {.kind = NameKind::kService, .name = name.service}, now_ms);
  NoteUse(found, now_ms);
  if (found.outcome != Outcome::kService) return found;
  const Browse& browse = found.service->browse;
  if (!browse.shown || browse.udp != name.udp) found.outcome = Outcome::kNoName;
  return found;
}

Verdict Answerer::AnswerDomains(const Question& q, const BrowseName& name) {
  if (!Asks(q, type::kPtr)) return Negative(q, Rcode::kNoError);
  AddPtr(q, Ttl(kBrowseTtl), {{name.below_service ? "" : "service"}, name.domain_at});
  return {};
}

Verdict Answerer::AnswerTypes(const Question& q, const BrowseName& name) {
  if (data_.freshness() == catalog::Freshness::kStarting || data_.freshness() == catalog::Freshness::kExpired) {
    return {.rcode = Rcode::kServFail, .authoritative = false};
  }
  const auto types = data_.ServiceTypes(q.now_ms);
  if (types.empty() || !Asks(q, type::kPtr)) return Negative(q, Rcode::kNoError);
  const auto start = q.writer.Here();
  for (const auto& [service, udp] : types) {
    if (AddPtr(q, Ttl(kBrowseTtl), {{"_" + service, udp ? "_udp" : "_tcp"}, name.domain_at})) continue;
    if (q.over_tcp) break;  // no larger transport: what fits
    q.writer.RollBack(start);
    return {.truncated = true};
  }
  return {};
}

Verdict Answerer::AnswerInstances(const Question& q, const BrowseName& name, const PreparedService& service,
                                  const AnswerSet& set) {
  const std::vector<bool> marks = MarksOf(service, set);
  const auto start = q.writer.Here();
  std::vector<ShownInstance> shown;
  for (const auto& [place, with_node] : service.browse.rows) {
    if (!marks.empty() && !marks[place]) continue;
    const Endpoint& endpoint = service.endpoints[place];
    const std::string label = InstanceLabel(service.instance(endpoint), with_node);
    const size_t owner_at = kPtrHead + q.writer.size();
    if (AddPtr(q, Ttl(kBrowseTtl), {{label}, name.type_at})) {
      shown.push_back({&endpoint, owner_at});
    } else if (q.over_tcp) {
      break;
    } else {
      q.writer.RollBack(start);
      return {.truncated = true};
    }
  }
  if (shown.empty()) return Negative(q, Rcode::kNoError);
  AddInstances(q, service, shown);
  return {};
}

// RFC 6763 12.1: what a client asks for next, as far as there is room, whole instances only.
void Answerer::AddInstances(const Question& q, const PreparedService& service,
                            const std::vector<ShownInstance>& shown) {
  Question patient = q;
  patient.last_try = true;  // what is not known yet is left out
  BeginAdditional();
  for (const auto& [endpoint, owner_at] : shown) {
    if (owner_at > wire::kMaxPointer) return;  // a reply of this size has no use for more
    const auto before = q.writer.Here();
    const Owner owner{.offset = owner_at};
    size_t target = 0;
    std::optional<catalog::Key> wanted;
    const bool fits = AddSrv(q.writer, Section::kAdditional, owner, service, *endpoint, data_.settings().domain,
                             Ttl(service.ttl), target) &&
                      AddTxt(q.writer, Section::kAdditional, owner, Ttl(kBrowseTtl),
                             BrowseTxt(service.instance(*endpoint), data_.settings().datacenter)) &&
                      (!IsFirstWithTarget(*endpoint) ||
                       AddTargetAddresses(patient, service, *endpoint, target, Ttl(service.ttl), wanted));
    if (fits) continue;
    q.writer.RollBack(before);
    return;
  }
}

std::optional<Verdict> Answerer::AnswerInstance(const Question& q, const BrowseName& name,
                                                const PreparedService& service) {
  const Endpoint* endpoint = FindInstance(service, name.instance);
  if (endpoint == nullptr) {
    if (name.instance == "_sub") return Negative(q, Rcode::kNoError);  // sub-types stand below
    return std::nullopt;
  }
  const auto start = q.writer.Here();
  bool fits = true;
  size_t target = 0;
  if (Asks(q, type::kTxt)) {
    fits = AddTxt(q.writer, Section::kAnswer, {}, Ttl(kBrowseTtl),
                  BrowseTxt(service.instance(*endpoint), data_.settings().datacenter));
  }
  if (fits && Asks(q, type::kSrv)) {
    fits =
        AddSrv(q.writer, Section::kAnswer, {}, service, *endpoint, data_.settings().domain, Ttl(service.ttl), target);
  }
  if (!fits) {
    q.writer.RollBack(start);
    return Verdict{.truncated = !q.over_tcp};
  }
  if (q.writer.count(Section::kAnswer) == 0) return Negative(q, Rcode::kNoError);
  std::optional<catalog::Key> wanted;
  BeginAdditional();
  if (target != 0) AddTargetAddresses(q, service, *endpoint, target, Ttl(service.ttl), wanted);
  return Verdict{.wanted = wanted};
}

}  // namespace signpost::service_zone
