// Signpost. Apache-2.0; see LICENSE.
#include "lb/endpoint_state.h"

#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

using namespace std::chrono_literals;

// Case R11: the operator's word, the check's, the catalog's and the requests' are told apart.
TEST(Judge, TheFirstReasonThatHolds) {
  ServiceSettings settings;
  settings.max_fails = 1;
  settings.fail_timeout = 10s;
  const Millis now = 100s;
  Endpoint endpoint(net::SocketAddress::Parse("192.0.2.1:80", 0).value(), 1s);
  const auto verdict = [&](size_t pool_size = 2) { return Judge(endpoint, settings, pool_size, now); };

  EXPECT_EQ(verdict().state, EndpointState::kUsable);
  EXPECT_EQ(verdict().reason, "");
  settings.slow_start = 30s;
  endpoint.RestartSlowStart(90s);
  EXPECT_EQ(verdict().state, EndpointState::kSlowStart);
  EXPECT_EQ(verdict().reason, "full weight in 20s");
  EXPECT_TRUE(IsUsable(verdict().state));

  endpoint.Chosen(settings, 99s);
  endpoint.Report(settings, Outcome::kFailure, 99s);
  EXPECT_EQ(verdict().state, EndpointState::kFailed);
  EXPECT_EQ(verdict().reason, "1 failures; left alone for 10s after the last one");
  EXPECT_EQ(verdict(1).state, EndpointState::kSlowStart) << "a single endpoint is never found failed (case F04)";
  EXPECT_FALSE(IsUsable(verdict().state));

  endpoint.SetChecked(false);
  EXPECT_EQ(verdict().state, EndpointState::kCheckFailed);
  endpoint.SetDrained(true);
  EXPECT_EQ(verdict().state, EndpointState::kDrained);
  EXPECT_EQ(verdict().reason, "drained by the operator");
  endpoint.SetRemoved(88s);
  EXPECT_EQ(verdict().state, EndpointState::kRemoved);
  EXPECT_EQ(verdict().reason, "gone for 12s");
}

}  // namespace
}  // namespace signpost::lb
