// Signpost. Apache-2.0; see LICENSE.
// What the server refuses: broken and large requests, too many of them, too many connections.
#include <gmock/gmock.h>

#include "common/http/server.h"
#include "tests/unit/common/http/server_fixture.h"

namespace signpost::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(ServerTest, PausesAClientThatPipelinesTooMuch) {
  Listen({.max_head = 1000});
  std::unique_ptr<Responder> first;
  handler = [&](ServerRequest, std::unique_ptr<Responder> responder) { first = std::move(responder); };
  RawClient client(server->local());
  client.Send(kGet);
  EXPECT_TRUE(RunUntil(loop, [&] { return first != nullptr; }));
  const std::string junk(1 << 20, 'j');
  size_t taken = 0;
  for (size_t more = 1; more > 0 && taken < (256U << 20); taken += more) {
    more = client.SendSome(junk);
    RunTurns(loop, 3);
  }
  EXPECT_LT(taken, 256U << 20) << "the server reads on without end";
  first->Send({});
  EXPECT_TRUE(RunUntil(loop, [&] { return client.Read() && Count(client.got, "HTTP/1.1 ") == 2; }));
  EXPECT_THAT(client.got, HasSubstr("HTTP/1.1 431 "));
}

TEST_F(ServerTest, RefusesAndCloses) {
  Listen({.max_head = 1000, .max_body = 10});
  const struct {
    std::string bytes;
    const char* answer;
  } rows[] = {
      {"rubbish\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
      {"GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
      {"GET /" + std::string(2000, 'a'), "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n" + std::string(100000, 'b'),
       "HTTP/1.1 413 Content Too Large\r\n"},
      {"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501 Not Implemented\r\n"},
  };
  for (const auto& row : rows) {
    const std::string got = Talk(row.bytes + kGet);
    EXPECT_THAT(got, StartsWith(row.answer));
    EXPECT_THAT(got, HasSubstr("Connection: close\r\n"));
    EXPECT_EQ(Count(got, "HTTP/1.1 "), 1) << "what follows a refused request is not looked at";
  }
  EXPECT_EQ(handled, 0);
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(ServerTest, GoodRequestBeforeABadOneIsAnswered) {
  Listen();
  const std::string got = Talk(std::string(kGet) + "rubbish\r\n\r\n");
  EXPECT_THAT(got, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(got, HasSubstr("HTTP/1.1 400"));
}

TEST_F(ServerTest, ConnectionsBeyondTheLimitGet503) {
  Listen({.max_connections = 2});
  RawClient one(server->local());
  RawClient two(server->local());
  one.Send(kGet);
  two.Send(kGet);
  EXPECT_TRUE(RunUntil(loop, [&] { return handled == 2; }));
  RawClient three(server->local());
  EXPECT_TRUE(RunUntil(loop, [&] { return three.Read() && three.closed; }));
  EXPECT_THAT(three.got, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_EQ(server->connections(), 2U);
  one.Close();
  EXPECT_TRUE(RunUntil(loop, [&] { return server->connections() == 1; }));
  EXPECT_THAT(Talk(kGet, 1), StartsWith("HTTP/1.1 200"));
}

class ClientLimitTest : public ServerTest {
 protected:
  // A connection that the server has taken.
  std::unique_ptr<RawClient> Connect(const char* from = nullptr) {
    const size_t before = server->connections();
    auto client = std::make_unique<RawClient>(server->local(), from);
    EXPECT_TRUE(RunUntil(loop, [&] { return server->connections() == before + 1; }));
    return client;
  }
  // What a further connection is told before it is closed.
  std::string Refusal(const char* from = nullptr) {
    RawClient client(server->local(), from);
    EXPECT_TRUE(RunUntil(loop, [&] { return client.Read() && client.closed; }));
    return client.got;
  }
};

TEST_F(ClientLimitTest, ConnectionsOfOneAddressBeyondItsLimitGet429) {
  Listen({.max_connections_per_client = 2});
  auto one = Connect();
  auto two = Connect();
  const std::string refusal = Refusal();
  EXPECT_THAT(refusal, StartsWith("HTTP/1.1 429 Too Many Requests\r\n"));
  EXPECT_THAT(refusal, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(refusal.ends_with("\r\n\r\ntoo many connections from this address\n")) << refusal;
  EXPECT_EQ(server->connections(), 2U);
}

TEST_F(ClientLimitTest, OtherAddressesAreNotConcerned) {
  Listen({.max_connections_per_client = 1});
  const auto one = Connect();
  const auto other = Connect("127.0.0.2");
  EXPECT_THAT(Refusal("127.0.0.2"), StartsWith("HTTP/1.1 429 "));
  EXPECT_EQ(server->connections(), 2U);
}

TEST_F(ClientLimitTest, ClosedConnectionsMakeRoom) {
  Listen({.max_connections_per_client = 2});
  auto kept = Connect();
  for (int i = 0; i < 5; ++i) {
    auto passing = Connect();
    EXPECT_THAT(Refusal(), StartsWith("HTTP/1.1 429 "));
    passing->Close();
    EXPECT_TRUE(RunUntil(loop, [&] { return server->connections() == 1; }));
  }
}

TEST_F(ClientLimitTest, AnyNumberWithoutALimit) {
  Listen();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(Connect());
  EXPECT_EQ(server->connections(), 300U);
}

}  // namespace
}  // namespace signpost::http
