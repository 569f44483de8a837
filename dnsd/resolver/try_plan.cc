// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/try_plan.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace signpost::resolver {

TryPlan::TryPlan(const std::vector<Target>& targets) {
  for (const Target& target : targets) {
    if (states_.size() == kMaxTargets) break;
    states_.push_back({.up = target.up, .edns = target.edns, .keeps_edns = target.keeps_edns});
  }
}

std::optional<TrySend> TryPlan::Next(const TrySend& send, TryEnd end, bool others_running) {
  State& state = states_[send.target];
  state.doubted |= end == TryEnd::kDoubted;
  replied_ |= end == TryEnd::kServFail || end == TryEnd::kUseless || end == TryEnd::kNoEdns ||
              end == TryEnd::kTruncated || end == TryEnd::kBadCookie;
  switch (end) {
    case TryEnd::kNoEdns:
      if (send.edns && !state.plain_sent) {
        state.edns = false;
        return Send(send.target, false, send.tcp);
      }
      state.gone = true;
      break;
    case TryEnd::kBadCookie:
      if (!std::exchange(state.renewed, true) && sends_ < kMaxSends) return Send(send.target, send.edns, false);
      [[fallthrough]];
    case TryEnd::kTruncated:
    case TryEnd::kFlooded:
    case TryEnd::kDoubted:
      if (!send.tcp && !state.tcp_sent) return Send(send.target, send.edns, true);
      if (send.tcp) state.gone = true;
      break;
    case TryEnd::kTimeout:
      if (send.edns) ++state.edns_timeouts;
      break;
    case TryEnd::kServFail:
      state.servfail_with_edns = send.edns;
      state.gone = true;
      break;
    case TryEnd::kTcpFailed:
      state.gone |= !state.doubted;  // without TCP it is known by UDP alone whether it changes letters
      break;
    case TryEnd::kUseless:
    case TryEnd::kUnreachable:
      state.gone = true;
      break;
  }
  if (others_running) return std::nullopt;
  return Pick();
}

std::optional<TrySend> TryPlan::Pick() {
  if (sends_ >= kMaxSends) return std::nullopt;
  const auto order = [this](const State& s) { return std::tuple(Done(s), !s.up, s.sends); };
  const auto best = std::ranges::min_element(states_, {}, order);
  if (Done(*best)) return PickPlain();
  const bool leave_out = !best->keeps_edns && best->edns_timeouts >= kEdnsTimeouts && !best->plain_sent;
  return Send(static_cast<size_t>(best - states_.begin()), best->edns && !leave_out, false);
}

// Where somebody lives and has failed, one that is down is asked once: it may be back, but clients wait.
bool TryPlan::Done(const State& state) const { return state.gone || (replied_ && !state.up && state.sends > 0); }

bool TryPlan::Settled() const {
  return replied_ && std::ranges::all_of(states_, [](const State& s) { return s.gone || !s.up; });
}

// Some servers fail on what they do not know in the OPT record. Once per question: most SERVFAILs have other reasons.
std::optional<TrySend> TryPlan::PickPlain() {
  if (plain_after_servfail_) return std::nullopt;
  const auto found = std::ranges::find_if(
      states_, [](const State& s) { return s.servfail_with_edns && !s.keeps_edns && !s.plain_sent; });
  if (found == states_.end()) return std::nullopt;
  plain_after_servfail_ = true;
  return Send(static_cast<size_t>(found - states_.begin()), false, false);
}

// A try by TCP is what a reply asked for and may exceed the number.
std::optional<TrySend> TryPlan::Send(size_t target, bool edns, bool tcp) {
  if (sends_ >= kMaxSends && !tcp) return std::nullopt;
  State& state = states_[target];
  ++sends_;
  ++state.sends;
  if (!edns) state.plain_sent = true;
  if (tcp) state.tcp_sent = true;
  return TrySend{.target = target, .edns = edns, .tcp = tcp};
}

}  // namespace signpost::resolver
