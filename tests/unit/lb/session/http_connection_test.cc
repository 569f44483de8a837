// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/http_connection.h"

#include "tests/unit/lb/session/http_rig.h"

namespace signpost::lb::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using HttpConnectionTest = Rig;

TEST_F(HttpConnectionTest, KeepsBothConnectionsForTheNextRequest) {
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  for (int round = 0; round < 5; ++round) {
    if (round > 0) client->Send(kGet);
    Peer& server = Served(origin);
    EXPECT_THAT(server.Take(), StartsWith("GET /x HTTP/1.1\r\nHost: web.example\r\n"));
    server.Send(kOk);
    EXPECT_THAT(UntilGot(*client, "ok"), Not(HasSubstr("Connection: close")));
  }
  EXPECT_EQ(origin.Connections(), 1U);
  EXPECT_EQ(context.counters.http_connections.value(), 1U);
  EXPECT_EQ(context.counters.http_requests.value(), 5U);
  EXPECT_EQ(context.counters.responses[2].value(), 5U);
  EXPECT_EQ(context.idle.size(), 1U);
  EXPECT_EQ(context.exchanges->size(), 1U);
  ASSERT_EQ(log.records.size(), 5U);
  EXPECT_EQ(log.records[4].method, "GET");
  EXPECT_EQ(log.records[4].target, "/x");
  EXPECT_EQ(log.records[4].service, "web");
  EXPECT_EQ(log.records[4].endpoint, origin.address().ToString());
  EXPECT_EQ(log.records[4].request_id, "id-5");
  EXPECT_EQ(log.records[4].attempts, 1U);
}

TEST_F(HttpConnectionTest, IdleConnectionsAreSmall) { EXPECT_LE(sizeof(HttpConnection), 400U); }

TEST_F(HttpConnectionTest, TakesAHeadByteByByte) {
  Origin origin;
  Serve({&origin});
  const auto client = Connect();
  for (const char c : "\r\n" + std::string(kGet)) {
    client->Send({&c, 1});
    Turns();
  }
  Served(origin).Send(kOk);
  EXPECT_THAT(UntilGot(*client, "ok"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpConnectionTest, AnswersPipelinedRequestsOneByOne) {  // H84
  Origin origin;
  Serve({&origin});
  const auto client = Ask("GET /a HTTP/1.1\r\nHost: web.example\r\n\r\nGET /b HTTP/1.1\r\nHost: web.example\r\n\r\n" +
                          std::string("GET /c HTTP/1.1\r\nHost: web.example\r\n\r\n"));
  for (const std::string name : {"a", "b", "c"}) {
    Peer& server = Served(origin);
    Turns();
    EXPECT_THAT(server.Take(), StartsWith("GET /" + name + " HTTP/1.1\r\n"));
    server.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n<" + name);
    UntilGot(*client, "<" + name);
  }
  EXPECT_EQ(origin.Connections(), 1U);
}

TEST_F(HttpConnectionTest, CutsExactlyBehindABody) {  // H85
  Origin origin;
  Serve({&origin});
  const auto client = Ask("POST /p HTTP/1.1\r\nHost: web.example\r\nContent-Length: 3\r\n\r\nabc" + std::string(kGet));
  Peer& server = Served(origin, 0, "abc");
  Turns();
  EXPECT_TRUE(server.Take().ends_with("\r\n\r\nabc"));
  server.Send(kOk);
  UntilGot(*client, "ok");
  EXPECT_THAT(Served(origin).Take(), StartsWith("GET /x "));
}

TEST_F(HttpConnectionTest, IgnoresWhatFollowsARequestToClose) {  // H86
  Origin origin;
  Serve({&origin});
  const auto client = Ask("GET /a HTTP/1.1\r\nHost: web.example\r\nConnection: close\r\n\r\n" + std::string(kGet));
  Peer& server = Served(origin);
  server.Take();
  server.Send(kOk);
  EXPECT_THAT(UntilGot(*client, "ok"), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(Until([&] { return client->Ended(); }));
  Turns();
  EXPECT_EQ(server.Got(), "");
  client->Close();
  EXPECT_TRUE(Until([&] { return context.sessions.size() == 0; }));
}

struct Refused {
  const char* id;
  std::string request;
  int status;
};

TEST_F(HttpConnectionTest, RefusesBadRequestsAndCloses) {
  Origin origin;
  Serve({&origin});
  const std::vector<Refused> cases = {
      {"H03", "GET  /x HTTP/1.1\r\nHost: web.example\r\n\r\n", 400},
      {"H09", "GET /x HTTP/2.0\r\nHost: web.example\r\n\r\n", 505},
      {"H11", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"H14", "TRACE /x HTTP/1.1\r\nHost: web.example\r\n\r\n", 405},
      {"H15", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501},
      {"H20", "GET https://web.example/x HTTP/1.1\r\nHost: web.example\r\n\r\n", 421},
      {"H26", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: web.example\r\n\r\n", 414},
      {"H41", "GET / HTTP/1.1\r\nHost: web.example\r\nX: " + std::string(33000, 'a') + "\r\n\r\n", 431},
      {"H45", "GET /x HTTP/1.1\r\n\r\n", 400},
      {"H75", "POST /x HTTP/1.1\r\nHost: web.example\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", 400},
  };
  for (const Refused& one : cases) {
    SCOPED_TRACE(one.id);
    const auto client = Ask(one.request);
    EXPECT_TRUE(Until([&] { return client->Over(); }));
    EXPECT_THAT(client->Got(), StartsWith("HTTP/1.1 " + std::to_string(one.status) + " "));
    EXPECT_THAT(client->Got(), HasSubstr("Connection: close\r\n"));
    EXPECT_TRUE(client->Ended()) << "the answer must not be lost to a reset";
  }
  EXPECT_EQ(origin.Connections(), 0U);
  EXPECT_EQ(context.counters.bad_requests.value(), cases.size());
  EXPECT_EQ(log.records.size(), cases.size());
}

TEST_F(HttpConnectionTest, ClosesWithoutAWordWhenNothingWasAsked) {  // H139
  rules.header_timeout = Millis(30);
  UseRules();
  const auto client = Connect();
  EXPECT_TRUE(Until([&] { return client->Ended(); }));
  EXPECT_EQ(client->Got(), "");
  EXPECT_EQ(context.sessions.size(), 0U);
}

TEST_F(HttpConnectionTest, ClosesWithoutAWordAfterIdling) {  // H140
  rules.idle_timeout = Millis(30);
  UseRules();
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Served(origin).Send(kOk);
  UntilGot(*client, "ok");
  EXPECT_TRUE(Until([&] { return client->Ended(); }));
  EXPECT_EQ(client->Got(), "");
}

TEST_F(HttpConnectionTest, AnswersALateHeadWith408) {  // H137
  rules.header_timeout = Millis(30);
  UseRules();
  const auto client = Ask("GET /x HTTP/1.1\r\nHost: web");
  EXPECT_TRUE(Until([&] { return client->Ended(); }));
  EXPECT_THAT(client->Got(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_EQ(context.counters.bad_requests.value(), 0U);
  EXPECT_EQ(log.records.at(0).termination, Termination::kClientTimeout);
}

TEST_F(HttpConnectionTest, ClosesAfterSoManyRequests) {
  rules.client_requests = 2;
  UseRules();
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Served(origin).Take();
  origin[0].Send(kOk);
  EXPECT_THAT(UntilGot(*client, "ok"), Not(HasSubstr("Connection: close")));
  client->Send(kGet);
  Served(origin).Send(kOk);
  EXPECT_THAT(UntilGot(*client, "ok"), HasSubstr("Connection: close"));
  EXPECT_TRUE(Until([&] { return client->Ended(); }));
}

TEST_F(HttpConnectionTest, DrainClosesIdleConnectionsAndEndsOthersAfterTheirAnswer) {  // R06
  Origin origin;
  Serve({&origin});
  const auto fresh = Connect();
  const auto begun = Ask("GET /x HT");
  const auto busy = Ask(kGet);
  Served(origin);
  Turns();
  context.draining = true;
  context.sessions.ForEach([](Session& session) { session.OnDrain(); });
  EXPECT_TRUE(Until([&] { return fresh->Ended(); }));
  EXPECT_EQ(fresh->Got(), "");
  EXPECT_EQ(context.sessions.size(), 2U);
  origin[0].Take();
  origin[0].Send(kOk);
  EXPECT_THAT(UntilGot(*busy, "ok"), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(Until([&] { return busy->Ended(); }));
  begun->Send("TP/1.1\r\nHost: web.example\r\n\r\n");
  Served(origin).Send(kOk);
  EXPECT_THAT(UntilGot(*begun, "ok"), HasSubstr("Connection: close\r\n"));
}

TEST_F(HttpConnectionTest, KillResetsWhoWaits) {
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Served(origin);
  context.sessions.ForEach([](Session& session) { session.Kill(Termination::kShutdown); });
  EXPECT_TRUE(Until([&] { return client->WasReset() && origin[0].Over(); }));
  EXPECT_EQ(log.records.at(0).termination, Termination::kShutdown);
  EXPECT_EQ(context.sessions.size(), 0U);
}

TEST_F(HttpConnectionTest, TakesTheAddressOfAProxyHeader) {  // T17
  Origin origin;
  Serve({&origin});
  const auto client = Connect(true);
  client->Send("PROXY TCP4 192.0.2.7 198.51.");
  Turns();
  client->Send("100.1 4711 8080\r\n" + std::string(kGet));
  const std::string seen = Served(origin).Take();
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-For: 192.0.2.7\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-Port: 8080\r\n"));
}

TEST_F(HttpConnectionTest, ClosesWithoutAnExpectedProxyHeader) {  // T19
  rules.proxy_timeout = Millis(30);
  UseRules();
  const auto wrong = Connect(true);
  wrong->Send(kGet);
  const auto silent = Connect(true);
  EXPECT_TRUE(Until([&] { return wrong->Over() && silent->Over(); }));
  EXPECT_EQ(wrong->Got(), "");
  EXPECT_EQ(context.counters.proxy_header_errors.value(), 2U);
}

}  // namespace
}  // namespace signpost::lb::test
