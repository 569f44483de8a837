// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/upstream.h"

#include <algorithm>
#include <utility>

namespace signpost::resolver {

Millis Upstream::Timeout(uint32_t again) const {
  // Another resolver on this host may have to ask others first, however near it is itself (F86).
  const Millis least = address_.is_loopback() ? kMinLoopbackTimeout : kMinTimeout;
  const Millis known = std::clamp(Millis(static_cast<int64_t>(4 * srtt_ms_)), least, kMaxTimeout);
  const Millis first = srtt_ms_ > 0 ? known : kUnknownTimeout;
  return std::min(first * (1 << std::min(again, 4U)), kMaxTimeout);
}

void Upstream::OnReply(std::optional<double> rtt_ms) {
  if (rtt_ms) {
    const double rtt = std::max(*rtt_ms, 0.001);
    srtt_ms_ = srtt_ms_ > 0 ? srtt_ms_ * 7 / 8 + rtt / 8 : rtt;
  }
  failures_ = probe_failures_ = 0;
  up_ = true;
  trouble_.clear();
}

void Upstream::OnTimeout() {
  ++failures_;
  LookDown();
}

void Upstream::OnProbeTimeout() {
  ++failures_;
  ++probe_failures_;
  LookDown();
}

void Upstream::OnUnreachable(std::string why) {
  ++failures_;
  up_ = false;
  srtt_ms_ = 0;
  trouble_ = std::move(why);
}

void Upstream::LookDown() {
  if (probe_failures_ == 0 || failures_ < kDownAfter) return;
  if (up_) trouble_ = "no reply";
  up_ = false;
}

void Upstream::OnEdnsSeen() {
  edns_seen_ = true;
  plain_until_ms_ = 0;
}

void Upstream::OnPlainWorked(bool silent, uint64_t now_ms) {
  // Datagrams get lost: silence says nothing about a server that has shown EDNS before.
  if (!silent || !edns_seen_) plain_until_ms_ = now_ms + kPlainForMs;
}

bool Upstream::OnOtherCase(uint64_t now_ms) {
  if (!keeps_case(now_ms) || ++other_case_ < kOtherCaseMost) return false;
  other_case_ = 0;
  any_case_until_ms_ = now_ms + kAnyCaseForMs;
  return !std::exchange(changes_case_, true);
}

bool Upstream::OnCaseKept(uint64_t now_ms) {
  if (!keeps_case(now_ms)) return false;
  other_case_ = 0;
  return std::exchange(changes_case_, false);
}

}  // namespace signpost::resolver
