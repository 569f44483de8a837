// Signpost. Apache-2.0; see LICENSE.
#include "registrar/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/json/json.h"
#include "common/net/loop.h"

namespace signpost::registrar {
namespace {

using testing::HasSubstr;
using testing::Not;

Reconciler::View Well() {
  Reconciler::View view;
  view.engine_connected = view.engine_seen = view.agent_reachable = view.synced = true;
  return view;
}

TEST(WhyNotReady, TheFirstTroubleInWords) {
  EXPECT_EQ(WhyNotReady(Well()), "");
  Reconciler::View view = Well();
  view.synced = false;
  EXPECT_EQ(WhyNotReady(view), "starting: waiting for the first full picture");
  view = Well();
  view.agent_reachable = false;
  view.agent_trouble = "refused";
  EXPECT_EQ(WhyNotReady(view), "the Consul agent is away: refused");
  view.agent_denied = true;
  EXPECT_EQ(WhyNotReady(view), "the Consul agent refuses the token: refused");
  view.engine_connected = false;
  EXPECT_EQ(WhyNotReady(view), "the Docker Engine is away");
}

class Operations : public testing::Test {
 protected:
  Operations() : engine_(loop_, {}), agent_(loop_, {}), reconciler_(loop_, engine_, agent_, {}) {}

  http::ServerResponse Ask(std::string_view path, std::string_view method = "GET") {
    const OperationsView view{reconciler_, engine_, agent_, addresses_, true, SystemClock().Monotonic()};
    http::ServerRequest request;
    request.method = method;
    request.path = path;
    return AnswerOperations(view, request);
  }

  net::Loop loop_;
  EngineClient engine_;
  consul::AgentClient agent_;
  Reconciler reconciler_;
  HostAddresses addresses_{"192.0.2.10", ""};
};

TEST_F(Operations, Paths) {
  EXPECT_EQ(Ask("/healthz").body, "ok\n");
  EXPECT_EQ(Ask("/readyz").status, 503);
  EXPECT_EQ(Ask("/").status, 404);
  EXPECT_EQ(Ask("/metrics", "POST").status, 405);
  EXPECT_EQ(Ask("/metrics", "HEAD").status, 200);
}

// Case 124.
TEST_F(Operations, MetricsArePrometheusText) {
  const std::string text = Ask("/metrics").body;
  EXPECT_THAT(text, HasSubstr("# TYPE signpost_registrar_writes_total counter\n"));
  EXPECT_THAT(text, HasSubstr("signpost_registrar_writes_total{action=\"add\",outcome=\"done\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("signpost_registrar_engine_connected 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("signpost_registrar_resident_bytes 0\n")));
}

TEST_F(Operations, StatusIsJson) {
  const auto document = json::Document::Parse(Ask("/status").body);
  ASSERT_TRUE(document.ok()) << document.status().text();
  EXPECT_EQ(document.value().root()["program"].String(), "registrar");
  EXPECT_EQ(document.value().root()["host_ipv4"].String(), "192.0.2.10");
  EXPECT_TRUE(document.value().root()["dry_run"].Bool());
  EXPECT_FALSE(document.value().root()["engine"]["connected"].Bool(true));
  EXPECT_TRUE(document.value().root()["services"].IsArray());
}

}  // namespace
}  // namespace signpost::registrar
