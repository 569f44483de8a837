// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/handler.h"

#include <algorithm>

#include "dnsd/query/triage.h"
#include "dnsd/service_zone/reverse_name.h"
#include "dnsd/wire/query.h"
#include "dnsd/wire/response_writer.h"

namespace signpost::query {
namespace {

using service_zone::Verdict;
using wire::Rcode;

// What the transport and the client allow. EDNS sizes below 512 mean 512 (RFC 6891 6.2.3) and say nothing about TCP.
size_t SizeLimit(const wire::Query& query, Transport transport) {
  if (transport == Transport::kTcp) return wire::kMaxMessage;
  if (!query.edns.present) return wire::kPlainUdpLimit;
  return std::clamp<size_t>(query.edns.udp_size, wire::kPlainUdpLimit, wire::kOwnUdpSize);
}

}  // namespace

Reply Handler::Handle(std::span<const uint8_t> packet, const Context& context, std::span<uint8_t> out) {
  wire::Query query;
  const auto drop = [&](Drop reason) {
    counters_.dropped[static_cast<size_t>(context.transport)][static_cast<size_t>(reason)].Add();
    return Reply{.drop = reason};
  };
  const auto refuse = [&](Rcode rcode) {
    Count(context, rcode, TypeBucket::kNone);
    return Reply{.size = wire::WriteHeaderOnly(out, query, rcode)};
  };
  switch (wire::ParseQuery(packet, query)) {
    case wire::Verdict::kTooShort:
      return drop(Drop::kShort);
    case wire::Verdict::kIsResponse:
      return drop(Drop::kResponse);
    case wire::Verdict::kNotQuery:
      return refuse(Rcode::kNotImp);
    case wire::Verdict::kMalformed:
    case wire::Verdict::kMalformedOpt:
      return refuse(Rcode::kFormErr);
    case wire::Verdict::kSigned: {
      wire::ResponseWriter writer(out, SizeLimit(query, context.transport), query);
      Count(context, Rcode::kNotAuth, TypeBucket::kNone);
      return {.size = writer.FinishBadKey(query.tsig)};
    }
    case wire::Verdict::kQuery:
      break;
  }
  Reply reply;
  reply.size = AnswerQuery(query, context, out, reply.wanted);
  return reply;
}

size_t Handler::AnswerQuery(const wire::Query& query, const Context& context, std::span<uint8_t> out,
                            std::optional<catalog::Key>& wanted) {
  wire::ResponseWriter writer(out, SizeLimit(query, context.transport), query);
  const auto empty = writer.Here();
  Verdict verdict = Route(query, context, writer);
  if (verdict.wanted) {
    if (!context.last_try) {
      wanted = std::move(verdict.wanted);
      return 0;
    }
    writer.RollBack(empty);
    verdict = {.rcode = Rcode::kServFail, .authoritative = false};
  }
  Count(context, verdict.rcode, BucketOf(query.type));
  if (verdict.truncated) counters_.truncated.Add();
  return writer.Finish({.rcode = verdict.rcode,
                        .authoritative = verdict.authoritative,
                        .truncated = verdict.truncated,
                        .keepalive_tenths = context.keepalive_tenths});
}

Verdict Handler::Route(const wire::Query& query, const Context& context, wire::ResponseWriter& writer) {
  if (const auto rcode = Triage(query)) return {.rcode = *rcode, .authoritative = false};
  const service_zone::Question question{query, writer, context.transport == Transport::kTcp, context.now_ms,
                                        context.last_try};
  if (const wire::Name* domain = data_.settings().DomainOf(query.name)) {
    return answerer_.AnswerZone(question, query.name.label_count() - domain->label_count());
  }
  if (service_zone::ParseReverseName(query.name).kind != service_zone::ReverseName::Kind::kForeign) {
    return answerer_.AnswerReverse(question);
  }
  return {.rcode = Rcode::kRefused, .authoritative = false};  // nothing is forwarded
}

void Handler::Count(const Context& context, Rcode rcode, TypeBucket type) {
  counters_.answered[static_cast<size_t>(context.transport)].Add();
  counters_.rcodes[static_cast<size_t>(rcode)].Add();
  counters_.types[static_cast<size_t>(type)].Add();
}

}  // namespace signpost::query
