// Signpost. Apache-2.0; see LICENSE.
// Requests and their answers, in order, on kept and closed connections.
#include "common/http/server.h"

#include <gmock/gmock.h>

#include "tests/unit/common/http/server_fixture.h"

namespace signpost::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

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

TEST_F(ServerTest, TellsPathsAndParametersApart) {
  Listen();
  ServerRequest seen;
  handler = [&](ServerRequest request, std::unique_ptr<Responder> responder) {
    seen = std::move(request);
    responder->Send({});
  };
  Talk("GET http://h/v1/kv/a%2Fb%20c/d?node-meta=k%3Dv&stale&node-meta=second HTTP/1.1\r\nHost: h\r\n\r\n", 1);
  EXPECT_EQ(seen.path, "/v1/kv/a/b c/d");
  EXPECT_EQ(seen.raw_path, "/v1/kv/a%2Fb%20c/d");
  EXPECT_EQ(seen.query, "node-meta=k%3Dv&stale&node-meta=second");
  EXPECT_THAT(seen.Params("node-meta"), ::testing::ElementsAre("k=v", "second"));
  EXPECT_THAT(seen.Params("stale"), ::testing::ElementsAre(""));
  EXPECT_THAT(seen.Params("none"), ::testing::IsEmpty());
  EXPECT_TRUE(seen.HasParam("stale"));
  EXPECT_FALSE(seen.HasParam("stal"));
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

TEST_F(ServerTest, RequestsThatComeInPartsWaitForTheirTurn) {
  Listen();
  HoldAnswers();
  RawClient client(server->local());
  const std::string get = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";
  client.Send(get + get.substr(0, 10));
  EXPECT_TRUE(RunUntil(loop, [&] { return held.size() == 1; }));
  client.Send(get.substr(10));
  RunTurns(loop);
  client.Send(get.substr(0, 3));
  RunTurns(loop);
  EXPECT_EQ(held.size(), 1U);
  held[0]->Send({});
  EXPECT_TRUE(RunUntil(loop, [&] { return held.size() == 2; }));
  client.Send(get.substr(3));
  RunTurns(loop);
  EXPECT_EQ(held.size(), 2U);
  held[1]->Send({});
  EXPECT_TRUE(RunUntil(loop, [&] { return held.size() == 3; }));
  held[2]->Send({});
  EXPECT_TRUE(RunUntil(loop, [&] { return client.Read() && Count(client.got, "HTTP/1.1 200") == 3; }));
}

TEST_F(ServerTest, ManyPipelinedRequestsInOneSegment) {
  Listen();
  std::string all;
  for (int i = 0; i < 1000; ++i) all += kGet;
  EXPECT_EQ(Count(Talk(all, 1000), "GET /x "), 1000);
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
