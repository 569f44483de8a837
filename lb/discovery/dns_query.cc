// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_query.h"

#include <algorithm>
#include <utility>

namespace signpost::lb {
namespace {

using Kind = DnsReply::Kind;

// Datagrams of one try that are no answer to it; then the question goes on over TCP, where nobody can shoot in between.
constexpr uint32_t kMaxIgnored = 16;
constexpr size_t kLeastTries = 3, kMostTries = 5;

std::string RcodeName(int rcode) {
  switch (rcode) {
    case dns::kFormErr:
      return "formerr";
    case dns::kServFail:
      return "servfail";
    case dns::kNotImp:
      return "notimp";
    case dns::kRefused:
      return "refused";
    default:
      return "rcode " + std::to_string(rcode);
  }
}

}  // namespace

DnsClient::Query::Query(DnsClient& client, dns::Question question, OnDone on_done)
    : client_(client),
      question_(std::move(question)),
      on_done_(std::move(on_done)),
      order_(client.servers_.Order(client.loop_.Now())),
      most_tries_(std::clamp(order_.size(), kLeastTries, kMostTries)),
      timer_(client.loop_, [this] { OnTimer(); }) {}

DnsClient::Query::~Query() {
  for (const Try& attempt : tries_) {
    if (attempt.tcp_token != 0) client_.tcp_[attempt.server]->Cancel(attempt.tcp_token);
  }
}

void DnsClient::Query::Start() {
  starting_ = true;
  StartTry();
  starting_ = false;
}

void DnsClient::Query::StartTry() {
  const Millis now = client_.loop_.Now();
  if (order_.empty()) {
    reason_ = "no servers";
    FinishFailed();
    return;
  }
  const size_t server = NextServer();
  next_try_ = now + client_.options_.timeout * 2 / 5;
  Try& attempt = tries_.emplace_back(Try{.server = server, .started = now});
  if (client_.servers_.CutsAnswers(server, question_.name)) {
    AskTcp(attempt);
  } else {
    AskUdp(attempt, client_.options_.edns_size > 0 && client_.servers_.TakesEdns(server, now));
  }
}

// In turn, those left out that have said no.
size_t DnsClient::Query::NextServer() const {
  size_t at = tries_.size();
  while (refused_.size() < order_.size() && refused_.contains(order_[at % order_.size()])) ++at;
  return order_[at % order_.size()];
}

void DnsClient::Query::AskUdp(Try& attempt, bool edns) {
  attempt.id = RandomId();
  attempt.edns = edns;
  attempt.deadline = Deadline();
  const auto message = dns::BuildQuery(attempt.id, question_, edns ? client_.options_.edns_size : uint16_t{0});
  if (!message.ok()) {
    Fail(attempt, "bad name", true);
    return;
  }
  auto socket = net::UdpClient::Connect(
      client_.loop_, client_.servers_.address(attempt.server),
      {.on_datagram = [this, &attempt](std::span<const uint8_t> bytes) { OnDatagram(attempt, bytes); },
       .on_error = [this, &attempt](const Status&) { Unreachable(attempt); }});
  if (!socket.ok() || !socket.value()->Send(message.value()).ok()) {
    Unreachable(attempt);
    return;
  }
  attempt.udp = std::move(socket).value();
  SetTimer();
}

void DnsClient::Query::Unreachable(Try& attempt) {
  if (attempt.live) client_.servers_.Silent(attempt.server, client_.loop_.Now());
  Fail(attempt, "unreachable", false);
}

// Later tries wait less, so that a name whose server is back is asked for again within two seconds (case D31).
Millis DnsClient::Query::Deadline() const {
  const Millis timeout = client_.options_.timeout;
  return client_.loop_.Now() + (tries_.size() > 1 ? timeout * 3 / 5 : timeout);
}

void DnsClient::Query::AskTcp(Try& attempt) {
  attempt.udp.reset();
  attempt.deadline = Deadline();
  attempt.tcp_token = client_.tcp_[attempt.server]->Ask(
      question_, [this, &attempt](Result<dns::Answer> result) { OnTcpDone(attempt, std::move(result)); });
  SetTimer();
}

void DnsClient::Query::OnDatagram(Try& attempt, std::span<const uint8_t> bytes) {
  if (!attempt.live) return;
  Result<dns::Answer> answer = dns::ReadAnswer(bytes, attempt.id, question_);
  if (answer.ok()) {
    OnUdpAnswer(attempt, std::move(answer).value());
  } else {
    Ignore(attempt, answer.status().text());
  }
}

void DnsClient::Query::Ignore(Try& attempt, const std::string& why) {
  attempt.ignored_as = why;
  client_.Count(why);
  if (++attempt.ignored == kMaxIgnored && !attempt.tcp_failed) AskTcp(attempt);
}

void DnsClient::Query::OnUdpAnswer(Try& attempt, dns::Answer answer) {
  DnsServers& servers = client_.servers_;
  if (attempt.edns && (answer.rcode == dns::kFormErr || answer.rcode == dns::kNotImp)) {
    servers.RefusedEdns(attempt.server, client_.loop_.Now());
    AskUdp(attempt, false);
    return;
  }
  if (answer.authoritative) servers.Authoritative(attempt.server, question_.name);
  const bool cut =
      answer.truncated || (answer.rcode == dns::kNoError && servers.CutsAnswers(attempt.server, question_.name));
  if (!cut) {
    OnAnswer(attempt, std::move(answer), true);
    return;
  }
  if (answer.rcode == dns::kNoError) {
    has_partial_ = true;
    partial_ = std::move(answer);
  }
  if (attempt.tcp_failed) {
    Fail(attempt, "tcp", true);
  } else {
    AskTcp(attempt);
  }
}

void DnsClient::Query::OnTcpDone(Try& attempt, Result<dns::Answer> result) {
  attempt.tcp_token = 0;
  if (!attempt.live) return;
  if (result.ok()) {
    client_.tcp_log_.Report(Status::Ok());
    OnAnswer(attempt, std::move(result).value(), false);
    return;
  }
  attempt.tcp_failed = true;
  client_.Count("tcp");
  client_.tcp_log_.Report(result.status());
  partial_reason_ = "truncated, and tcp failed: " + result.status().text();
  if (has_partial_) {
    Fail(attempt, "tcp", true);
  } else {
    AskUdp(attempt, client_.servers_.TakesEdns(attempt.server, client_.loop_.Now()));
  }
}

void DnsClient::Query::OnAnswer(Try& attempt, dns::Answer answer, bool udp) {
  if (answer.rcode != dns::kNoError && answer.rcode != dns::kNxDomain) {
    client_.servers_.Answered(attempt.server);
    Fail(attempt, RcodeName(answer.rcode), true);
    return;
  }
  if (answer.truncated) {  // over TCP: more than 64 KiB
    has_partial_ = true;
    partial_ = std::move(answer);
    partial_reason_ = "answer too large, use the catalog as source";
    Fail(attempt, "truncated", true);
    return;
  }
  FinishWith(attempt, {.kind = Kind::kAnswer, .answer = std::move(answer), .reason = "", .udp = udp});
}

void DnsClient::Query::Fail(Try& attempt, const std::string& reason, bool for_good) {
  if (!std::exchange(attempt.live, false)) return;
  reason_ = reason;
  if (for_good) refused_.insert(attempt.server);
  const bool untried = tries_.size() < order_.size();
  if (untried && MoreTries()) {
    StartTry();
  } else if (refused_.size() == order_.size() || (!MoreTries() && !AnyLive())) {
    FinishFailed();
  } else {
    SetTimer();
  }
}

bool DnsClient::Query::AnyLive() const {
  return std::any_of(tries_.begin(), tries_.end(), [](const Try& attempt) { return attempt.live; });
}

void DnsClient::Query::SetTimer() {
  Millis at = MoreTries() ? next_try_ : Millis::max();
  for (const Try& attempt : tries_) {
    if (attempt.live) at = std::min(at, attempt.deadline);
  }
  timer_.Start(std::max(at - client_.loop_.Now(), Millis(1)));
}

void DnsClient::Query::OnTimer() {
  if (failed_) {
    FinishFailed();
    return;
  }
  const Millis now = client_.loop_.Now();
  const auto late = std::find_if(tries_.begin(), tries_.end(),
                                 [&](const Try& attempt) { return attempt.live && now >= attempt.deadline; });
  if (late != tries_.end()) {
    client_.servers_.Silent(late->server, now);
    late->udp.reset();
    if (const uint64_t token = std::exchange(late->tcp_token, 0); token != 0) {
      client_.tcp_[late->server]->GiveUp(token);
      partial_reason_ = "truncated, and tcp failed: timeout";
    }
    Fail(*late, late->ignored > 0 ? late->ignored_as : "timeout", false);
  } else if (now >= next_try_ && MoreTries()) {
    StartTry();
  } else {
    SetTimer();
  }
}

void DnsClient::Query::FinishFailed() {
  if (starting_) {
    failed_ = true;
    timer_.Start(Millis(0));
    return;
  }
  DnsReply reply{.kind = Kind::kFailed, .answer = {}, .reason = reason_, .udp = false};
  if (has_partial_) {
    reply = {.kind = Kind::kPartial, .answer = std::move(partial_), .reason = partial_reason_, .udp = false};
  }
  client_.Finish(*this, std::move(reply));
}

void DnsClient::Query::FinishWith(const Try& attempt, DnsReply reply) {
  const Millis now = client_.loop_.Now();
  client_.servers_.Answered(attempt.server);
  for (const Try& other : tries_) {
    const bool overtaken = other.live && other.server != attempt.server && other.started < attempt.started;
    if (overtaken) client_.servers_.Silent(other.server, now);
  }
  client_.Finish(*this, std::move(reply));
}

}  // namespace signpost::lb
