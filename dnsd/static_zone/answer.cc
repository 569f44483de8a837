// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/static_zone/answer.h"

#include <algorithm>
#include <array>

#include "dnsd/static_zone/answer_records.h"
#include "dnsd/static_zone/rdata.h"

namespace signpost::static_zone {
namespace {

using wire::Rcode;
using wire::Section;
namespace type = wire::type;

constexpr size_t kMaxCnames = 16;

struct Found {
  enum class Kind : unsigned char {
    kNode,        // the name's own node, or the wildcard that stands for it
    kDelegation,  // `node` is a delegation at the name or above
    kDname,       // `node`, above the name, has a DNAME
    kNothing,
  };
  Kind kind = Kind::kNothing;
  const Node* node = nullptr;
  size_t label = 0;  // of the name, at which `node` stands
};

// RFC 1034 4.3.2, step 3, from the apex downwards. `name` lies in the zone.
Found Locate(const Zone& zone, const wire::Name& name, uint16_t asked) {
  const Node* node = &zone.apex();
  for (size_t label = name.label_count() - zone.origin().label_count();; --label) {
    // DS at the cut itself is the parent's (RFC 4035 3.1.4.1).
    if (node->is_cut && (label != 0 || asked != type::kDs)) return {Found::Kind::kDelegation, node, label};
    if (label == 0) return {Found::Kind::kNode, node, label};
    if (node->Find(type::kDname) != nullptr) return {Found::Kind::kDname, node, label};
    const Node* child = zone.Find(Text(name.wire().subspan(name.offset(label - 1))));
    // `node` is the closest encloser, so only its own wildcard counts (RFC 4592 3.3.1).
    if (child == nullptr && node->wildcard != nullptr) return {Found::Kind::kNode, node->wildcard, label};
    if (child == nullptr) return {};
    node = child;
  }
}

bool SameName(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  return std::ranges::equal(a, b, [](uint8_t x, uint8_t y) { return wire::ToLower(x) == wire::ToLower(y); });
}

class Walk {
 public:
  Walk(const Zone& zone, const StaticQuestion& question, wire::ResponseWriter& writer)
      : zone_(zone), question_(question), records_(zone, writer), writer_(writer), start_(writer.Here()) {}

  Verdict Run();

 private:
  // What one name of the chain brings: the end, or the name that follows.
  struct Step {
    Verdict verdict;
    std::span<const uint8_t> next;
  };

  Step StepAt(const wire::Name& name);
  Step AtDelegation(const Node& cut);
  Step FollowCname(const RecordSet& cname);
  Step FollowDname(const Node& node, size_t label, const wire::Name& name);
  Verdict Data(const Node& node);
  Verdict AnyData(const Node& node);
  Verdict Negative(Rcode rcode);
  Verdict DoesNotFit();
  Verdict Fail(Rcode rcode);
  bool IsKnown(std::span<const uint8_t> name) const;

  const Zone& zone_;
  const StaticQuestion& question_;
  RecordWriter records_;
  wire::ResponseWriter& writer_;
  const wire::ResponseWriter::Mark start_;
  Owner owner_;                                               // of the next record
  std::array<std::span<const uint8_t>, kMaxCnames> chain_{};  // the targets so far
  std::array<const Node*, kMaxCnames> dnames_{};              // whose DNAME is in the message
  size_t cnames_ = 0;
};

Verdict Walk::Run() {
  owner_ = {.name = question_.name.wire(), .is_question = question_.is_first};
  Step step = StepAt(question_.name);
  while (!step.next.empty()) {
    wire::Name name;
    if (name.Read(step.next) == 0 || IsKnown(step.next)) return step.verdict;
    chain_[cnames_++] = step.next;
    owner_ = {.name = step.next};
    if (question_.type == type::kCname || question_.type == type::kAny) return step.verdict;
    const bool is_others = question_.others != nullptr && question_.others->GoBefore(name);
    if (is_others || !name.EndsWith(zone_.origin())) {
      step.verdict.leaves = step.next;
      return step.verdict;
    }
    step = StepAt(name);
  }
  return step.verdict;
}

bool Walk::IsKnown(std::span<const uint8_t> name) const {
  const auto same = [&](std::span<const uint8_t> known) { return SameName(known, name); };
  return same(question_.name.wire()) || std::any_of(chain_.begin(), chain_.begin() + cnames_, same);
}

Walk::Step Walk::StepAt(const wire::Name& name) {
  const Found found = Locate(zone_, name, question_.type);
  switch (found.kind) {
    case Found::Kind::kNothing:
      return {.verdict = Negative(Rcode::kNxDomain)};
    case Found::Kind::kDelegation:
      return AtDelegation(*found.node);
    case Found::Kind::kDname:
      return FollowDname(*found.node, found.label, name);
    case Found::Kind::kNode:
      break;
  }
  if (question_.type == type::kAny) return {.verdict = AnyData(*found.node)};
  const RecordSet* cname = found.node->Find(type::kCname);
  if (cname == nullptr || found.node->Find(question_.type) != nullptr) return {.verdict = Data(*found.node)};
  return FollowCname(*cname);
}

Walk::Step Walk::AtDelegation(const Node& cut) {
  const bool is_start = cnames_ == 0;
  if (!question_.refers) {
    if (is_start) return {.verdict = {.authoritative = false, .referral = true}};
    return {.verdict = {.leaves = chain_[cnames_ - 1]}};
  }
  const auto before = writer_.Here();
  const RecordSet& servers = *cut.Find(type::kNs);
  if (!records_.AddSet(Section::kAuthority, {.name = Bytes(cut.owner)}, servers)) {
    writer_.RollBack(before);
    return {.verdict = DoesNotFit()};
  }
  // Without the addresses of servers that lie below the cut, nobody finds them (RFC 9471).
  const bool whole = records_.AddAddressesOf(servers, &cut);
  if (!whole && question_.over_tcp) return {.verdict = DoesNotFit()};
  return {.verdict = {.authoritative = !is_start, .truncated = !whole, .referral = is_start}};
}

Walk::Step Walk::FollowCname(const RecordSet& cname) {
  if (cnames_ == kMaxCnames) return {.verdict = Fail(Rcode::kServFail)};
  if (!records_.AddSet(Section::kAnswer, owner_, cname)) return {.verdict = DoesNotFit()};
  return {.next = Bytes(cname.rdata.front())};
}

// RFC 6672 3.2: the DNAME, and a CNAME made of it for those who do not know DNAME.
Walk::Step Walk::FollowDname(const Node& node, size_t label, const wire::Name& name) {
  if (cnames_ == kMaxCnames) return {.verdict = Fail(Rcode::kServFail)};
  const RecordSet& dname = *node.Find(type::kDname);
  const auto end_of_known = dnames_.begin() + cnames_;
  const bool is_new = std::find(dnames_.begin(), end_of_known, &node) == end_of_known;
  dnames_[cnames_] = &node;
  if (is_new && !records_.AddSet(Section::kAnswer, {.name = Bytes(node.owner)}, dname)) {
    return {.verdict = DoesNotFit()};
  }
  const auto prefix = name.wire().first(name.offset(label));
  const auto suffix = Bytes(dname.rdata.front());
  std::array<uint8_t, wire::kMaxName> target;
  const size_t size = prefix.size() + suffix.size();
  if (size > target.size()) return {.verdict = {.rcode = Rcode::kYxDomain}};
  std::ranges::copy(prefix, target.begin());
  std::ranges::copy(suffix, target.begin() + prefix.size());
  const auto in_message = records_.AddCname(owner_, dname.ttl, std::span(target).first(size));
  if (in_message.empty()) return {.verdict = DoesNotFit()};
  return {.next = in_message};
}

Verdict Walk::Data(const Node& node) {
  const RecordSet* set = node.Find(question_.type);
  if (set == nullptr) return Negative(Rcode::kNoError);
  const bool is_address = set->type == type::kA || set->type == type::kAaaa;
  if (!records_.AddSet(Section::kAnswer, owner_, *set, is_address ? question_.rotation : 0)) {
    if (is_address && !question_.over_tcp) return {.truncated = true};
    return DoesNotFit();
  }
  if (set->type == type::kNs || set->type == type::kMx || set->type == type::kSrv) {
    (void)records_.AddAddressesOf(*set, nullptr);
  }
  return {};
}

Verdict Walk::AnyData(const Node& node) {
  if (node.sets.empty()) return Negative(Rcode::kNoError);
  if (question_.any == AnyPolicy::kHinfo && !question_.over_tcp && node.Find(type::kCname) == nullptr) {
    return records_.AddHinfo(owner_) ? Verdict{} : DoesNotFit();
  }
  const auto add = [&](const RecordSet& set) { return records_.AddSet(Section::kAnswer, owner_, set); };
  return std::ranges::all_of(node.sets, add) ? Verdict{} : DoesNotFit();
}

// RFC 2308 3: the SOA tells how long the answer holds.
Verdict Walk::Negative(Rcode rcode) {
  if (!records_.AddSoa()) return DoesNotFit();
  return {.rcode = rcode};
}

Verdict Walk::DoesNotFit() {
  if (question_.over_tcp) return Fail(Rcode::kServFail);
  writer_.RollBack(start_);
  return {.truncated = true};
}

Verdict Walk::Fail(Rcode rcode) {
  writer_.RollBack(start_);
  return {.rcode = rcode, .authoritative = false};
}

}  // namespace

Verdict AnswerFrom(const Zone& zone, const StaticQuestion& question, wire::ResponseWriter& writer) {
  return Walk(zone, question, writer).Run();
}

}  // namespace signpost::static_zone
