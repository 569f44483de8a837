// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/upstream_set.h"

#include <algorithm>
#include <utility>

#include "common/base/secure_random.h"
#include "common/net/interfaces.h"
#include "dnsd/resolver/resolv_conf.h"

namespace signpost::resolver {
namespace {

// Cheap for whoever is asked, and answered by every resolver.
Question HealthQuestion() { return {.name = std::string(1, '\0'), .type = wire::type::kNs}; }

SipKey RandomKey() {
  SipKey key;
  SecureBytes(key);
  return key;
}

UpstreamStatus StatusOf(const Peer& peer, uint64_t now_ms) {
  const Upstream& state = peer.state;
  return {.address = state.address(),
          .up = state.up() && !peer.own,
          .edns = state.edns(now_ms),
          .loop = state.loop(),
          .srtt_ms = state.srtt_ms(),
          .sent = peer.sent,
          .answered = peer.answered,
          .timed_out = peer.timed_out,
          .failed = peer.failed,
          .trouble = peer.own ? "this is dnsd's own address" : state.trouble()};
}

}  // namespace

UpstreamSet::UpstreamSet(net::Loop& loop, Deadlines& deadlines, std::span<const uint8_t> hop,
                         std::function<void()> on_back)
    : loop_(loop),
      deadlines_(deadlines),
      hop_(hop),
      cookie_secret_(RandomKey()),
      secret_since_ms_(deadlines.now_ms()),
      on_back_(std::move(on_back)) {}

void UpstreamSet::SetRoutes(const Routes& routes, const std::vector<net::SocketAddress>& own) {
  std::vector<std::shared_ptr<Peer>> peers;
  for (const Route& route : routes.all()) {
    for (const net::SocketAddress& address : route.upstreams) Add(address, peers);
  }
  const std::vector<net::SocketAddress> host = net::HostAddresses();
  for (const std::shared_ptr<Peer>& peer : peers) {
    const bool is_own = WithoutOwn({peer->state.address()}, own, host).empty();
    if (is_own && !std::exchange(peer->own, true)) {
      LogWarn("upstream " + peer->state.address().ToString() + " is this dnsd itself and is not asked: name another");
    }
    peer->own = is_own;
  }
  const bool changed = peers != peers_;
  for (const std::shared_ptr<Peer>& peer : peers_) {  // probes' callbacks know the set's own peers only
    if (std::ranges::find(peers, peer) != peers.end()) continue;
    peer->probe.reset();
    peer->loop_probe.reset();
  }
  peers_ = std::move(peers);
  if (changed) ProbeLoops();
  Publish();
}

void UpstreamSet::Add(const net::SocketAddress& address, std::vector<std::shared_ptr<Peer>>& peers) {
  const auto same = [&](const std::shared_ptr<Peer>& peer) { return peer->state.address() == address; };
  if (std::ranges::any_of(peers, same)) return;
  std::shared_ptr<Peer> peer = Find(address);
  if (!peer) peer = std::make_shared<Peer>(loop_, deadlines_, address, cookie_secret_);
  peer->index = static_cast<uint32_t>(peers.size());
  peers.push_back(std::move(peer));
}

std::shared_ptr<Peer> UpstreamSet::Find(const net::SocketAddress& address) const {
  const auto found = std::ranges::find(peers_, address, [](const auto& peer) { return peer->state.address(); });
  return found == peers_.end() ? nullptr : *found;
}

std::vector<std::shared_ptr<Peer>> UpstreamSet::All(const Route& route) const {
  std::vector<std::shared_ptr<Peer>> found;
  for (const net::SocketAddress& address : route.upstreams) {
    if (std::shared_ptr<Peer> peer = Find(address)) found.push_back(std::move(peer));
  }
  return found;
}

std::vector<std::shared_ptr<Peer>> UpstreamSet::Of(const Route& route) const {
  std::vector<std::shared_ptr<Peer>> found = All(route);
  std::erase_if(found, [](const auto& peer) { return peer->own || peer->state.loop(); });
  return found;
}

bool UpstreamSet::AllDown(const Route& route) const {
  return std::ranges::none_of(Of(route), [](const auto& peer) { return peer->state.usable(); });
}

void UpstreamSet::OnSent(Peer& peer) {
  ++peer.sent;
  PublishSoon();
}

void UpstreamSet::OnReply(Peer& peer, std::optional<double> rtt_ms) {
  const bool was_up = peer.state.up();
  ++peer.answered;
  peer.state.OnReply(rtt_ms);
  Changed(peer, was_up);
}

void UpstreamSet::OnTimeout(Peer& peer) {
  const bool was_up = peer.state.up();
  ++peer.timed_out;
  peer.state.OnTimeout();
  Changed(peer, was_up);
  LookInto(peer);
}

void UpstreamSet::OnUnreachable(Peer& peer, const signpost::Status& why) {
  const bool was_up = peer.state.up();
  ++peer.failed;
  peer.state.OnUnreachable(why.text());
  Changed(peer, was_up);
  LookInto(peer);
}

void UpstreamSet::OnUseless(Peer& peer) {
  ++peer.failed;
  peer.state.OnUseless();
  PublishSoon();
}

void UpstreamSet::OnOtherCase(Peer& peer) {
  if (!peer.state.OnOtherCase(deadlines_.now_ms())) return;
  LogWarn("upstream " + peer.state.address().ToString() +
          " changes the letter case of questions: they are sent without 0x20, and tried with it every 15 minutes");
}

void UpstreamSet::OnCaseKept(Peer& peer) {
  if (!peer.state.OnCaseKept(deadlines_.now_ms())) return;
  LogInfo("upstream " + peer.state.address().ToString() + " keeps the letter case of questions now");
}

Cookie UpstreamSet::NextCookie(Peer& peer) {
  const uint64_t now_ms = deadlines_.now_ms();
  if (now_ms >= secret_since_ms_ + kSecretForMs) NewSecret();
  return peer.cookie.next(now_ms);
}

void UpstreamSet::NewSecret() {
  cookie_secret_ = RandomKey();
  secret_since_ms_ = deadlines_.now_ms();
  for (const std::shared_ptr<Peer>& peer : peers_) {
    peer->cookie.Renew(Cookie::OfClient(cookie_secret_, peer->state.address()));
  }
}

void UpstreamSet::OnCookieShown(Peer& peer, const Cookie& cookie) {
  if (!peer.cookie.OnShown(cookie, deadlines_.now_ms())) return;
  LogInfo("upstream " + peer.state.address().ToString() + " gives cookies again");
}

void UpstreamSet::OnCookieMissed(Peer& peer) {
  if (!peer.cookie.OnMissed(deadlines_.now_ms())) return;
  LogWarn("upstream " + peer.state.address().ToString() +
          ", or somebody in its name, replied without our cookie: such replies are not believed over UDP until it has "
          "said by TCP that it gives none, for 10 minutes at most");
}

void UpstreamSet::ForgetCookies() {
  for (const std::shared_ptr<Peer>& peer : peers_) {
    peer->cookie = UpstreamCookie(Cookie::OfClient(cookie_secret_, peer->state.address()));
  }
}

void UpstreamSet::Changed(Peer& peer, bool was_up) {
  PublishSoon();
  if (peer.state.up() == was_up) return;
  peer.log.Report(peer.state.up() ? signpost::Status::Ok() : signpost::Status::Unavailable(peer.state.trouble()));
  Publish();
  if (peer.state.up()) on_back_();
}

void UpstreamSet::LookInto(Peer& peer) {
  const Upstream& state = peer.state;
  if (!state.suspect() && state.up()) return;
  if (!look_.armed()) deadlines_.Arm(look_, kLook);
  if (peer.probe || peer.own || !state.ProbeDue(deadlines_.now_ms()) || Find(state.address()).get() != &peer) return;
  peer.state.OnProbeSent(deadlines_.now_ms());
  const std::span<const uint8_t> hop = state.edns(deadlines_.now_ms()) ? hop_ : std::span<const uint8_t>();
  peer.probe = std::make_unique<UdpProbe>(loop_, deadlines_, state.address(), HealthQuestion(), hop, kProbeLimit,
                                          [this, &peer](const UdpProbe::Result& result) { OnProbed(peer, result); });
}

void UpstreamSet::OnProbed(Peer& peer, const UdpProbe::Result& result) {
  const UdpProbe::Result copy = result;
  peer.probe.reset();
  const bool was_up = peer.state.up();
  if (copy.rtt_ms) {
    peer.state.OnReply(copy.rtt_ms);
  } else if (copy.unreachable.kind() == ErrorKind::kLimit) {  // it never left
    return;
  } else if (!copy.unreachable.ok()) {
    peer.state.OnUnreachable(copy.unreachable.text());
  } else {
    peer.state.OnProbeTimeout();
  }
  Changed(peer, was_up);
}

void UpstreamSet::ProbeLoops() {
  for (const std::shared_ptr<Peer>& peer : peers_) {
    if (peer->own) continue;
    const std::string label = loops_.Begin(peer->state.address(), SecureU64(), deadlines_.now_ms());
    // Without our mark, by which the query would be known and refused before its name is looked at.
    peer->loop_probe = std::make_unique<UdpProbe>(loop_, deadlines_, peer->state.address(),
                                                  LoopProbe::QuestionFor(label), std::span<const uint8_t>(),
                                                  Millis(LoopProbe::kSeenWithinMs), [](const UdpProbe::Result&) {});
  }
  deadlines_.Arm(loop_end_, Millis(LoopProbe::kSeenWithinMs + 1));
}

void UpstreamSet::OnProbeSeen(std::string_view label) {
  const std::optional<net::SocketAddress> address = loops_.Seen(label, deadlines_.now_ms());
  const std::shared_ptr<Peer> peer = address ? Find(*address) : nullptr;
  if (!peer) return;
  if (!peer->state.loop()) {
    LogWarn("upstream " + address->ToString() +
            " leads back to this dnsd and is not asked: name another with --upstream or in the file of --resolv-conf");
  }
  peer->state.set_loop(true);
  Publish();
}

void UpstreamSet::EndLoopProbes() {
  for (const net::SocketAddress& address : loops_.TakeUnseen(deadlines_.now_ms())) {
    if (const std::shared_ptr<Peer> peer = Find(address); peer && peer->state.loop()) {
      LogInfo("upstream " + address.ToString() + " does not lead back to this dnsd any more");
      peer->state.set_loop(false);
    }
  }
  for (const std::shared_ptr<Peer>& peer : peers_) peer->loop_probe.reset();
  const bool loop = std::ranges::any_of(peers_, [](const auto& peer) { return peer->state.loop(); });
  deadlines_.Arm(loop_due_, Millis(loop ? LoopProbe::kEveryWhileLoopMs : LoopProbe::kEveryMs));
  Publish();
}

std::vector<UpstreamStatus> UpstreamSet::StatusNow(std::span<const std::shared_ptr<Peer>> peers) const {
  std::vector<UpstreamStatus> all;
  for (const std::shared_ptr<Peer>& peer : peers) all.push_back(StatusOf(*peer, deadlines_.now_ms()));
  return all;
}

std::vector<UpstreamStatus> UpstreamSet::Status() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

void UpstreamSet::PublishSoon() {
  if (!publish_.armed()) deadlines_.Arm(publish_, kPublishAfter);
}

void UpstreamSet::Publish() {
  std::vector<UpstreamStatus> all = StatusNow(peers_);
  const std::lock_guard lock(mutex_);
  published_ = std::move(all);
}

void UpstreamSet::OnDeadline(net::Deadline& deadline) {
  if (&deadline == &publish_) {
    Publish();
  } else if (&deadline == &loop_end_) {
    EndLoopProbes();
  } else if (&deadline == &loop_due_) {
    ProbeLoops();
  } else {
    for (const std::shared_ptr<Peer>& peer : std::vector(peers_)) LookInto(*peer);
  }
}

}  // namespace signpost::resolver
