// Signpost. Apache-2.0; see LICENSE.
// Choosing, connecting and retrying.
#include "lb/session/exchange.h"
#include "tests/unit/lb/session/http_rig.h"

namespace signpost::lb::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using ExchangeAttemptTest = Rig;

constexpr std::string_view kPost = "POST /x HTTP/1.1\r\nHost: web.example\r\nContent-Length: 4\r\n\r\nbody";

TEST_F(ExchangeAttemptTest, UnknownHostsGet404) {  // H53, H54
  Origin origin;
  Serve({&origin});
  const auto client = Ask("GET /x HTTP/1.1\r\nHost: other.example\r\n\r\n");
  EXPECT_THAT(UntilGot(*client, "host name.\n"), StartsWith("HTTP/1.1 404 Not Found\r\n"));
  client->Send("GET /x HTTP/1.0\r\n\r\n");
  EXPECT_THAT(UntilGot(*client, "host name.\n"), StartsWith("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_EQ(context.counters.no_route.value(), 2U);
  EXPECT_EQ(origin.Connections(), 0U);
}

TEST_F(ExchangeAttemptTest, AnEmptyServiceGets503) {  // H55
  Serve({});
  const auto client = Ask(kGet);
  const std::string answer = UntilGot(*client, "\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_THAT(answer, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Connection: close")));
  Origin origin;
  Serve({&origin});
  client->Send(kGet);
  Served(origin).Send(kOk);
  EXPECT_THAT(UntilGot(*client, "ok"), HasSubstr("HTTP/1.1 200"));
}

TEST_F(ExchangeAttemptTest, WithoutRoutesYetItIs503) {
  const auto client = Ask(kGet);
  EXPECT_THAT(UntilGot(*client, "\r\n\r\n"), StartsWith("HTTP/1.1 503 "));
}

TEST_F(ExchangeAttemptTest, ARefusedConnectGoesElsewhereWithItsBody) {  // F01, F07
  Origin dead, alive;
  dead.Close();
  Serve({&dead, &alive});
  for (int round = 0; round < 4; ++round) {
    const auto client = Ask(kPost);
    Peer& server = Served(alive, 0, "\r\n\r\nbody");
    EXPECT_THAT(server.Take(), StartsWith("POST /x HTTP/1.1\r\n"));
    server.Send(kOk);
    EXPECT_THAT(UntilGot(*client, "ok"), StartsWith("HTTP/1.1 200 "));
  }
  EXPECT_EQ(state->retries.load(), 1U) << "the dead one is left alone afterwards";
  const auto record = std::max_element(log.records.begin(), log.records.end(),
                                       [](const auto& a, const auto& b) { return a.attempts < b.attempts; });
  EXPECT_EQ(record->attempts, 2U);
}

TEST_F(ExchangeAttemptTest, NobodyThereIs502) {
  Origin a, b;
  a.Close();
  b.Close();
  Serve({&a, &b});
  const auto client = Ask(kGet);
  const std::string answer = UntilGot(*client, "answer.\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 502 Bad Gateway\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("127.0.0.1")));
  EXPECT_EQ(log.records.at(0).termination, Termination::kConnectFailed);
  EXPECT_EQ(log.records.at(0).attempts, 2U);
}

TEST_F(ExchangeAttemptTest, AGetThatWasResetGoesElsewhere) {  // F09, H109
  Origin a, b;
  Serve({&a, &b});
  const auto client = Ask(kGet);
  EXPECT_TRUE(Until([&] { return a.Connections() + b.Connections() == 1; }));
  Origin& first = a.Connections() == 1 ? a : b;
  Origin& second = &first == &a ? b : a;
  Served(first).Reset();
  Served(second).Send(kOk);
  EXPECT_THAT(UntilGot(*client, "ok"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ExchangeAttemptTest, APostThatWasResetDoesNot) {  // F08
  Origin a, b;
  Serve({&a, &b});
  const auto client = Ask(kPost);
  EXPECT_TRUE(Until([&] { return a.Connections() + b.Connections() == 1; }));
  Origin& first = a.Connections() == 1 ? a : b;
  Served(first, 0, "body").Reset();
  EXPECT_THAT(UntilGot(*client, "answer.\n"), StartsWith("HTTP/1.1 502 "));
  EXPECT_EQ(a.Connections() + b.Connections(), 1U);
}

TEST_F(ExchangeAttemptTest, ASilentEndpointIs504AfterTheAttempts) {  // H144, F11
  settings.read_timeout = Millis(40);
  Origin a, b;
  Serve({&a, &b});
  const auto client = Ask(kGet);
  EXPECT_THAT(UntilGot(*client, "in time.\n"), StartsWith("HTTP/1.1 504 Gateway Timeout\r\n"));
  EXPECT_EQ(a.Connections(), 1U);
  EXPECT_EQ(b.Connections(), 1U);
  EXPECT_TRUE(a[0].Over());
  EXPECT_EQ(log.records.at(0).termination, Termination::kUpstreamTimeout);
}

TEST_F(ExchangeAttemptTest, AStaleConnectionIsReplacedOnce) {  // H145, F20
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Served(origin).Take();
  origin[0].Send(kOk);
  UntilGot(*client, "ok");
  client->Send(kGet);
  Served(origin).Close();
  Served(origin, 1).Send(kOk);
  EXPECT_THAT(UntilGot(*client, "ok"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(state->retries.load(), 0U) << "it costs no retry";
  EXPECT_EQ(context.routes->pools[0]->members[0].endpoint->fails(), 0U);
}

TEST_F(ExchangeAttemptTest, AListedStatusGoesElsewhereOthersPass) {  // F12
  settings.retry_on.http_500 = true;
  Origin a, b;
  Serve({&a, &b});
  const auto client = Ask(kGet);
  EXPECT_TRUE(Until([&] { return a.Connections() + b.Connections() == 1; }));
  Origin& first = a.Connections() == 1 ? a : b;
  Origin& second = &first == &a ? b : a;
  Served(first).Send("HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad");
  Served(second).Send("HTTP/1.1 404 Not here\r\nContent-Length: 3\r\n\r\nhmm");
  EXPECT_THAT(UntilGot(*client, "hmm"), StartsWith("HTTP/1.1 404 Not here\r\n"));
}

TEST_F(ExchangeAttemptTest, TheLastOnesStatusIsPassedOn) {
  settings.retry_on.http_500 = true;
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Served(origin).Send("HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad");
  EXPECT_THAT(UntilGot(*client, "bad"), StartsWith("HTTP/1.1 500 No\r\n"));
}

TEST_F(ExchangeAttemptTest, AFullServiceQueuesInOrder) {  // F15
  settings.max_conns = 1;
  Origin origin;
  Serve({&origin});
  const auto first = Ask(kGet);
  Served(origin).Take();
  const auto second = Ask("GET /second HTTP/1.1\r\nHost: web.example\r\n\r\n");
  EXPECT_TRUE(Until([&] { return state->waiting.load() == 1; }));
  const auto third = Ask("GET /third HTTP/1.1\r\nHost: web.example\r\n\r\n");
  EXPECT_TRUE(Until([&] { return state->waiting.load() == 2; }));
  origin[0].Send(kOk);
  UntilGot(*first, "ok");
  EXPECT_THAT(Served(origin).Take(), StartsWith("GET /second "));
  second->Reset();  // F16: who leaves gives its slot to the next
  Peer& last = Served(origin, 1);
  EXPECT_THAT(last.Take(), StartsWith("GET /third "));
  last.Send(kOk);
  UntilGot(*third, "ok");
}

TEST_F(ExchangeAttemptTest, WaitingEndsWith503) {  // F15
  settings.max_conns = 1;
  settings.queue = 1;
  settings.queue_timeout = Millis(30);
  Origin origin;
  Serve({&origin});
  const auto first = Ask(kGet);
  Served(origin);
  const auto second = Ask(kGet);
  EXPECT_TRUE(Until([&] { return state->waiting.load() == 1; }));
  const auto third = Ask(kGet);
  EXPECT_THAT(UntilGot(*third, "\n\r\n"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(UntilGot(*second, "\n\r\n"), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(log.records.at(0).termination, Termination::kQueueFull);
  EXPECT_EQ(log.records.at(1).termination, Termination::kQueueTimeout);
}

TEST_F(ExchangeAttemptTest, AQueuedClientThatLeavesTakesNoSlot) {  // F16
  settings.max_conns = 1;
  Origin origin;
  Serve({&origin});
  const auto first = Ask(kGet);
  Served(origin).Take();
  const auto second = Ask(kGet);
  EXPECT_TRUE(Until([&] { return state->waiting.load() == 1; }));
  second->Reset();
  EXPECT_TRUE(Until([&] { return state->waiting.load() == 0; }));
  EXPECT_EQ(log.records.at(0).termination, Termination::kClientAbort);
}

TEST_F(ExchangeAttemptTest, ARetryNeedsTheBudget) {  // F13
  settings.retry_budget = 0;
  Origin dead, alive;
  dead.Close();
  Serve({&dead, &alive});
  int answered = 0, refused = 0;
  for (int round = 0; round < 2; ++round) {
    const auto client = Ask(kGet);
    EXPECT_TRUE(Until([&] {
      if (alive.Connections() > 0 && alive[0].Has("\r\n\r\n")) alive[0].Take(), alive[0].Send(kOk);
      return client->Has("\n\r\n") || client->Has("ok");
    }));
    ++(client->Has("502") ? refused : answered);
  }
  EXPECT_EQ(answered, 1);
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(state->budget_exhausted.load(), 1U);
}

TEST_F(ExchangeAttemptTest, RequestsOfARemovedEndpointAreGivenTime) {  // R01, R02
  settings.drain_http = Millis(30);
  Origin old, fresh;
  Serve({&old});
  const auto client = Ask(kGet);
  Served(old).Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegin");
  UntilGot(*client, "begin");
  context.routes->pools[0]->members[0].endpoint->SetRemoved(Millis(1));
  Serve({&fresh});
  context.Publish(context.routes, true);
  EXPECT_TRUE(Until([&] { return client->Over(); }));
  EXPECT_TRUE(client->WasReset());
  EXPECT_EQ(log.records.at(0).termination, Termination::kDrained);
}

TEST_F(ExchangeAttemptTest, StickyClientsComeBack) {
  settings.sticky_cookie = "route";
  Origin a, b;
  Serve({&a, &b});
  const auto client = Ask(kGet);
  EXPECT_TRUE(Until([&] { return a.Connections() + b.Connections() == 1; }));
  Origin& first = a.Connections() == 1 ? a : b;
  Served(first).Take();
  first[0].Send(kOk);
  const std::string answer = UntilGot(*client, "ok");
  const size_t at = answer.find("Set-Cookie: route=");
  ASSERT_NE(at, std::string::npos);
  EXPECT_THAT(answer, HasSubstr("; Path=/; HttpOnly; SameSite=Lax\r\n"));
  const std::string cookie = answer.substr(at + 12, 6 + 16);
  for (int round = 0; round < 3; ++round) {
    client->Send("GET /x HTTP/1.1\r\nHost: web.example\r\nCookie: a=b; " + cookie + "\r\n\r\n");
    Served(first).Take();
    first[0].Send(kOk);
    EXPECT_THAT(UntilGot(*client, "ok"), Not(HasSubstr("Set-Cookie")));
  }
}

TEST_F(ExchangeAttemptTest, VersionsKeepTheirClientsByCookie) {
  versions = {"v1", "v2"};
  settings.split = ParseShares("v1:50,v2:50").value();
  rules.served_version = true;
  UseRules();
  Origin a, b;
  Serve({&a, &b});
  const auto client = Ask(kGet);
  EXPECT_TRUE(Until([&] { return a.Connections() + b.Connections() == 1; }));
  Origin& first = a.Connections() == 1 ? a : b;
  Served(first).Take();
  first[0].Send(kOk);
  const std::string answer = UntilGot(*client, "ok");
  EXPECT_THAT(answer, HasSubstr(&first == &a ? "X-Served-Version: v1\r\n" : "X-Served-Version: v2\r\n"));
  const size_t at = answer.find("Set-Cookie: lbv=");
  ASSERT_NE(at, std::string::npos);
  for (int round = 0; round < 4; ++round) {
    client->Send("GET /x HTTP/1.1\r\nHost: web.example\r\nCookie: " + answer.substr(at + 12, 20) + "\r\n\r\n");
    Served(first).Take();
    first[0].Send(kOk);
    EXPECT_THAT(UntilGot(*client, "ok"), Not(HasSubstr("Set-Cookie")));
  }
}

TEST_F(ExchangeAttemptTest, OnlyTrustedClientsChooseTheVersion) {  // K06
  versions = {"v1", "v2"};
  settings.split = ParseShares("v1:100,v2:0").value();
  Origin one, two;
  Serve({&one, &two});
  const std::string ask = "GET /x HTTP/1.1\r\nHost: web.example\r\nX-LB-Version: v2\r\n\r\n";
  const auto stranger = Ask(ask);
  Served(one).Send(kOk);
  UntilGot(*stranger, "ok");
  rules.trusted = PrefixSet::Parse({"127.0.0.0/8"}).value();
  UseRules();
  const auto friendly = Ask(ask);
  Served(two).Send(kOk);
  UntilGot(*friendly, "ok");
}

// In strict mode; otherwise whoever asks for them is split like all others.
TEST_F(ExchangeAttemptTest, UnknownVersionsAreNotFoundAndEmptyOnesUnavailable) {
  versions = {"v1"};
  settings.split = ParseShares("v1:99,v2:1").value();
  settings.split.strict = true;
  rules.trusted = PrefixSet::Parse({"127.0.0.0/8"}).value();
  UseRules();
  Origin one;
  Serve({&one});
  const std::string ask = "GET /x HTTP/1.1\r\nHost: web.example\r\nX-LB-Version: ";
  UntilGot(*Ask(ask + "v2\r\n\r\n"), "HTTP/1.1 503 ");
  UntilGot(*Ask(ask + "v3\r\n\r\n"), "HTTP/1.1 404 ");
}

TEST_F(ExchangeAttemptTest, RoutesRewriteAndRedirect) {
  Origin origin;
  HttpRoute api;
  api.host = "web.example";
  api.path = "/api";
  api.strip = "/api";
  api.prepend = "/v1";
  api.send_host = "inner.example";
  HttpRoute moved;
  moved.host = "old.example";
  moved.redirect = 301;
  moved.redirect_to = "https://new.example$path";
  Serve({&origin}, {api, moved});
  const auto client = Ask("GET /api/users?q=1 HTTP/1.1\r\nHost: web.example\r\n\r\n");
  EXPECT_THAT(Served(origin).Take(), StartsWith("GET /v1/users?q=1 HTTP/1.1\r\nHost: inner.example\r\n"));
  origin[0].Send(kOk);
  UntilGot(*client, "ok");
  client->Send("GET /a?b HTTP/1.1\r\nHost: old.example\r\n\r\n");
  const std::string answer = UntilGot(*client, "moved.\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 301 Moved Permanently\r\n"));
  EXPECT_THAT(answer, HasSubstr("Location: https://new.example/a?b\r\n"));
}

TEST_F(ExchangeAttemptTest, OptionsThatMayNotGoOnAreAnsweredHere) {  // H106
  const auto client = Ask("OPTIONS * HTTP/1.1\r\nHost: web.example\r\nMax-Forwards: 0\r\n\r\n");
  EXPECT_THAT(UntilGot(*client, "\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ExchangeAttemptTest, SendsAProxyHeaderOnConnectionsOfItsOwn) {
  settings.send_proxy = ProxyHeader::kV1;
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  EXPECT_THAT(Served(origin).Take(), StartsWith("PROXY TCP4 127.0.0.1 127.0.0.1 "));
  origin[0].Send(kOk);
  UntilGot(*client, "ok");
  client->Send(kGet);
  EXPECT_THAT(Served(origin, 1).Take(), StartsWith("PROXY TCP4 "));
}

}  // namespace
}  // namespace signpost::lb::test
