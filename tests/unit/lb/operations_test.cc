// Signpost. Apache-2.0; see LICENSE.
#include "lb/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>

#include "common/json/json.h"

namespace signpost::lb {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

net::SocketAddress Address(std::string_view text) { return net::SocketAddress::Parse(text, 0).value(); }

// A program with one service of two endpoints, one of which was removed, and one listener.
class Operations : public testing::Test {
 protected:
  Operations() {
    auto settings = std::make_shared<ServiceSettings>();
    auto pool = std::make_shared<Pool>();
    pool->service = "web";
    pool->settings = std::move(settings);
    pool->versions = {"v1"};
    pool->members.push_back({.endpoint = book_.Get("web", Address("192.0.2.1:80"), 1s), .weight = 3, .id = "web-1"});
    pool->state = std::make_shared<PoolState>();
    book_.Get("web", Address("192.0.2.2:80"), 1s)->SetRemoved(95s);
    book_.Get("web", Address("192.0.2.1:80"), 1s)->SetRemoved(0s);
    auto routes = std::make_shared<Routes>();
    routes->http =
        std::make_shared<HttpRouteTable>(std::vector<HttpRoute>{{.host = "web.example.com", .service = "web"}});
    routes->pools = {nullptr, pool};
    routes->listeners.push_back({.address = Address("0.0.0.0:80")});
    routes->generation = 4;
    known_ = {.name = "web"};
    view_.now = 100s;
    view_.routes = std::move(routes);
    view_.listeners.push_back(
        {.address = Address("0.0.0.0:80"), .state = ListenerSet::State::kBound, .reason = "", .sockets = 2});
    view_.sources.push_back(
        {.kind = SourceKind::kConsul, .where = "consul http://127.0.0.1:8500", .ready = true, .good = 7});
    view_.find = [this](const std::string& name) { return name == "web" ? &known_ : nullptr; };
    view_.endpoints = &book_;
    view_.workers.push_back(
        {.sessions = 5, .idle_connections = 2, .counters = &counters_, .idle = &idle_, .accepts = &accepts_});
  }

  http::ServerResponse Ask(std::string path, std::string method = "GET") {
    http::ServerRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    return AnswerOperations(view_, request);
  }

  EndpointBook book_;
  DiscoveredService known_;
  SessionCounters counters_;
  IdleCounters idle_;
  net::AcceptCounters accepts_;
  OperationsView view_;
};

// Case R13: the pools of a service's tags are one service to whoever reads the metrics.
TEST_F(Operations, EverySeriesIsThereOnce) {
  auto routes = std::make_shared<Routes>(*view_.routes);
  routes->pools.push_back(std::make_shared<Pool>(*routes->pools[1]));
  view_.routes = std::move(routes);
  std::istringstream lines(Ask("/metrics").body);
  std::set<std::string> series;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
  EXPECT_GT(series.size(), 20U);
}

TEST_F(Operations, TheFirstTroubleInWords) {
  EXPECT_EQ(WhyNotReady(view_), "");
  EXPECT_EQ(Ask("/readyz").status, 200);
  view_.unbound = {"cannot listen on tcp 0.0.0.0:80: Permission denied"};
  EXPECT_EQ(Ask("/readyz").body, "cannot listen on tcp 0.0.0.0:80: Permission denied\n");
  view_.sources[0].ready = false;
  view_.sources[0].reason = "connection refused";
  EXPECT_EQ(WhyNotReady(view_), "waiting for consul http://127.0.0.1:8500: connection refused");
  view_.held = true;
  EXPECT_EQ(WhyNotReady(view_), "taking over from the running lb");
  view_.stopping = true;
  EXPECT_EQ(WhyNotReady(view_), "stopping");
  EXPECT_EQ(Ask("/readyz").status, 503);
  EXPECT_EQ(Ask("/healthz").status, 200);
}

// Case D33.
TEST_F(Operations, ReadyFromASnapshotWhileASourceIsAway) {
  view_.sources[0].ready = false;
  view_.snapshot = "1h";
  EXPECT_EQ(Ready(view_).status, 200);
  EXPECT_THAT(Ready(view_).line, HasSubstr("from a snapshot 1h old"));
  view_.sources[0].ready = view_.sources[0].failing = true;
  view_.sources[0].reason = "no cluster leader";
  EXPECT_EQ(Ready(view_).line,
            "ready, from the last known services; consul http://127.0.0.1:8500 fails: no cluster leader");
}

TEST_F(Operations, StatusSaysWhatIsKnown) {
  view_.conflicts.push_back({"port 7000", "a", "b"});
  const http::ServerResponse response = Ask("/status");
  const auto document = json::Document::Parse(response.body);
  ASSERT_TRUE(document.ok());
  const json::Value root = document.value().root();
  EXPECT_EQ(root["program"].String(), "lb");
  EXPECT_TRUE(root["ready"].Bool());
  EXPECT_EQ(root["generation"].Int(), 4);
  EXPECT_EQ(root["sources"].At(0)["replies"].Int(), 7);
  EXPECT_EQ(root["listeners"].At(0)["state"].String(), "bound");
  EXPECT_EQ(root["conflicts"].At(0)["winner"].String(), "a");
  EXPECT_EQ(root["routes"].At(0)["host"].String(), "web.example.com");
  EXPECT_EQ(root["workers"].At(0)["sessions"].Int(), 5);
  const json::Value web = root["services"].At(0);
  EXPECT_EQ(root["services"].size(), 1U);
  EXPECT_EQ(web["name"].String(), "web");
  EXPECT_EQ(web["state"].String(), "known");
  ASSERT_EQ(web["endpoints"].size(), 2U);
  const json::Value first = web["endpoints"].At(0);
  EXPECT_EQ(first["address"].String(), "192.0.2.1:80");
  EXPECT_EQ(first["id"].String(), "web-1");
  EXPECT_EQ(first["version"].String(), "v1");
  EXPECT_EQ(first["weight"].Int(), 3);
  EXPECT_EQ(first["state"].String(), "usable");
  EXPECT_EQ(web["endpoints"].At(1)["state"].String(), "removed");
  EXPECT_EQ(web["endpoints"].At(1)["reason"].String(), "gone for 5s");
}

TEST_F(Operations, AServiceHeldByItsSourceSaysSo) {
  known_.state = ServiceState::kHeld;
  known_.reason = "SERVFAIL for 12s";
  EXPECT_THAT(Ask("/status").body, HasSubstr("SERVFAIL for 12s"));
  EXPECT_THAT(Ask("/").body, HasSubstr("held: SERVFAIL for 12s"));
  EXPECT_THAT(Ask("/metrics").body, HasSubstr("signpost_lb_service_held{service=\"web\"} 1"));
}

TEST_F(Operations, ListenersThatLingerOrCannotBeBound) {
  auto routes = std::make_shared<Routes>(*view_.routes);
  routes->listeners[0].lingering = true;
  routes->listeners.push_back({.address = Address("0.0.0.0:6379"), .kind = ListenerKind::kTcp, .service = "redis"});
  view_.routes = std::move(routes);
  view_.listeners.push_back({.address = Address("0.0.0.0:6379"), .reason = "in use"});
  const auto document = json::Document::Parse(Ask("/status").body);
  const json::Value listeners = document.value().root()["listeners"];
  EXPECT_EQ(listeners.At(0)["state"].String(), "lingering");
  EXPECT_EQ(listeners.At(1)["state"].String(), "retrying");
  EXPECT_EQ(listeners.At(1)["reason"].String(), "in use");
  EXPECT_THAT(Ask("/metrics").body, HasSubstr("signpost_lb_listeners{state=\"lingering\"} 1"));
}

TEST_F(Operations, MetricsOfServicesAndEndpoints) {
  counters_.http_requests.Add(9);
  counters_.responses[2].Add(8);
  counters_.terminations[0].Add(8);
  const std::string text = Ask("/metrics").body;
  EXPECT_THAT(text, HasSubstr("signpost_lb_requests_total 9"));
  EXPECT_THAT(text, HasSubstr("signpost_lb_responses_total{class=\"2xx\"} 8"));
  EXPECT_THAT(text, HasSubstr("signpost_lb_terminations_total{reason=\"ok\"} 8"));
  EXPECT_THAT(text, HasSubstr("signpost_lb_service_endpoints{service=\"web\"} 1"));
  EXPECT_THAT(text,
              HasSubstr("signpost_lb_endpoint_usable{service=\"web\",endpoint=\"192.0.2.1:80\",version=\"v1\"} 1"));
  EXPECT_THAT(text, HasSubstr("signpost_lb_source_ready{source=\"consul\"} 1"));
  EXPECT_THAT(text, HasSubstr("signpost_lb_sessions 5"));
}

// Case R13: a service with ever new versions does not make ever new label values.
TEST_F(Operations, VersionsBeyondTheEighthShareOneLabel) {
  auto pool = std::make_shared<Pool>(*view_.routes->pools[1]);
  pool->members.clear();
  pool->versions.clear();
  for (uint8_t v = 0; v < 12; ++v) {
    pool->versions.push_back("v" + std::to_string(v));
    pool->members.push_back(
        {.endpoint = book_.Get("web", Address("192.0.2.9:" + std::to_string(1000 + v)), 1s), .version = v});
  }
  auto routes = std::make_shared<Routes>(*view_.routes);
  routes->pools = {pool};
  view_.routes = std::move(routes);
  const std::string text = Ask("/metrics").body;
  EXPECT_THAT(text, HasSubstr("version=\"v7\""));
  EXPECT_THAT(text, Not(HasSubstr("version=\"v8\"")));
  EXPECT_THAT(text, HasSubstr("endpoint=\"192.0.2.9:1011\",version=\"other\""));
}

// Case R12; names come from strangers.
TEST_F(Operations, ThePageForPeopleEscapesNames) {
  known_.reason = "<script>";
  known_.state = ServiceState::kHeld;
  view_.warnings.push_back("tag \"x\" & y");
  const http::ServerResponse response = Ask("/");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("192.0.2.1:80"));
  EXPECT_THAT(response.body, HasSubstr("tag &quot;x&quot; &amp; y"));
  EXPECT_THAT(response.body, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(response.body, Not(HasSubstr("<script>")));
}

TEST_F(Operations, OtherPathsAndMethods) {
  EXPECT_EQ(Ask("/nothing").status, 404);
  EXPECT_EQ(Ask("/", "POST").status, 405);
  EXPECT_EQ(Ask("/status", "PUT").status, 405);
}

// Before the first publication there is nothing to show, but pages all the same.
TEST_F(Operations, BeforeTheFirstRoutes) {
  view_.routes = nullptr;
  EXPECT_EQ(WhyNotReady(view_), "starting");
  for (const char* path : {"/", "/status", "/metrics"}) EXPECT_EQ(Ask(path).status, 200) << path;
}

}  // namespace
}  // namespace signpost::lb
