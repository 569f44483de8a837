// Signpost. Apache-2.0; see LICENSE.
#include "lb/endpoint_state.h"

#include <chrono>

#include "common/options/text.h"

namespace signpost::lb {
namespace {

// Whole seconds, at least one.
std::string About(Millis duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  return options::FormatDuration(std::max<Millis>(seconds, std::chrono::seconds(1)));
}

}  // namespace

EndpointVerdict Judge(const Endpoint& endpoint, const ServiceSettings& settings, size_t pool_size, Millis now) {
  if (endpoint.removed() > Millis(0)) return {EndpointState::kRemoved, "gone for " + About(now - endpoint.removed())};
  if (endpoint.drained()) return {EndpointState::kDrained, "drained by the operator"};
  if (endpoint.check_failed()) return {EndpointState::kCheckFailed, "fails its check"};
  if (pool_size > 1 && !endpoint.Passing(settings, now)) {
    return {EndpointState::kFailed, std::to_string(endpoint.fails()) + " failures; left alone for " +
                                        options::FormatDuration(settings.fail_timeout) + " after the last one"};
  }
  const Millis since = endpoint.usable_since();
  if (settings.slow_start > Millis(0) && since > Millis(0) && now - since < settings.slow_start) {
    return {EndpointState::kSlowStart, "full weight in " + About(settings.slow_start - (now - since))};
  }
  return {};
}

std::string_view EndpointStateName(EndpointState state) {
  switch (state) {
    case EndpointState::kUsable:
      return "usable";
    case EndpointState::kSlowStart:
      return "slow_start";
    case EndpointState::kFailed:
      return "failed";
    case EndpointState::kCheckFailed:
      return "check_failed";
    case EndpointState::kDrained:
      return "drained";
    case EndpointState::kRemoved:
      return "removed";
  }
  return "";
}

bool IsUsable(EndpointState state) { return state == EndpointState::kUsable || state == EndpointState::kSlowStart; }

}  // namespace signpost::lb
