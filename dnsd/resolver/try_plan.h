// Signpost. Apache-2.0; see LICENSE.
// What is sent next for one question, when a try came to nothing. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace signpost::resolver {

// One try. `target` counts in the order in which the upstreams are asked.
struct TrySend {
  size_t target = 0;
  bool edns = true;
  bool tcp = false;
  friend bool operator==(const TrySend&, const TrySend&) = default;
};

enum class TryEnd : unsigned char {
  kTimeout,  // no reply so far; one that comes late is still taken (F20)
  kServFail,
  kUseless,      // REFUSED, other rcodes, a reply that cannot be believed
  kUnreachable,  // the network says that nobody is there (F85)
  kNoEdns,       // it wants no OPT
  kTruncated,
  kDoubted,    // a reply came that may be forged, with other letters or without a cookie: the try goes on
  kBadCookie,  // it wants another cookie, which is known now
  kFlooded,    // too many datagrams that are no answer: somebody guesses (F03)
  kTcpFailed,  // the connection, or no reply by it
};

class TryPlan {
 public:
  static constexpr size_t kMaxSends = 6;
  static constexpr size_t kMaxTargets = 4;
  static constexpr uint32_t kEdnsTimeouts = 2;  // so many, and OPT is left out once

  struct Target {
    bool up = true;
    bool edns = true;
    bool keeps_edns = false;  // OPT is left out only if it says that it wants none: a cookie is in it
  };

  // At least one, in the order in which they are to be asked; more than kMaxTargets are not used.
  explicit TryPlan(const std::vector<Target>& targets);

  TrySend First() { return *Pick(); }
  // Nothing when there is nothing (more) to send. `others_running`: a younger try has not timed out yet.
  std::optional<TrySend> Next(const TrySend& send, TryEnd end, bool others_running);
  // As it is by now: tries and probes tell while the question is under way.
  void SetUp(size_t target, bool up) { states_[target].up = up; }
  // When nothing is sent and nothing runs: there was a reply, with nothing of use, and who has not replied is down.
  bool Settled() const;
  // How often it was sent to this one so far.
  uint32_t sends_to(size_t target) const { return states_[target].sends; }

 private:
  struct State {
    bool up = true;
    bool edns = true;
    bool keeps_edns = false;
    uint32_t sends = 0;
    uint32_t edns_timeouts = 0;
    bool plain_sent = false;
    bool tcp_sent = false;
    bool gone = false;  // nothing more to be had there
    bool doubted = false;
    bool renewed = false;  // its cookie
    bool servfail_with_edns = false;
  };

  std::optional<TrySend> Send(size_t target, bool edns, bool tcp);
  std::optional<TrySend> Pick();
  bool Done(const State& state) const;
  std::optional<TrySend> PickPlain();

  std::vector<State> states_;
  size_t sends_ = 0;
  bool plain_after_servfail_ = false;
  bool replied_ = false;  // somebody, with nothing of use so far
};

}  // namespace signpost::resolver
