// Signpost. Apache-2.0; see LICENSE.
// What a retry must not lose, and when none is made.
#include "lb/session/exchange.h"
#include "tests/unit/lb/session/http_rig.h"

namespace signpost::lb::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ExchangeRetryTest : public Rig {
 protected:
  Endpoint& endpoint(size_t member) { return *context.routes->pools[0]->members[member].endpoint; }
  // The one that got the only request so far.
  Origin& First(Origin& a, Origin& b) {
    EXPECT_TRUE(Until([&] { return a.Connections() + b.Connections() == 1; }));
    return a.Connections() == 1 ? a : b;
  }
};

TEST_F(ExchangeRetryTest, ABodyPieceThatMeetsAResetIsNotLost) {
  settings.retry_on.nginx = true;
  rules.replay = 1000;
  UseRules();
  for (const bool last : {false, true}) {
    SCOPED_TRACE(last);
    state = std::make_shared<PoolState>();
    Origin a, b;
    Serve({&a, &b});
    const std::string piece_a = "258\r\n" + std::string(600, 'a') + "\r\n";
    const std::string piece_b = "258\r\n" + std::string(600, 'b') + "\r\n";
    const std::string piece_c = "3\r\nccc\r\n";
    const auto client = Ask("PUT /x HTTP/1.1\r\nHost: web.example\r\nTransfer-Encoding: chunked\r\n\r\n" + piece_a);
    Origin& first = First(a, b);
    Origin& second = &first == &a ? b : a;
    Peer& server = Served(first, 0, piece_a);
    const std::string whole = last ? "0\r\n\r\n" : "";
    client->Send(piece_b + whole);  // both in one turn, the client's first
    server.Reset();
    Served(second, 0, piece_b + whole);
    if (!last) client->Send(piece_c + "0\r\n\r\n");
    const std::string body = "\r\n\r\n" + piece_a + piece_b + (last ? "" : piece_c) + "0\r\n\r\n";
    EXPECT_TRUE(Until([&] { return second[0].Has(body); })) << second[0].Got();
    second[0].Send(kOk);
    EXPECT_THAT(UntilGot(*client, "ok"), StartsWith("HTTP/1.1 200 "));
    context.idle.Clear();
  }
}

TEST_F(ExchangeRetryTest, AListedStatusIsPassedOnWhenNobodyElseHasRoom) {
  settings.retry_on.http_500 = true;
  settings.max_conns = 1;
  Origin a, b;
  Serve({&a, &b});
  ASSERT_TRUE(endpoint(1).Acquire(1));
  const auto client = Ask(kGet);
  Served(a).Send("HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad");
  EXPECT_THAT(UntilGot(*client, "bad"), StartsWith("HTTP/1.1 500 No\r\n"));
  EXPECT_EQ(state->retries.load(), 0U);
  EXPECT_EQ(endpoint(0).fails(), 1U);
  EXPECT_EQ(endpoint(0).in_use(), 0U);
}

TEST_F(ExchangeRetryTest, AListedStatusIsPassedOnWhenTheServiceIsGone) {
  settings.retry_on.http_500 = true;
  rules.served_version = true;
  UseRules();
  Origin a, b;
  Serve({&a, &b});
  const auto client = Ask(kGet);
  Origin& first = First(a, b);
  Served(first);
  state = std::make_shared<PoolState>();
  versions = {"v1"};
  Serve({&b});
  first[0].Send("HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad");
  const std::string got = UntilGot(*client, "bad");
  EXPECT_THAT(got, StartsWith("HTTP/1.1 500 No\r\n"));
  EXPECT_THAT(got, HasSubstr("X-Served-Version: default\r\n"));
}

TEST_F(ExchangeRetryTest, AClientThatWithholdsItsBodyHarmsNoEndpoint) {  // H87
  settings.read_timeout = Millis(40);
  settings.retry_on.non_idempotent = true;
  Origin a, b;
  Serve({&a, &b});
  const auto client = Ask("POST /x HTTP/1.1\r\nHost: web.example\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_THAT(UntilGot(*client, "in time.\n"), StartsWith("HTTP/1.1 504 Gateway Timeout\r\n"));
  EXPECT_EQ(a.Connections() + b.Connections(), 1U);
  EXPECT_EQ(endpoint(0).fails() + endpoint(1).fails(), 0U);
  EXPECT_EQ(log.records.at(0).termination, Termination::kUpstreamTimeout);
}

TEST_F(ExchangeRetryTest, AProxyHeaderNeverGoesToAConnectionThatIsShared) {
  Origin a, b;
  Serve({&b});
  const auto before = Ask(kGet);
  Served(b).Take();
  b[0].Send(kOk);
  UntilGot(*before, "ok");
  ASSERT_EQ(context.idle.size(), 1U);

  settings.send_proxy = ProxyHeader::kV1;
  settings.max_conns = 1;
  Serve({&a, &b});
  ASSERT_TRUE(endpoint(1).Acquire(1));
  const auto client = Ask(kGet);
  EXPECT_THAT(Served(a).Take(), StartsWith("PROXY TCP4 "));
  endpoint(1).Release();
  settings.send_proxy = ProxyHeader::kNone;
  Serve({&a, &b});
  a[0].Reset();
  EXPECT_THAT(Served(b, 1).Take(), StartsWith("PROXY TCP4 "));
  b[1].Send(kOk);
  UntilGot(*client, "ok");
  EXPECT_TRUE(Until([&] { return b[1].Over(); })) << "nobody else's request may follow that header";
  EXPECT_EQ(b[0].Got(), "");
}

TEST_F(ExchangeRetryTest, APassedOnProxyHeaderTellsWhereTheClientCameTo) {  // T17
  settings.send_proxy = ProxyHeader::kV1;
  Origin origin;
  Serve({&origin});
  const auto client = Connect(true);
  client->Send("PROXY TCP4 192.0.2.7 198.51.100.1 4711 8080\r\n" + std::string(kGet));
  EXPECT_THAT(Served(origin).Take(), StartsWith("PROXY TCP4 192.0.2.7 198.51.100.1 4711 8080\r\nGET /x "));
}

TEST_F(ExchangeRetryTest, AttemptsThatFailAtOnceAreCounted) {
  settings.attempts = 0;
  settings.max_fails = 0;
  std::vector<net::SocketAddress> nowhere;  // nobody connects to a multicast address
  for (int i = 1; i <= 200; ++i) {
    nowhere.push_back(net::SocketAddress::Parse("224.0.0." + std::to_string(i) + ":80", 0).value());
  }
  ServeAt(nowhere);
  ASSERT_NE(context.BalancerOf(0), nullptr);
  for (int i = 0; i < 5000; ++i) context.BudgetOf(0).CountRequest(std::chrono::duration_cast<Millis>(reactor.Now()));
  const auto client = Ask(kGet);
  EXPECT_THAT(UntilGot(*client, "answer.\n"), StartsWith("HTTP/1.1 502 "));
  EXPECT_EQ(log.records.at(0).attempts, 64U);
}

TEST_F(ExchangeRetryTest, WhoComesBackIsNotLeft) {  // R02
  settings.drain_http = Millis(40);
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Served(origin).Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegin");
  UntilGot(*client, "begin");
  endpoint(0).SetRemoved(Millis(1));
  context.Publish(context.routes, true);
  endpoint(0).SetRemoved(Millis(0));
  Turns(80);
  EXPECT_TRUE(log.records.empty());
  origin[0].Send("ning");
  EXPECT_EQ(UntilGot(*client, "ning"), "ning");
}

TEST_F(ExchangeRetryTest, ASecondRemovalGetsAllOfItsTime) {  // R02
  settings.drain_http = Millis(400);
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Served(origin).Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegin");
  UntilGot(*client, "begin");
  endpoint(0).SetRemoved(Millis(2));
  context.Publish(context.routes, true);
  Turns(100);
  endpoint(0).SetRemoved(Millis(3));  // it had come back in between
  const Nanos again = reactor.Now();
  context.Publish(context.routes, true);
  EXPECT_TRUE(Until([&] { return client->WasReset(); }));
  EXPECT_GE(reactor.Now() - again, Millis(400)) << "all of its time";
  EXPECT_EQ(log.records.at(0).termination, Termination::kDrained);
}

}  // namespace
}  // namespace signpost::lb::test
