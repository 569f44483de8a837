// Signpost. Apache-2.0; see LICENSE.
// Slow clients: how long a head, a body, an answer and an idle connection may take.
#include <gmock/gmock.h>

#include "common/http/server.h"
#include "tests/unit/common/http/server_fixture.h"

namespace signpost::http {
namespace {

using ::testing::StartsWith;

TEST_F(ServerTest, SlowHeadGets408) {
  Listen({.head_timeout = Millis(30)});
  EXPECT_THAT(Talk("GET / HTTP/1.1\r\nHo"), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_F(ServerTest, SlowBodyGets408) {
  Listen({.body_timeout = Millis(30)});
  EXPECT_THAT(Talk("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"), StartsWith("HTTP/1.1 408 "));
}

// One byte at a time, each well within the timeout: it is the whole that must come in time.
class DripTest : public ServerTest {
 protected:
  void DripUntilRefused(std::string_view first, char drop) {
    RawClient client(server->local());
    client.Send(first);
    const Millis start = loop.Now();
    EXPECT_TRUE(RunUntil(loop, [&] {
      client.Read();
      if (!client.closed) client.SendSome({&drop, 1});
      return client.closed;
    }));
    EXPECT_THAT(client.got, StartsWith("HTTP/1.1 408 "));
    EXPECT_GE(loop.Now() - start, kTimeout - Millis(5));
    EXPECT_EQ(handled, 0);
  }

  static constexpr Millis kTimeout{100};
};

TEST_F(DripTest, HeadMustBeWholeInTime) {
  Listen({.max_head = 1 << 20, .head_timeout = kTimeout, .idle_timeout = kTimeout});
  DripUntilRefused("GET / HTTP/1.1\r\nHost: h\r\nX: ", 'x');
}

TEST_F(DripTest, BodyMustBeWholeInTime) {
  Listen({.body_timeout = kTimeout});
  DripUntilRefused("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n", 'x');
}

TEST_F(DripTest, TrailersBelongToTheBody) {
  Listen({.max_head = 1 << 20, .body_timeout = kTimeout});
  DripUntilRefused("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: ", 'x');
}

TEST_F(ServerTest, SilentConnectionsAreClosedWithoutAWord) {
  Listen({.head_timeout = Millis(30), .idle_timeout = Millis(30)});
  EXPECT_EQ(Talk(""), "");
  EXPECT_EQ(Count(Talk(kGet), "HTTP/1.1 "), 1);
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(ServerTest, NoTimeoutWhileTheHandlerThinks) {
  Listen({.head_timeout = Millis(5), .body_timeout = Millis(5), .idle_timeout = Millis(5)});
  std::unique_ptr<Responder> waiting;
  handler = [&](ServerRequest, std::unique_ptr<Responder> responder) { waiting = std::move(responder); };
  RawClient client(server->local());
  client.Send(kGet);
  EXPECT_TRUE(RunUntil(loop, [&] { return waiting != nullptr; }));
  RunTurns(loop, 20);
  waiting->Send({});
  EXPECT_TRUE(RunUntil(loop, [&] { return client.Read() && client.closed; }));
  EXPECT_THAT(client.got, StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, SlowReaderOfALargeAnswerMayTakeLongerThanTheTimeout) {
  constexpr Millis kTimeout{300};
  constexpr size_t kSize = 24 << 20;
  Listen({.body_timeout = kTimeout});
  handler = [](ServerRequest, std::unique_ptr<Responder> responder) {
    responder->Send({.status = 200, .headers = {}, .body = std::string(kSize, 'L')});
  };
  RawClient client(server->local());
  client.Send("GET / HTTP/1.0\r\n\r\n");
  const Millis start = loop.Now();
  EXPECT_TRUE(RunUntil(
      loop, [&] { return client.Read(32 << 10) && client.closed; }, Millis(30000)));
  EXPECT_GT(client.got.size(), kSize);
  EXPECT_GT(loop.Now() - start, kTimeout) << "read too fast to prove anything";
}

// A client that takes so much of a large answer in every timeout of the server, evenly; the rest after ten of them.
class RateTest : public ServerTest {
 protected:
  // True: it got all of it.
  bool Takes(size_t in_each_timeout) {
    Listen({.body_timeout = kTimeout});
    handler = [](ServerRequest, std::unique_ptr<Responder> responder) {
      responder->Send({.status = 200, .headers = {}, .body = std::string(kSize, 'L')});
    };
    RawClient client(server->local(), nullptr, 4096);
    client.Send("GET / HTTP/1.0\r\n\r\n");
    const Millis start = loop.Now();
    EXPECT_TRUE(RunUntil(loop, [&] {
      const Millis passed = loop.Now() - start;
      if (passed > 10 * kTimeout) return client.Read() && client.closed;
      const size_t due = in_each_timeout * static_cast<size_t>(passed.count()) / kTimeout.count();
      if (due > client.got.size()) client.Read(due - client.got.size());
      return handled == 1 && server->connections() == 0;
    }));
    return client.got.size() > kSize;
  }

  static constexpr Millis kTimeout{100};
  static constexpr size_t kSize = 16 << 20;  // more than the kernel takes at once
};

TEST_F(RateTest, ClientThatTakesTooLittleIsDropped) { EXPECT_FALSE(Takes(8 << 10)); }

TEST_F(RateTest, ClientThatTakesEnoughGetsTheWhole) { EXPECT_TRUE(Takes(24 << 10)); }

// The pieces that a slow client is given make the whole.
TEST_F(ServerTest, SlowReaderGetsEveryByte) {
  Listen();
  std::string body;
  for (int i = 0; i < 2'000'000; ++i) body += static_cast<char>(i * 31 + (i >> 8));
  handler = [&](ServerRequest, std::unique_ptr<Responder> responder) {
    responder->Send({.status = 200, .headers = {}, .body = "", .shared_body = Share(body + body + body)});
  };
  RawClient client(server->local());
  client.Send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(RunUntil(loop, [&] { return client.Read(100'001) && client.closed; }));
  EXPECT_TRUE(client.got.ends_with("\r\n\r\n" + body + body + body)) << client.got.size();
}

TEST_F(ServerTest, ClientThatDoesNotReadIsDropped) {
  Listen({.body_timeout = Millis(30)});
  handler = [](ServerRequest, std::unique_ptr<Responder> responder) {
    responder->Send({.status = 200, .headers = {}, .body = std::string(16 << 20, 'L')});
  };
  RawClient client(server->local());
  client.Send(kGet);
  EXPECT_TRUE(RunUntil(loop, [&] { return handled == 1; }));
  EXPECT_TRUE(RunUntil(loop, [&] { return server->connections() == 0; }));
}

TEST_F(ServerTest, ClientThatDoesNotReadLetsGoOfASharedBody) {
  Listen({.body_timeout = Millis(30)});
  const SharedBodyPtr body = Share(std::string(16 << 20, 'L'));
  handler = [&](ServerRequest, std::unique_ptr<Responder> responder) {
    responder->Send({.status = 200, .headers = {}, .body = "", .shared_body = body});
  };
  RawClient client(server->local());
  client.Send(std::string(kGet) + kGet);
  EXPECT_TRUE(RunUntil(loop, [&] { return body.use_count() == 2; })) << "it is not copied";
  EXPECT_TRUE(RunUntil(loop, [&] { return server->connections() == 0; }));
  EXPECT_EQ(body.use_count(), 1);
  EXPECT_EQ(handled, 1);
}

}  // namespace
}  // namespace signpost::http
