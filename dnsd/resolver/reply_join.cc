// Signpost. Apache-2.0; see LICENSE.
#include <algorithm>

#include "dnsd/resolver/reply.h"
#include "dnsd/resolver/reply_body.h"
#include "dnsd/resolver/reply_chain.h"
#include "dnsd/resolver/reply_private.h"

namespace signpost::resolver {
namespace {

uint64_t ElapsedUntil(const Answer& answer, uint64_t now_ms) { return now_ms - answer.received_ms; }

// The links in chain order, then what else the answer section has: the data, last the signatures.
std::vector<uint32_t> KeepAll(ReplyRecords& records, const Chain& chain) {
  for (ReplyRecord& r : records.all()) r.kept = true;
  std::vector<uint32_t> order = chain.links;
  for (const bool signatures : {false, true}) {
    for (uint32_t i = 0; i < records.all().size(); ++i) {
      ReplyRecord& r = records.all()[i];
      if (r.section != wire::Section::kAnswer || (r.type == record_type::kRrsig) != signatures) continue;
      if (std::ranges::find(chain.links, i) != chain.links.end()) continue;
      // The chain made those CNAMEs anew that DNAMEs stand for.
      if (r.type == wire::type::kCname) {
        r.kept = false;
      } else {
        order.push_back(i);
      }
    }
  }
  return order;
}

// F16: what the chain's end may be answered with may be too much for its begin. Takes it out of `order`, and everything
// else when no data remain. False when there was nothing to take.
bool TakePrivate(ReplyRecords& records, const Chain& chain, std::vector<uint32_t>& order) {
  bool taken = false;
  for (ReplyRecord& r : records.all()) {
    if (!LeadsToPrivate(records, r)) continue;
    r.kept = false;
    taken = true;
  }
  if (!taken) return false;
  std::erase_if(order, [&](uint32_t i) { return !records.all()[i].kept; });
  const bool has_data = std::any_of(order.begin() + static_cast<ptrdiff_t>(chain.links.size()), order.end(),
                                    [&](uint32_t i) { return records.all()[i].type != record_type::kRrsig; });
  if (has_data) return true;
  order.clear();
  for (ReplyRecord& r : records.all()) r.kept = false;
  return true;
}

}  // namespace

std::shared_ptr<Answer> Join(const Answer& links, const Answer& end, const ReplyRules& rules) {
  const uint64_t now_ms = std::max(links.received_ms, end.received_ms);
  ReplyRecords records;
  if (!end.failure) {
    records.AddBody(links, ElapsedUntil(links, now_ms));
    records.AddBody(end, ElapsedUntil(end, now_ms));
  }
  records.Index();
  const Chain chain = Follow(records, links.question, {});
  if (chain.end == Chain::End::kLoop || chain.end == Chain::End::kTooLong) return nullptr;
  std::vector<uint32_t> order = KeepAll(records, chain);
  const bool blocked = !MayBePrivate(links.question, rules) && TakePrivate(records, chain, order);
  std::shared_ptr<Answer> answer = BuildAnswer(links.question, records, order, now_ms);
  if (answer == nullptr) return nullptr;
  answer->rcode = end.rcode;
  answer->ede = end.ede ? end.ede : links.ede;
  answer->ede_text = end.ede ? end.ede_text : links.ede_text;
  answer->failure = end.failure;
  answer->cacheable = end.cacheable && (end.failure || (links.cacheable && answer->cacheable));
  answer->route = links.route;
  answer->upstream = end.upstream;
  answer->expires_ms = end.failure ? end.expires_ms : std::min(links.expires_ms, end.expires_ms);
  if (blocked && order.empty()) {
    KeepBlocked(*answer);
  } else if (blocked) {
    answer->ede = wire::Ede::kBlocked;
    answer->ede_text.clear();
  }
  return answer;
}

}  // namespace signpost::resolver
