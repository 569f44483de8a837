// Signpost. Apache-2.0; see LICENSE.
#include "common/http/server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "tests/support/run_loop.h"

namespace signpost::http {
namespace {

using test::RunTurns;
using test::RunUntil;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A client that speaks bytes.
class RawClient {
 public:
  explicit RawClient(const net::SocketAddress& to) : fd_(socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    EXPECT_EQ(connect(fd_, to.get(), to.length()), 0);
    fcntl(fd_, F_SETFL, O_NONBLOCK);
  }
  ~RawClient() { Close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void Send(std::string_view text) {
    EXPECT_EQ(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // Sends as much as the kernel takes.
  size_t SendSome(std::string_view text) {
    const ssize_t n = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    return n > 0 ? static_cast<size_t>(n) : 0;
  }
  void FinishSending() { shutdown(fd_, SHUT_WR); }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  // Takes what has come, up to `most` bytes; for RunUntil.
  bool Read(size_t most = SIZE_MAX) {
    char buffer[65536];
    ssize_t n = 1;
    while (most > 0 && n > 0) {
      n = recv(fd_, buffer, std::min(most, sizeof buffer), 0);
      if (n > 0) got.append(buffer, static_cast<size_t>(n));
      if (n > 0) most -= static_cast<size_t>(n);
    }
    if (n == 0 || (n < 0 && errno != EAGAIN)) closed = true;
    return true;
  }

  std::string got;
  bool closed = false;

 private:
  int fd_;
};

constexpr char kGet[] = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";

class ServerTest : public ::testing::Test {
 protected:
  void Listen(ServerOptions options = {}) {
    auto result = Server::Listen(loop, net::SocketAddress::Parse("127.0.0.1:0", 0).value(), options,
                                 [this](ServerRequest request, std::unique_ptr<Responder> responder) {
                                   ++handled;
                                   handler(std::move(request), std::move(responder));
                                 });
    ASSERT_TRUE(result.ok()) << result.status().text();
    server = std::move(result).value();
  }

  // Sends `bytes` and waits for the end of the connection, or for `answers` answers.
  std::string Talk(std::string_view bytes, int answers = 0) {
    RawClient client(server->local());
    client.Send(bytes);
    EXPECT_TRUE(RunUntil(loop,
                         [&] {
                           client.Read();
                           return client.closed || (answers > 0 && Count(client.got, "HTTP/1.1 ") == answers);
                         }))
        << bytes.substr(0, 100) << " -> " << client.got;
    return client.got;
  }

  static int Count(std::string_view text, std::string_view what) {
    int count = 0;
    for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
    return count;
  }

  net::Loop loop;
  std::function<void(ServerRequest, std::unique_ptr<Responder>)> handler = [](ServerRequest request, auto responder) {
    responder->Send({.status = 200, .headers = {}, .body = request.method + " " + request.path + " " + request.body});
  };
  int handled = 0;
  std::unique_ptr<Server> server;
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  Listen();
  RawClient client(server->local());
  for (int i = 1; i <= 3; ++i) {
    client.Send(kGet);
    EXPECT_TRUE(RunUntil(loop, [&] { return client.Read() && Count(client.got, "GET /x ") == i; })) << client.got;
  }
  EXPECT_THAT(client.got, StartsWith("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nDate: "));
  EXPECT_FALSE(client.closed);
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(ServerTest, PassesTheWholeRequest) {
  Listen();
  ServerRequest seen;
  handler = [&](ServerRequest request, std::unique_ptr<Responder> responder) {
    seen = std::move(request);
    responder->Send({});
  };
  Talk("PUT /v1/kv/a%20b?flags=1&cas HTTP/1.1\r\nHost: h\r\nX-Token: t\r\nContent-Length: 4\r\n\r\nbody", 1);
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.path, "/v1/kv/a b");
  EXPECT_EQ(seen.Param("flags"), "1");
  EXPECT_EQ(seen.Param("cas"), "");
  EXPECT_EQ(seen.Param("none"), std::nullopt);
  EXPECT_EQ(seen.Header("x-token"), "t");
  EXPECT_EQ(seen.body, "body");
  EXPECT_TRUE(seen.peer.is_loopback());
}

TEST_F(ServerTest, PipelinedRequestsAreServedInOrderOneAtATime) {
  Listen();
  std::vector<std::pair<std::string, std::unique_ptr<Responder>>> open;
  handler = [&](ServerRequest request, std::unique_ptr<Responder> responder) {
    open.emplace_back(request.path, std::move(responder));
  };
  RawClient client(server->local());
  client.Send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\nGET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
  for (size_t i = 1; i <= 3; ++i) {
    EXPECT_TRUE(RunUntil(loop, [&] { return open.size() == i; }));
    RunTurns(loop);
    ASSERT_EQ(open.size(), i) << "the next request was handled before this one was answered";
    open.back().second->Send({.status = 200, .headers = {}, .body = open.back().first});
  }
  EXPECT_TRUE(RunUntil(loop, [&] { return client.Read() && Count(client.got, "HTTP/1.1 200") == 3; }));
  EXPECT_LT(client.got.find("/1"), client.got.find("/2"));
  EXPECT_LT(client.got.find("/2"), client.got.find("/3"));
}

TEST_F(ServerTest, ManyPipelinedRequestsInOneSegment) {
  Listen();
  std::string all;
  for (int i = 0; i < 1000; ++i) all += kGet;
  EXPECT_EQ(Count(Talk(all, 1000), "GET /x "), 1000);
}

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

TEST_F(ServerTest, AnswerToHeadHasNoBody) {
  Listen();
  const std::string got = Talk("HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(got, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_TRUE(got.ends_with("\r\n\r\n")) << got;
}

TEST_F(ServerTest, Http10IsServedAndClosed) {
  Listen();
  const std::string got = Talk("GET /x HTTP/1.0\r\n\r\n");
  EXPECT_THAT(got, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(got, HasSubstr("Connection: close\r\n"));
}

TEST_F(ServerTest, HandlerMayCloseTheConnection) {
  Listen();
  handler = [](ServerRequest, std::unique_ptr<Responder> responder) {
    responder->Send({.status = 200, .headers = {{"Connection", "close"}}, .body = "bye"});
  };
  EXPECT_THAT(Talk(std::string(kGet) + kGet), HasSubstr("Connection: close\r\n\r\nbye"));
  EXPECT_EQ(handled, 1);
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

TEST_F(ServerTest, SaysContinueToWhoWaits) {
  Listen();
  RawClient client(server->local());
  client.Send("PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_TRUE(RunUntil(loop, [&] { return client.Read() && client.got == "HTTP/1.1 100 Continue\r\n\r\n"; }));
  client.Send("ok");
  EXPECT_TRUE(RunUntil(loop, [&] { return client.Read() && client.got.ends_with("PUT /x ok"); })) << client.got;
}

TEST_F(ServerTest, NoContinueWhenTheBodyIsThere) {
  Listen();
  const std::string got =
      Talk("PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_THAT(got, StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, UnusedResponderAnswers500) {
  Listen();
  handler = [](ServerRequest, std::unique_ptr<Responder>) {};
  EXPECT_THAT(Talk(kGet, 1), StartsWith("HTTP/1.1 500 "));
}

TEST_F(ServerTest, SecondAnswerIsIgnored) {
  Listen();
  handler = [](ServerRequest, std::unique_ptr<Responder> responder) {
    responder->Send({.status = 201, .headers = {}, .body = ""});
    responder->Send({.status = 202, .headers = {}, .body = ""});
  };
  const std::string got = Talk("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(Count(got, "HTTP/1.1 "), 1);
  EXPECT_THAT(got, StartsWith("HTTP/1.1 201"));
}

TEST_F(ServerTest, TellsWhenTheClientGoesAway) {
  Listen();
  std::unique_ptr<Responder> waiting;
  int gone = 0;
  handler = [&](ServerRequest, std::unique_ptr<Responder> responder) {
    waiting = std::move(responder);
    waiting->OnGone([&] { ++gone; });
  };
  RawClient client(server->local());
  client.Send(kGet);
  EXPECT_TRUE(RunUntil(loop, [&] { return waiting != nullptr; }));
  EXPECT_EQ(gone, 0);
  client.Close();
  EXPECT_TRUE(RunUntil(loop, [&] { return gone == 1; }));
  waiting->Send({});
  waiting.reset();
  EXPECT_TRUE(RunUntil(loop, [&] { return server->connections() == 0; }));
  EXPECT_EQ(gone, 1);
}

TEST_F(ServerTest, GoneIsNotToldAfterTheAnswer) {
  Listen();
  std::unique_ptr<Responder> kept;
  int gone = 0;
  handler = [&](ServerRequest, std::unique_ptr<Responder> responder) {
    responder->OnGone([&] { ++gone; });
    responder->Send({});
    kept = std::move(responder);
    kept->OnGone([&] { ++gone; });
  };
  Talk(kGet, 1);
  EXPECT_TRUE(RunUntil(loop, [&] { return server->connections() == 0; }));
  EXPECT_EQ(gone, 0);
}

TEST_F(ServerTest, HalfClosedClientStillGetsItsAnswers) {
  Listen();
  std::unique_ptr<Responder> waiting;
  handler = [&](ServerRequest, std::unique_ptr<Responder> responder) { waiting = std::move(responder); };
  RawClient client(server->local());
  client.Send(std::string(kGet) + kGet);
  client.FinishSending();
  for (int i = 1; i <= 2; ++i) {
    EXPECT_TRUE(RunUntil(loop, [&] { return waiting != nullptr; }));
    RunTurns(loop);
    std::exchange(waiting, nullptr)->Send({.status = 200, .headers = {}, .body = "late"});
  }
  EXPECT_TRUE(RunUntil(loop, [&] { return client.Read() && client.closed; }));
  EXPECT_EQ(Count(client.got, "late"), 2);
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

TEST_F(ServerTest, SlowHeadGets408) {
  Listen({.head_timeout = Millis(30)});
  EXPECT_THAT(Talk("GET / HTTP/1.1\r\nHo"), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_F(ServerTest, SlowBodyGets408) {
  Listen({.body_timeout = Millis(30)});
  EXPECT_THAT(Talk("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"), StartsWith("HTTP/1.1 408 "));
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

TEST_F(ServerTest, ServerMayDieInItsHandler) {
  Listen();
  std::unique_ptr<Responder> kept;
  handler = [&](ServerRequest, std::unique_ptr<Responder> responder) {
    kept = std::move(responder);
    server.reset();
  };
  RawClient client(server->local());
  client.Send(std::string(kGet) + kGet);
  EXPECT_TRUE(RunUntil(loop, [&] { return client.Read() && client.closed; }));
  kept->Send({});
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(client.got, "");
}

TEST_F(ServerTest, PortInUseIsASentence) {
  Listen();
  const auto second = Server::Listen(loop, server->local(), {}, [](ServerRequest, auto) {});
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.status().text(), HasSubstr(server->local().ToString()));
}

}  // namespace
}  // namespace signpost::http
