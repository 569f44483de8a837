// Signpost. Apache-2.0; see LICENSE.
// Upgraded connections.
#include "lb/session/exchange.h"
#include "tests/unit/lb/session/http_rig.h"

namespace signpost::lb::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using ExchangeTunnelTest = Rig;

constexpr std::string_view kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: web.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
constexpr std::string_view kSwitch = "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

TEST_F(ExchangeTunnelTest, CarriesBytesBothWaysWithWhatCameEarly) {  // H94, H95, H98
  Origin origin;
  Serve({&origin});
  const auto client = Ask(std::string(kUpgrade) + "early");
  Peer& server = Served(origin);
  EXPECT_THAT(server.Take(), HasSubstr("Upgrade: websocket\r\n"));
  server.Send(std::string(kSwitch) + "hello");
  const std::string head = UntilGot(*client, "hello");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 101 Switching\r\n"));
  EXPECT_THAT(head, HasSubstr("Upgrade: websocket\r\n"));
  EXPECT_EQ(UntilGot(server, "early"), "early");
  client->Send("ping");
  EXPECT_EQ(UntilGot(server, "ping"), "ping");
  client->Finish();
  EXPECT_TRUE(Until([&] { return server.Ended(); }));
  server.Send("bye");
  EXPECT_EQ(UntilGot(*client, "bye"), "bye");
  server.Finish();
  EXPECT_TRUE(Until([&] { return client->Ended() && context.sessions.size() == 0; }));
  EXPECT_EQ(context.counters.tunnels.value(), 1U);
  EXPECT_EQ(log.records.at(0).status, 101);
  EXPECT_EQ(log.records.at(0).termination, Termination::kTunnel);
  EXPECT_EQ(context.routes->pools[0]->members[0].endpoint->in_use(), 0U);
}

TEST_F(ExchangeTunnelTest, ARefusedUpgradeIsAnAnswerLikeAnother) {
  Origin origin;
  Serve({&origin});
  const auto client = Ask(std::string(kUpgrade) + std::string(kGet));
  Served(origin).Take();
  origin[0].Send(kOk);
  UntilGot(*client, "ok");
  EXPECT_THAT(Served(origin).Take(), StartsWith("GET /x "));
}

TEST_F(ExchangeTunnelTest, ABodyOfNoBytesIsNoObstacle) {  // "docker exec" asks so
  Origin origin;
  Serve({&origin});
  const auto client = Ask(
      "POST /exec HTTP/1.1\r\nHost: web.example\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\nls");
  Peer& server = Served(origin);
  const std::string head = server.Take();
  EXPECT_THAT(head, HasSubstr("Upgrade: tcp\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Length: 0\r\n"));
  server.Send("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
  UntilGot(*client, "\r\n\r\n");
  EXPECT_EQ(UntilGot(server, "ls"), "ls");
}

TEST_F(ExchangeTunnelTest, IdleTunnelsEnd) {
  settings.tunnel_timeout = Millis(40);
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kUpgrade);
  Served(origin).Send(kSwitch);
  EXPECT_TRUE(Until([&] { return client->Over() && origin[0].Over(); }));
  EXPECT_EQ(log.records.at(0).termination, Termination::kIdle);
}

TEST_F(ExchangeTunnelTest, OfARemovedEndpointEndsAfterItsDeadline) {  // R02
  settings.drain_http = Millis(40);
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kUpgrade);
  Served(origin).Send(kSwitch);
  UntilGot(*client, "\r\n\r\n");
  context.routes->pools[0]->members[0].endpoint->SetRemoved(Millis(1));
  context.Publish(context.routes, true);
  client->Send("ping");
  UntilGot(origin[0], "ping");
  EXPECT_TRUE(Until([&] { return client->WasReset() && origin[0].WasReset(); }));
  EXPECT_EQ(log.records.at(0).termination, Termination::kDrained);
  EXPECT_EQ(context.counters.bytes_from_clients.value(), 4U);
  EXPECT_EQ(context.sessions.size(), 0U);
}

TEST_F(ExchangeTunnelTest, KillResetsBothSides) {
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kUpgrade);
  Served(origin).Send(kSwitch);
  UntilGot(*client, "\r\n\r\n");
  context.sessions.ForEach([](Session& session) { session.Kill(Termination::kShutdown); });
  EXPECT_TRUE(Until([&] { return client->WasReset() && origin[0].WasReset(); }));
}

}  // namespace
}  // namespace signpost::lb::test
