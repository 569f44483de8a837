// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/reply_select.h"

#include <algorithm>
#include <utility>

#include "common/base/bytes.h"
#include "dnsd/resolver/reply_body.h"
#include "dnsd/resolver/reply_chain.h"
#include "dnsd/resolver/reply_private.h"
#include "dnsd/wire/name.h"

namespace signpost::resolver {
namespace {

using wire::Section;

// A negative answer without SOA says not how long it holds (RFC 2308 2.1). It is kept all the same for a moment: when
// no upstream answers any more it may still stand in, as the name's other types do.
constexpr uint64_t kBareNegativeMs = 1000;
constexpr uint32_t kMaxTtl = 0x7fffffff;  // RFC 2181 8

bool IsAddress(uint16_t type) { return type == wire::type::kA || type == wire::type::kAaaa; }

class Selection {
 public:
  Selection(ReplyRecords& records, wire::Rcode rcode, const Question& question, const ReplyRules& rules)
      : records_(records),
        rcode_(rcode),
        question_(question),
        rules_(rules),
        may_be_private_(MayBePrivate(question, rules)) {}

  ReplyVerdict Decide() {
    chain_ = Follow(records_, question_, rules_);
    if (chain_.end == Chain::End::kLoop) return ReplyVerdict::kLoop;
    if (chain_.end == Chain::End::kTooLong) return ReplyVerdict::kBad;
    for (const uint32_t link : chain_.links) KeepInAnswer(link);
    switch (chain_.end) {
      case Chain::End::kData:
        return DecidePositive();
      case Chain::End::kOwnZone:
        rcode_ = wire::Rcode::kNoError;  // what it says is about a name that is not theirs
        return ReplyVerdict::kAnswer;
      case Chain::End::kRoute:
        rcode_ = wire::Rcode::kNoError;
        return ReplyVerdict::kChase;
      default:
        return DecideNegative();
    }
  }

  std::shared_ptr<Answer> Build(uint64_t now_ms) {
    if (blocked_all_) order_.clear();
    if (question_.variant.dnssec_ok && !blocked_all_) KeepProofs();
    std::shared_ptr<Answer> answer = BuildAnswer(question_, records_, order_, now_ms);
    if (answer == nullptr) return nullptr;
    answer->rcode = rcode_;
    if (bare_negative_) {
      answer->cacheable = true;
      answer->expires_ms = now_ms + kBareNegativeMs;
    }
    if (blocked_) answer->ede = wire::Ede::kBlocked;
    if (blocked_all_) KeepBlocked(*answer);
    return answer;
  }

  const Chain& chain() const { return chain_; }

 private:
  ReplyVerdict DecidePositive() {
    if (rcode_ == wire::Rcode::kNxDomain) return ReplyVerdict::kBad;
    const std::optional<uint32_t> owner = records_.OwnerOf(chain_.last.wire());
    const size_t links = order_.size();
    for (uint32_t i = 0; i < records_.all().size() && owner; ++i) {
      const ReplyRecord& r = records_.all()[i];
      if (r.kept || r.owner != *owner || r.section != Section::kAnswer || !Answers(r.type, question_)) continue;
      if (!IsBlocked(r)) KeepInAnswer(i);
    }
    blocked_all_ = blocked_ && order_.size() == links;
    if (!blocked_all_) KeepAdditional();
    return ReplyVerdict::kAnswer;
  }

  // RFC 2308: NXDOMAIN, no data, or no answer at all.
  ReplyVerdict DecideNegative() {
    const bool linked = !chain_.links.empty();
    if (!linked && Has(Section::kAnswer)) return ReplyVerdict::kBad;  // F13
    const bool has_soa = KeepSoa();
    if (rcode_ == wire::Rcode::kNoError && !has_soa) {
      if (linked) return ReplyVerdict::kChase;
      if (IsReferral()) return ReplyVerdict::kBad;
    }
    bare_negative_ = !has_soa;
    return ReplyVerdict::kAnswer;
  }

  void KeepInAnswer(uint32_t index) {
    Keep(index);
    order_.push_back(index);
  }

  void KeepInAuthority(uint32_t index) {
    Keep(index);
    if (negative_ttl_) records_.all()[index].ttl = *negative_ttl_;
  }

  // F17.
  void Keep(uint32_t index) {
    ReplyRecord& r = records_.all()[index];
    r.kept = true;
    if (r.ttl > kMaxTtl) r.ttl = 0;
    r.ttl = std::min(std::max(r.ttl, rules_.min_ttl), rules_.max_ttl);
  }

  bool Has(Section section) const {
    return std::ranges::any_of(records_.all(), [&](const ReplyRecord& r) { return r.section == section; });
  }

  // A delegation from a server that does not recurse.
  bool IsReferral() const {
    const auto has = [this](uint16_t type) {
      return std::ranges::any_of(
          records_.all(), [&](const ReplyRecord& r) { return r.section == Section::kAuthority && r.type == type; });
    };
    return has(wire::type::kNs) && !has(wire::type::kSoa);
  }

  // F14. The lesser of TTL and MINIMUM says how long there is nothing (RFC 2308 5); so the proofs say no more.
  bool KeepSoa() {
    std::vector<ReplyRecord>& all = records_.all();
    const auto soa = std::ranges::find_if(all, [this](const ReplyRecord& r) {
      return r.section == Section::kAuthority && r.type == wire::type::kSoa &&
             NameIsIn(chain_.last.wire(), records_.name(r));
    });
    if (soa == all.end()) return false;
    const auto rdata = records_.rdata(*soa);
    const uint32_t minimum = LoadU32(&rdata[rdata.size() - 4]);
    const uint32_t ttl = std::min({soa->ttl > kMaxTtl ? 0 : soa->ttl, minimum, rules_.max_negative_ttl});
    soa->kept = true;
    soa->ttl = ttl;
    negative_ttl_ = ttl;
    if (!question_.variant.dnssec_ok) return true;
    for (ReplyRecord& r : all) {
      if (r.section != Section::kAuthority || (r.type != record_type::kNsec && r.type != record_type::kNsec3)) continue;
      r.kept = NameIsIn(records_.name(r), records_.name(*soa));
      r.ttl = ttl;
    }
    return true;
  }

  // What those who validate need beside the data. NSEC and NSEC3 in an answer that has data say that no nearer name
  // than the wildcard is there (RFC 4035 3.1.3.3); they count if who signed the answer could sign them.
  void KeepProofs() {
    KeepSignatures();
    std::vector<FlatName> signers;
    for (const uint32_t i : order_) {
      const ReplyRecord& r = records_.all()[i];
      if (r.type != record_type::kRrsig) continue;
      const FlatName signer = Flat(records_.target(r));
      const auto same = [&](const FlatName& known) { return SameName(known.wire(), signer.wire()); };
      if (NameIsIn(records_.name(r), signer.wire()) && std::ranges::none_of(signers, same)) signers.push_back(signer);
    }
    for (uint32_t i = 0; i < records_.all().size(); ++i) {
      const ReplyRecord& r = records_.all()[i];
      const bool is_proof = r.type == record_type::kNsec || r.type == record_type::kNsec3;
      if (r.kept || r.section != Section::kAuthority || !is_proof) continue;
      const auto signs = [&](const FlatName& signer) { return NameIsIn(records_.name(r), signer.wire()); };
      if (std::ranges::any_of(signers, signs)) KeepInAuthority(i);
    }
    KeepSignatures();
  }

  // RRSIGs of what is kept, in the same section, by owner and type covered.
  void KeepSignatures() {
    for (uint32_t i = 0; i < records_.all().size(); ++i) {
      const ReplyRecord& signature = records_.all()[i];
      if (signature.type != record_type::kRrsig || signature.kept) continue;
      const bool covers = std::ranges::any_of(records_.all(), [&](const ReplyRecord& r) {
        return r.kept && r.owner == signature.owner && r.type == signature.covered && r.section == signature.section;
      });
      if (!covers) continue;
      switch (signature.section) {
        case Section::kAnswer:
          KeepInAnswer(i);
          break;
        case Section::kAuthority:
          KeepInAuthority(i);
          break;
        case Section::kAdditional:
          Keep(i);
      }
    }
  }

  // F15: addresses of hosts that the answer names.
  void KeepAdditional() {
    std::vector<uint32_t> hosts;
    for (const uint32_t i : order_) {
      const ReplyRecord& r = records_.all()[i];
      const bool is_service = r.type == record_type::kSvcb || r.type == record_type::kHttps;
      if (!is_service && r.type != wire::type::kSrv && r.type != wire::type::kMx) continue;
      const auto target = records_.target(r);
      // RFC 9460 2.5: "." is the owner itself.
      const auto owner = is_service && target.size() == 1 ? r.owner : records_.OwnerOf(target);
      if (owner) hosts.push_back(*owner);
    }
    std::ranges::sort(hosts);
    for (uint32_t i = 0; i < records_.all().size(); ++i) {
      const ReplyRecord& r = records_.all()[i];
      if (r.section != Section::kAdditional || !IsAddress(r.type)) continue;
      if (!std::ranges::binary_search(hosts, r.owner)) continue;
      if (HolderOf(records_.name(r), question_.name, rules_) == Holder::kOurs) continue;
      if (!IsBlocked(r)) Keep(i);
    }
  }

  // F16.
  bool IsBlocked(const ReplyRecord& r) {
    if (may_be_private_ || !LeadsToPrivate(records_, r)) return false;
    return blocked_ = true;
  }

  ReplyRecords& records_;
  wire::Rcode rcode_;
  const Question& question_;
  const ReplyRules& rules_;
  const bool may_be_private_;
  Chain chain_;
  std::vector<uint32_t> order_;           // of the answer section
  std::optional<uint32_t> negative_ttl_;  // of what an SOA stands with
  bool bare_negative_ = false;
  bool blocked_ = false;
  bool blocked_all_ = false;
};

}  // namespace

void Select(ReplyRecords& records, wire::Rcode rcode, const Question& question, const ReplyRules& rules,
            uint64_t now_ms, Reply& reply) {
  Selection selection(records, rcode, question, rules);
  reply.verdict = selection.Decide();
  if (reply.verdict != ReplyVerdict::kAnswer && reply.verdict != ReplyVerdict::kChase) return;
  reply.answer = selection.Build(now_ms);
  if (reply.answer == nullptr) {
    reply.verdict = ReplyVerdict::kBad;
    return;
  }
  if (!reply.answer->ede && reply.ede) {
    reply.answer->ede = reply.ede;
    reply.answer->ede_text = reply.ede_text;
  }
  if (reply.verdict == ReplyVerdict::kChase) {
    for (const uint8_t byte : selection.chain().last.wire()) {
      reply.chase.push_back(static_cast<char>(wire::ToLower(byte)));
    }
  }
}

}  // namespace signpost::resolver
