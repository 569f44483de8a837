// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_client.h"

#include <utility>

#include "lb/discovery/dns_query.h"

namespace signpost::lb {
namespace {

std::string Names(const std::vector<net::SocketAddress>& servers) {
  std::string out;
  for (const net::SocketAddress& server : servers) out += " " + server.ToString();
  return out;
}

}  // namespace

DnsClient::DnsClient(net::Loop& loop, DnsClientOptions options)
    : loop_(loop),
      options_(std::move(options)),
      servers_(options_.servers, options_.tcp_domain),
      soon_(loop, [this] { StartWaiting(); }),
      last_good_(loop.Now()),
      log_("dns" + Names(options_.servers)),
      tcp_log_("dns over tcp" + Names(options_.servers)) {
  for (const net::SocketAddress& server : options_.servers) {
    tcp_.push_back(std::make_unique<DnsTcp>(loop, server, options_.timeout));
  }
}

DnsClient::~DnsClient() = default;

void DnsClient::Ask(dns::Question question, OnDone on_done) {
  waiting_.push_back({std::move(question), std::move(on_done)});
  if (!soon_.running()) StartWaiting();
}

void DnsClient::StartWaiting() {
  while (!waiting_.empty() && queries_.size() < kMaxInFlight) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    auto query = std::make_unique<Query>(*this, std::move(next.question), std::move(next.on_done));
    Query* const started = query.get();
    queries_[started] = std::move(query);
    started->Start();
  }
}

void DnsClient::Finish(Query& query, DnsReply reply) {
  const auto at = queries_.find(&query);
  const std::unique_ptr<Query> done = std::move(at->second);  // dies behind its callback
  queries_.erase(at);
  if (!waiting_.empty()) soon_.Start(Millis(0));
  if (reply.kind == DnsReply::Kind::kAnswer) {
    ++good_;
    last_good_ = loop_.Now();
    log_.Report(Status::Ok());
  } else {
    Count(reply.kind == DnsReply::Kind::kPartial ? "truncated" : reply.reason);
    const bool lost = reply.reason == "timeout" || reply.reason == "unreachable";
    const bool all = loop_.Now() - last_good_ > options_.timeout * 2;  // not just this name's
    if (lost && all) log_.Report(Status::Unavailable(query.question().name + ": " + reply.reason));
  }
  query.TakeCallback()(std::move(reply));
}

}  // namespace signpost::lb
