// Signpost. Apache-2.0; see LICENSE.
// What is known about one upstream: its round trip, whether it is up, whether it knows EDNS, whether it leads back to
// us. Pure: time is a parameter, in monotonic milliseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/net/address.h"

namespace signpost::resolver {

class Upstream {
 public:
  static constexpr Millis kMinTimeout{150}, kMinLoopbackTimeout{300}, kMaxTimeout{1000}, kUnknownTimeout{400};
  static constexpr uint64_t kProbeEveryMs = 1000;
  static constexpr uint64_t kPlainForMs = 15 * 60 * 1000;  // F79
  static constexpr uint32_t kOtherCaseMost = 3;            // tries
  static constexpr uint64_t kAnyCaseForMs = 15 * 60 * 1000;

  explicit Upstream(const net::SocketAddress& address) : address_(address) {}
  const net::SocketAddress& address() const { return address_; }

  // How long to wait for its reply, when `again` tries of the same question went there before: the wait doubles, since
  // a recursive server may be at work on that very name.
  Millis Timeout(uint32_t again) const;

  // Any reply that is an answer to what was asked: it lives. `rtt_ms` when known.
  void OnReply(std::optional<double> rtt_ms);
  // A reply of no use: SERVFAIL, REFUSED, not to be believed.
  void OnUseless() { ++useless_; }
  void OnUseful() { useless_ = 0; }
  void OnTimeout();
  // The network says that nobody is there. What was learnt about the way there is forgotten (F48).
  void OnUnreachable(std::string why);
  // A probe had no reply.
  void OnProbeTimeout();

  // One name that takes long is no reason to give up a server: it is down when it let a probe pass too.
  bool up() const { return up_; }
  // Replies are missing: others are preferred, and a probe looks into it.
  bool suspect() const { return failures_ > 0; }
  // It answers, but with nothing of use, one question after the other.
  bool useless() const { return useless_ >= kUselessAfter; }
  const std::string& trouble() const { return trouble_; }
  double srtt_ms() const { return srtt_ms_; }  // 0: not known

  bool ProbeDue(uint64_t now_ms) const { return (suspect() || !up_) && now_ms >= next_probe_ms_; }
  void OnProbeSent(uint64_t now_ms) { next_probe_ms_ = now_ms + kProbeEveryMs; }

  bool edns(uint64_t now_ms) const { return now_ms >= plain_until_ms_; }
  // A reply had an OPT record.
  void OnEdnsSeen();
  // A query without OPT was answered after one with OPT was refused, or had no reply at all (`silent`).
  void OnPlainWorked(bool silent, uint64_t now_ms);

  // Its replies have the letters that were sent (0x20), as far as is known.
  bool keeps_case(uint64_t now_ms) const { return now_ms >= any_case_until_ms_; }
  // A try was answered with other letters, by it or by a forger: for a while it is not believed to keep them, if that
  // goes on. True: that is news.
  bool OnOtherCase(uint64_t now_ms);
  // A reply had the letters that were sent. True: that is news, after a time without.
  bool OnCaseKept(uint64_t now_ms);

  bool loop() const { return loop_; }
  void set_loop(bool loop) { loop_ = loop; }
  bool usable() const { return up_ && !loop_; }

 private:
  static constexpr uint32_t kDownAfter = 3;
  static constexpr uint32_t kUselessAfter = 5;

  void LookDown();

  net::SocketAddress address_;
  double srtt_ms_ = 0;
  uint32_t failures_ = 0;        // tries and probes without reply since the last reply
  uint32_t probe_failures_ = 0;  // of these: probes
  uint32_t useless_ = 0;         // useless replies in a row
  uint64_t next_probe_ms_ = 0;
  uint64_t plain_until_ms_ = 0;
  uint64_t any_case_until_ms_ = 0;
  uint32_t other_case_ = 0;    // tries in a row
  bool changes_case_ = false;  // as last found out
  bool edns_seen_ = false;
  bool up_ = true;
  bool loop_ = false;
  std::string trouble_;
};

}  // namespace signpost::resolver
