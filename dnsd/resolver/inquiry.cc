// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/inquiry.h"

#include <algorithm>
#include <utility>

#include "common/base/secure_random.h"
#include "dnsd/resolver/letter_case.h"
#include "dnsd/resolver/upstream_choice.h"

namespace signpost::resolver {
namespace {

constexpr Millis kFullRetry{100};

// What an upstream that was of no use said.
std::string_view Said(ReplyVerdict verdict) {
  switch (verdict) {
    case ReplyVerdict::kServFail:
      return "SERVFAIL";
    case ReplyVerdict::kRefused:
      return "REFUSED";
    case ReplyVerdict::kNoEdns:
      return "FORMERR";
    default:
      return "what cannot be believed";
  }
}

}  // namespace

struct Inquiry::Try {
  Try(Inquiry& inquiry, const TrySend& what, std::shared_ptr<Peer> whom)
      : send(what), peer(std::move(whom)), sent(inquiry.parts_.deadlines.now()), limit(inquiry) {
    ++peer->in_flight;
  }
  ~Try() {
    --peer->in_flight;
    if (send.tcp) peer->tcp->Forget(id, timed_out);
  }
  Try(const Try&) = delete;
  Try& operator=(const Try&) = delete;

  SentQuestion Sent(const Question& question) const {
    return {.question = question,
            .id = id,
            .with_edns = send.edns,
            .over_tcp = send.tcp,
            .spelling = spelling,
            .cookie = cookie};
  }

  const TrySend send;
  const std::shared_ptr<Peer> peer;
  const Nanos sent;
  uint16_t id = 0;
  std::string spelling;  // with 0x20
  Cookie cookie;
  uint32_t mismatched = 0;
  bool other_case = false;  // that was seen
  bool doubted = false;
  bool timed_out = false;
  bool lost = false;  // before it left: says nothing about the upstream
  net::Deadline limit;
  std::unique_ptr<net::UdpClient> udp;
};

Inquiry::Inquiry(const InquiryParts& parts, const Question& question, std::vector<std::shared_ptr<Peer>> peers,
                 OnDone on_done)
    : parts_(parts), question_(question), peers_(std::move(peers)), on_done_(std::move(on_done)) {}

Inquiry::~Inquiry() = default;

void Inquiry::Start() {
  const uint64_t now_ms = parts_.deadlines.now_ms();
  std::vector<const Upstream*> states;
  for (const std::shared_ptr<Peer>& peer : peers_) states.push_back(&peer->state);
  std::vector<TryPlan::Target> plan;
  for (const size_t i : AskingOrder(states, parts_.random.Next())) {
    const std::shared_ptr<Peer>& peer = peers_[i];
    if (peer->full() || plan.size() == TryPlan::kMaxTargets) continue;
    targets_.push_back(peer);
    plan.push_back({.up = peer->state.up(),
                    .edns = peer->state.edns(now_ms),
                    .keeps_edns = parts_.defences.cookies && peer->cookie.shows(now_ms)});
  }
  last_end_.assign(plan.size(), TryEnd::kTimeout);
  no_cookie_.assign(plan.size(), false);
  if (plan.empty()) {
    parts_.deadlines.Arm(later_, kFullRetry);
    return;
  }
  plan_.emplace(plan);
  starting_ = true;
  Send(plan_->First());
  starting_ = false;
}

void Inquiry::Send(TrySend send) {
  for (;;) {
    const Status opened = Open(send);
    if (opened.ok()) return;
    Note(Weight::kNetwork, wire::Ede::kNetworkError, opened.text());
    parts_.upstreams.OnUnreachable(*targets_[send.target], opened);
    last_end_[send.target] = TryEnd::kUnreachable;
    const std::optional<TrySend> next = Next(send, TryEnd::kUnreachable);
    if (!next) break;
    send = *next;
  }
  if (AtItsEnd()) GiveUp();
}

Status Inquiry::Open(const TrySend& send) {
  const uint32_t again = plan_->sends_to(send.target) - 1;
  Try& attempt = tries_.emplace_back(*this, send, targets_[send.target]);
  Status status;
  if (send.tcp) {
    OpenTcp(attempt);
  } else {
    status = OpenUdp(attempt);
  }
  attempt.lost = status.kind() == ErrorKind::kLimit;
  if (!status.ok() && !attempt.lost) {
    tries_.pop_back();
    return status;
  }
  parts_.deadlines.Arm(attempt.limit, send.tcp ? kTcpLimit : attempt.peer->state.Timeout(again));
  if (attempt.lost) {
    Note(Weight::kNetwork, wire::Ede::kOther, status.text());
    return Status::Ok();
  }
  (send.tcp ? parts_.counters.sent_tcp : parts_.counters.sent_udp).Add();
  parts_.upstreams.OnSent(*attempt.peer);
  return status;
}

Status Inquiry::OpenUdp(Try& attempt) {
  attempt.id = SecureU16();
  PutSecrets(attempt);
  auto socket = net::UdpClient::Connect(
      parts_.loop, attempt.peer->state.address(),
      {.on_datagram = [this, &attempt](std::span<const uint8_t> bytes) { OnMessage(attempt, bytes); },
       .on_error = [this, &attempt](const Status& status) { OnError(attempt, status); }});
  if (!socket.ok()) return socket.status();
  attempt.udp = std::move(socket).value();
  return attempt.udp->Send(BuildQuery(attempt.Sent(question_), parts_.hop));
}

void Inquiry::OpenTcp(Try& attempt) {
  UpstreamTcp& tcp = *attempt.peer->tcp;
  attempt.id = tcp.DrawId();
  PutSecrets(attempt);
  tcp.Ask(attempt.id, BuildQuery(attempt.Sent(question_), parts_.hop),
          {.on_message = [this, &attempt](std::span<const uint8_t> bytes) { return OnMessage(attempt, bytes); },
           .on_failed = [this, &attempt](const Status& status) { OnError(attempt, status); }});
}

void Inquiry::PutSecrets(Try& attempt) {
  Peer& peer = *attempt.peer;
  const bool mixed = parts_.defences.mixed_case && !attempt.send.tcp;
  if (mixed && peer.state.keeps_case(parts_.deadlines.now_ms())) attempt.spelling = MixCase(question_.name, SecureU64);
  if (parts_.defences.cookies && attempt.send.edns) attempt.cookie = parts_.upstreams.NextCookie(peer);
}

bool Inquiry::OnMessage(Try& attempt, std::span<const uint8_t> bytes) {
  const uint64_t now_ms = parts_.deadlines.now_ms();
  SentQuestion sent = attempt.Sent(question_);
  sent.keeps_case = attempt.peer->state.keeps_case(now_ms);
  sent.cookie_expected = attempt.peer->cookie.shows(now_ms);
  Reply reply = ReadReply(bytes, sent, parts_.rules, now_ms);
  if (reply.verdict == ReplyVerdict::kIgnore) return OnIgnored(attempt);
  if (reply.verdict == ReplyVerdict::kOtherCase) return OnOtherCase(attempt, bytes);
  if (reply.verdict == ReplyVerdict::kNoQuestion) return Doubt(attempt);
  if (reply.verdict == ReplyVerdict::kNoCookie) return OnNoCookie(attempt);
  LearnAboutCookies(attempt, reply);
  if (reply.kept_case) parts_.upstreams.OnCaseKept(*attempt.peer);
  OnReply(attempt, std::move(reply));
  return true;
}

// Another datagram may be the answer (F02 to F04).
bool Inquiry::OnIgnored(Try& attempt) {
  parts_.counters.mismatched.Add();
  if (attempt.send.tcp || ++attempt.mismatched <= kMostMismatched) return false;
  End(attempt, TryEnd::kFlooded);
  return true;
}

// Forged, or of an upstream that changes letters.
bool Inquiry::OnOtherCase(Try& attempt, std::span<const uint8_t> bytes) {
  const bool first = !std::exchange(attempt.other_case, true);
  if (first) parts_.upstreams.OnOtherCase(*attempt.peer);
  if (!attempt.peer->state.keeps_case(parts_.deadlines.now_ms())) return OnMessage(attempt, bytes);
  parts_.counters.other_case.Add();
  return Doubt(attempt);
}

// Forged, or of an upstream that has lost its cookies or mixes them up.
bool Inquiry::OnNoCookie(Try& attempt) {
  parts_.counters.no_cookie.Add();
  parts_.upstreams.OnCookieMissed(*attempt.peer);
  no_cookie_[attempt.send.target] = true;
  return Doubt(attempt);
}

bool Inquiry::Doubt(Try& attempt) {
  if (OnIgnored(attempt)) return true;
  if (!std::exchange(attempt.doubted, true)) Follow(attempt.send, TryEnd::kDoubted);
  return false;
}

void Inquiry::OnReply(Try& attempt, Reply reply) {
  Peer& peer = *attempt.peer;
  const auto took = std::chrono::duration<double, std::milli>(parts_.deadlines.now() - attempt.sent);
  // Each try has a socket of its own, so that a late reply is never taken for one to a younger try (F19).
  parts_.upstreams.OnReply(peer, attempt.send.tcp ? std::nullopt : std::optional(took.count()));
  LearnAboutEdns(attempt, reply);
  tcp_replied_ |= attempt.send.tcp;
  trouble_.truncated = !tcp_replied_ && (trouble_.truncated || reply.verdict == ReplyVerdict::kTruncated);
  switch (reply.verdict) {
    case ReplyVerdict::kAnswer:
    case ReplyVerdict::kChase:
    case ReplyVerdict::kLoop: {
      peer.state.OnUseful();
      const OnDone done = std::exchange(on_done_, nullptr);
      if (done) done({.reply = std::move(reply), .upstream = peer.index});
      return;
    }
    case ReplyVerdict::kTruncated:
      End(attempt, TryEnd::kTruncated);
      return;
    case ReplyVerdict::kBadCookie:
      End(attempt, TryEnd::kBadCookie);
      return;
    case ReplyVerdict::kNoEdns:
      if (!attempt.send.edns) NoteUseless(peer, reply);
      End(attempt, TryEnd::kNoEdns);
      return;
    case ReplyVerdict::kServFail:
    case ReplyVerdict::kRefused:
    case ReplyVerdict::kBad:
    case ReplyVerdict::kIgnore:
    case ReplyVerdict::kOtherCase:
    case ReplyVerdict::kNoQuestion:
    case ReplyVerdict::kNoCookie:
      break;
  }
  if (reply.verdict == ReplyVerdict::kBad) parts_.counters.bad_replies.Add();
  parts_.upstreams.OnUseless(peer);
  NoteUseless(peer, reply);
  End(attempt, reply.verdict == ReplyVerdict::kServFail ? TryEnd::kServFail : TryEnd::kUseless);
}

// Whoever can have a question asked by TCP, as by guessing, must not talk us out of cookies: TCP says that they are
// gone only where they were missed.
void Inquiry::LearnAboutCookies(const Try& attempt, const Reply& reply) {
  if (attempt.cookie.empty() || !parts_.defences.cookies) return;
  if (!reply.cookie.empty()) {
    parts_.upstreams.OnCookieShown(*attempt.peer, reply.cookie);
  } else if (attempt.send.tcp && reply.had_edns && no_cookie_[attempt.send.target]) {
    attempt.peer->cookie.OnLost();
  }
}

void Inquiry::LearnAboutEdns(const Try& attempt, const Reply& reply) {
  Upstream& state = attempt.peer->state;
  const bool useful = reply.verdict == ReplyVerdict::kAnswer || reply.verdict == ReplyVerdict::kChase;
  if (attempt.send.edns && reply.had_edns && reply.verdict != ReplyVerdict::kNoEdns) state.OnEdnsSeen();
  if (attempt.send.edns || !useful) return;
  const TryEnd before = last_end_[attempt.send.target];
  const uint64_t now_ms = parts_.deadlines.now_ms();
  const bool asked_plain_for_a_reason = state.edns(now_ms) && plan_->sends_to(attempt.send.target) > 1;
  if (!asked_plain_for_a_reason) return;
  if (before == TryEnd::kNoEdns) state.OnPlainWorked(false, now_ms);
  if (before == TryEnd::kTimeout) state.OnPlainWorked(true, now_ms);
}

void Inquiry::NoteUseless(const Peer& peer, const Reply& reply) {
  if (reply.ede) {
    Note(Weight::kExplained, *reply.ede, reply.ede_text);
    return;
  }
  const wire::Ede ede =
      reply.verdict == ReplyVerdict::kBad ? wire::Ede::kInvalidData : wire::Ede::kNoReachableAuthority;
  Note(Weight::kReply, ede, peer.state.address().ToString() + " said " + std::string(Said(reply.verdict)));
}

void Inquiry::Note(Weight weight, wire::Ede ede, std::string text) {
  if (weight < weight_) return;
  weight_ = weight;
  trouble_.ede = ede;
  trouble_.text = std::move(text);
}

void Inquiry::OnError(Try& attempt, const Status& status) {
  Note(Weight::kNetwork, wire::Ede::kNetworkError, status.text());
  if (attempt.send.tcp) {
    ++attempt.peer->failed;  // its UDP side may be well
    End(attempt, TryEnd::kTcpFailed);
    return;
  }
  parts_.upstreams.OnUnreachable(*attempt.peer, status);
  End(attempt, TryEnd::kUnreachable);
}

void Inquiry::End(Try& attempt, TryEnd end) {
  const TrySend send = attempt.send;
  last_end_[send.target] = end;
  std::erase_if(tries_, [&](const Try& one) { return &one == &attempt; });
  Follow(send, end);
}

std::optional<TrySend> Inquiry::Next(const TrySend& send, TryEnd end) {
  for (size_t i = 0; i < targets_.size(); ++i) plan_->SetUp(i, targets_[i]->state.up());
  return plan_->Next(send, end, Running());
}

void Inquiry::Follow(const TrySend& send, TryEnd end) {
  if (const std::optional<TrySend> next = Next(send, end)) {
    Send(*next);
  } else if (AtItsEnd()) {
    GiveUp();
  }
}

bool Inquiry::AtItsEnd() const { return tries_.empty() || (!Running() && plan_->Settled()); }

void Inquiry::GiveUp() {
  if (starting_) {
    parts_.deadlines.Arm(later_, Millis(1));
    return;
  }
  const OnDone done = std::exchange(on_done_, nullptr);
  if (done) done({.trouble = trouble_, .failed = true});
}

bool Inquiry::Running() const {
  return std::ranges::any_of(tries_, [](const Try& one) { return !one.timed_out; });
}

void Inquiry::OnDeadline(net::Deadline& deadline) {
  if (&deadline == &later_) {
    plan_ ? GiveUp() : Start();
    return;
  }
  const auto found = std::ranges::find_if(tries_, [&](const Try& one) { return &one.limit == &deadline; });
  if (found == tries_.end()) return;
  found->timed_out = true;
  parts_.counters.timeouts.Add();
  if (!found->lost) parts_.upstreams.OnTimeout(*found->peer);
  if (found->send.tcp) {
    Note(Weight::kNetwork, wire::Ede::kNetworkError, "tcp " + found->peer->state.address().ToString() + ": no reply");
    End(*found, TryEnd::kTcpFailed);
    return;
  }
  last_end_[found->send.target] = TryEnd::kTimeout;
  Follow(found->send, TryEnd::kTimeout);
}

}  // namespace signpost::resolver
