// Signpost. Apache-2.0; see LICENSE.
// All upstreams of all routes, with what is known of each, kept while an address stays. Sends the probes: to those that
// miss replies one a second, and to all when they are new and from time to time, for loops.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "common/base/log.h"
#include "dnsd/resolver/deadlines.h"
#include "dnsd/resolver/loop_probe.h"
#include "dnsd/resolver/resolver.h"
#include "dnsd/resolver/udp_probe.h"
#include "dnsd/resolver/upstream.h"
#include "dnsd/resolver/upstream_cookie.h"
#include "dnsd/resolver/upstream_tcp.h"

namespace signpost::resolver {

struct Peer {
  Peer(net::Loop& loop, Deadlines& deadlines, const net::SocketAddress& address, const SipKey& secret)
      : state(address),
        cookie(Cookie::OfClient(secret, address)),
        tcp(std::make_shared<UpstreamTcp>(loop, deadlines, address)),
        log("upstream " + address.ToString()) {}

  static constexpr size_t kMaxInFlight = 1024;  // F37
  bool full() const { return in_flight >= kMaxInFlight; }

  Upstream state;
  UpstreamCookie cookie;
  std::shared_ptr<UpstreamTcp> tcp;
  uint32_t index = 0;    // among all
  size_t in_flight = 0;  // tries
  uint64_t sent = 0, answered = 0, timed_out = 0, failed = 0;
  NeighbourLog log;
  bool own = false;  // an address of this dnsd: never asked
  std::unique_ptr<UdpProbe> probe, loop_probe;
};

class UpstreamSet final : private net::DeadlineOwner {
 public:
  // `on_back`: one that was down replies again. `hop` outlives the set.
  UpstreamSet(net::Loop& loop, Deadlines& deadlines, std::span<const uint8_t> hop, std::function<void()> on_back);

  void SetRoutes(const Routes& routes, const std::vector<net::SocketAddress>& own);
  // The route's, in its order.
  std::vector<std::shared_ptr<Peer>> All(const Route& route) const;
  // Of these those that lead elsewhere than to ourselves.
  std::vector<std::shared_ptr<Peer>> Of(const Route& route) const;
  // None of the route's is to be asked now.
  bool AllDown(const Route& route) const;

  void OnSent(Peer& peer);
  void OnReply(Peer& peer, std::optional<double> rtt_ms);
  void OnTimeout(Peer& peer);
  void OnUnreachable(Peer& peer, const Status& why);
  void OnUseless(Peer& peer);
  void OnOtherCase(Peer& peer);
  void OnCaseKept(Peer& peer);
  // What a question to it carries: each day another one of ours (RFC 7873 7).
  Cookie NextCookie(Peer& peer);
  void OnCookieShown(Peer& peer, const Cookie& cookie);
  void OnCookieMissed(Peer& peer);
  void ForgetCookies();
  void OnProbeSeen(std::string_view label);

  // Any thread: as of a moment ago.
  std::vector<UpstreamStatus> Status() const;
  std::vector<UpstreamStatus> StatusNow(std::span<const std::shared_ptr<Peer>> peers) const;

 private:
  static constexpr Millis kProbeLimit{1000}, kLook{250}, kPublishAfter{50};
  static constexpr uint64_t kSecretForMs = 24 * 3600 * 1000;

  std::shared_ptr<Peer> Find(const net::SocketAddress& address) const;
  void Add(const net::SocketAddress& address, std::vector<std::shared_ptr<Peer>>& peers);
  void Changed(Peer& peer, bool was_up);
  void LookInto(Peer& peer);
  void OnProbed(Peer& peer, const UdpProbe::Result& result);
  void ProbeLoops();
  void EndLoopProbes();
  void NewSecret();
  void PublishSoon();
  void Publish();
  void OnDeadline(net::Deadline& deadline) override;

  net::Loop& loop_;
  Deadlines& deadlines_;
  const std::span<const uint8_t> hop_;
  SipKey cookie_secret_;  // of all cookies that go out
  uint64_t secret_since_ms_;
  const std::function<void()> on_back_;
  std::vector<std::shared_ptr<Peer>> peers_;
  LoopProbe loops_;
  net::Deadline look_{*this}, loop_due_{*this}, loop_end_{*this}, publish_{*this};

  mutable std::mutex mutex_;
  std::vector<UpstreamStatus> published_;  // guarded by mutex_
};

}  // namespace signpost::resolver
