// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_lookup.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "lb/discovery/srv_set.h"

namespace signpost::lb {
namespace {

using Kind = LookupReply::Kind;

struct Walk {
  DnsClient& client;
  std::string name;
  dns::Type type;
  std::function<void(LookupReply)> on_done;
  int cnames = 0;
  uint32_t ttl = kNoTtl;
};

void Step(const std::shared_ptr<Walk>& walk);

void OnReply(const std::shared_ptr<Walk>& walk, DnsReply reply) {
  LookupReply out{.reason = reply.reason, .udp = reply.udp};
  if (reply.kind == DnsReply::Kind::kFailed) {
    walk->on_done(std::move(out));
    return;
  }
  ChainEnd end = FollowChain(reply.answer.answers, walk->name, walk->type);
  walk->cnames += end.cnames;
  walk->ttl = std::min(walk->ttl, end.ttl);
  if (walk->cnames > kMaxCnames) {
    out.reason = "more than 8 CNAMEs";
  } else if (!end.records.empty()) {
    out.kind = reply.kind == DnsReply::Kind::kPartial ? Kind::kPartial : Kind::kRecords;
    out.ttl = walk->ttl;
    out.records = std::move(end.records);
    out.additional = std::move(reply.answer.additional);
  } else if (reply.kind == DnsReply::Kind::kPartial) {
    out.kind = Kind::kPartial;
  } else if (end.cnames > 0 && reply.answer.rcode == dns::kNoError) {
    walk->name = end.name;
    Step(walk);
    return;
  } else {
    out.kind = Kind::kNone;
    out.ttl = std::min(reply.answer.negative_ttl, walk->ttl);
    out.reason = reply.answer.rcode == dns::kNxDomain ? "NXDOMAIN" : "no records";
  }
  walk->on_done(std::move(out));
}

void Step(const std::shared_ptr<Walk>& walk) {
  walk->client.Ask({walk->name, walk->type}, [walk](DnsReply reply) { OnReply(walk, std::move(reply)); });
}

}  // namespace

void Lookup(DnsClient& client, const std::string& name, dns::Type type, std::function<void(LookupReply)> on_done) {
  Step(std::make_shared<Walk>(Walk{client, name, type, std::move(on_done)}));
}

}  // namespace signpost::lb
