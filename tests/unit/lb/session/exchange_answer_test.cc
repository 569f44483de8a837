// Signpost. Apache-2.0; see LICENSE.
// Answers as they reach the client.
#include "lb/session/exchange.h"
#include "tests/unit/lb/session/http_rig.h"

namespace signpost::lb::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using ExchangeAnswerTest = Rig;

constexpr std::string_view kGet10 = "GET /x HTTP/1.0\r\nHost: web.example\r\nConnection: keep-alive\r\n\r\n";

struct Answered {
  const char* id;
  std::string_view request;
  std::string answer;  // of the endpoint
  bool fin;            // and then its FIN
  std::string head;    // what is in the head for the client
  std::string body;    // what follows the head, to its end
  bool reusable;       // the endpoint's connection
  bool keep_alive;     // the client's
};

TEST_F(ExchangeAnswerTest, FramesAnswersForTheirClient) {
  constexpr std::string_view kHead = "HEAD /x HTTP/1.1\r\nHost: web.example\r\n\r\n";
  constexpr std::string_view kGetTe = "GET /x HTTP/1.1\r\nHost: web.example\r\nTE: trailers\r\nConnection: TE\r\n\r\n";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::vector<Answered> cases = {
      {"H112", kGet, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
       false, "Transfer-Encoding: chunked\r\n", "2\r\nab\r\n0\r\n\r\n", false, true},
      {"H116", kGet, "HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n", false, "HTTP/1.1 204 None\r\n", "", false, true},
      {"H117", kGet, "HTTP/1.1 204 None\r\n\r\nabcde", false, "HTTP/1.1 204 None\r\n", "", false, true},
      {"H118", kGet, "HTTP/1.1 304 Same\r\nContent-Length: 55\r\n\r\n", false, "Content-Length: 55\r\n", "", true,
       true},
      {"H119", kHead, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", false, "Content-Length: 3\r\n", "", false,
       true},
      {"H128", kGet, "HTTP/1.1 200 OK\r\n\r\nabc", true, "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n",
       false, true},
      {"H129", kGet10, "HTTP/1.1 200 OK\r\n\r\nabc", true, "Connection: close\r\n", "abc", false, false},
      {"H130", kGet10, chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", false, "Connection: close\r\n", "abcde", true,
       false},
      {"H131 dropped", kGet, chunked + "3\r\nabc\r\n0\r\nX-T: v\r\n\r\n", false, "HTTP/1.1 200 OK\r\n",
       "3\r\nabc\r\n0\r\n\r\n", true, true},
      {"H131 wanted", kGetTe, chunked + "3\r\nabc\r\n0\r\nX-T: v\r\n\r\n", false, "HTTP/1.1 200 OK\r\n",
       "3\r\nabc\r\n0\r\nX-T: v\r\n\r\n", true, true},
      {"H132", kGet, "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", false, "HTTP/1.1 999 Odd\r\n", "", true, true},
      {"H135", kGet, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcXX", false, "Content-Length: 3\r\n", "abc", false,
       true},
      {"1.0 keep-alive", kGet10, std::string(kOk), false, "Connection: keep-alive\r\n", "ok", true, true},
  };
  for (const Answered& one : cases) {
    SCOPED_TRACE(one.id);
    context.idle.Clear();
    Origin origin;
    Serve({&origin});
    const auto client = Ask(one.request);
    Peer& server = Served(origin);
    server.Send(one.answer);
    if (one.fin) server.Finish();
    std::string got;
    EXPECT_TRUE(Until([&] {
      const size_t end = client->Got().find("\r\n\r\n");
      return end != std::string::npos && client->Got().size() >= end + 4 + one.body.size();
    }));
    Turns();
    got = client->Take();
    const size_t end = got.find("\r\n\r\n") + 4;
    EXPECT_THAT(got.substr(0, end), HasSubstr(one.head));
    EXPECT_EQ(got.substr(end), one.body);
    EXPECT_EQ(context.idle.size(), one.reusable ? 1U : 0U);
    EXPECT_EQ(client->Ended(), !one.keep_alive);
  }
}

struct Broken {
  const char* id;
  std::string answer;
};

TEST_F(ExchangeAnswerTest, MalformedAnswersAre502) {
  const std::vector<Broken> cases = {
      {"H93", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"},
      {"H113", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde"},
      {"H115", "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n"},
      {"H124", "hello\r\n\r\n"},
      {"H125", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
      {"too large", "HTTP/1.1 200 OK\r\nX: " + std::string(40000, 'x')},
  };
  for (const Broken& one : cases) {
    SCOPED_TRACE(one.id);
    Origin origin;
    Serve({&origin});
    const auto client = Ask(kGet);
    Served(origin).Send(one.answer);
    EXPECT_THAT(UntilGot(*client, "answer.\n"), StartsWith("HTTP/1.1 502 Bad Gateway\r\n"));
    EXPECT_EQ(log.records.back().termination, Termination::kUpstreamMalformed);
    EXPECT_TRUE(Until([&] { return origin[0].Over(); }));
  }
}

TEST_F(ExchangeAnswerTest, TruncatedAnswersAreSeenAsSuch) {  // H110, H111, F10
  struct Case {
    const char* id;
    std::string_view request;
    std::string answer, seen;
    bool reset;
  };
  const std::vector<Case> cases = {
      {"H110", kGet, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789", "0123456789", false},
      {"H111", kGet, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n5\r\nab", "7\r\nabcdeab\r\n",
       false},
      {"to 1.0", kGet10, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n5\r\nab", "abcdeab", true},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.id);
    Origin origin;
    Serve({&origin});
    const auto client = Ask(one.request);
    Peer& server = Served(origin);
    server.Send(one.answer);
    EXPECT_TRUE(Until([&] { return client->Has(one.seen); }));
    server.Finish();
    EXPECT_TRUE(Until([&] { return client->Over(); }));
    EXPECT_EQ(client->WasReset(), one.reset);
    EXPECT_TRUE(client->Got().ends_with(one.seen)) << client->Got();
    EXPECT_EQ(log.records.back().termination, Termination::kTruncated);
    EXPECT_EQ(origin.Connections(), 1U);
  }
}

TEST_F(ExchangeAnswerTest, AHeadInPiecesAndABodyBehindIt) {
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Peer& server = Served(origin);
  for (const char c :
       std::string("HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")) {
    server.Send({&c, 1});
    Turns();
  }
  const std::string got = UntilGot(*client, "ab");
  EXPECT_THAT(got, StartsWith("HTTP/1.1 103 Early\r\nLink: a\r\n"));
  EXPECT_THAT(got, HasSubstr("\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n"));
  server.Send("cd");
  EXPECT_EQ(UntilGot(*client, "cd"), "cd");
}

TEST_F(ExchangeAnswerTest, InterimHeadsAreNotForHttp10) {  // H92
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet10);
  Served(origin).Send("HTTP/1.1 103 Early\r\n\r\n" + std::string(kOk));
  EXPECT_THAT(UntilGot(*client, "ok"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ExchangeAnswerTest, AnInterimHeadMayEndTheEndpointsConnection) {  // H136
  for (const char* const field : {"Transfer-Encoding: chunked", "Content-Length: 3", "Connection: close"}) {
    SCOPED_TRACE(field);
    Origin origin;
    Serve({&origin});
    const auto client = Ask(kGet);
    Served(origin).Send("HTTP/1.1 100 Continue\r\n" + std::string(field) + "\r\n\r\n" + std::string(kOk));
    EXPECT_THAT(UntilGot(*client, "ok"), StartsWith("HTTP/1.1 100 Continue\r\nVia: 1.1 signpost\r\n\r\nHTTP/1.1 200"));
    EXPECT_TRUE(Until([&] { return origin[0].Over(); }));
  }
}

TEST_F(ExchangeAnswerTest, ASlowReaderStopsTheEndpoint) {  // H146
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Peer& server = Served(origin);
  constexpr size_t kSize = 64 << 20;
  server.Send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n");
  size_t sent = SendUntilFull(server, kSize);
  EXPECT_LT(sent, kSize) << "kernel buffers and no more";
  const std::string piece(256 << 10, 'x');
  size_t got = 0;
  EXPECT_TRUE(Until([&] {
    if (sent < kSize) sent += server.Send(std::string_view(piece).substr(0, std::min(piece.size(), kSize - sent)));
    got += client->Take().size();
    return got > kSize;
  }));
  EXPECT_EQ(sent, kSize);
  EXPECT_TRUE(Until([&] { return context.idle.size() == 1; }));
}

TEST_F(ExchangeAnswerTest, AClientThatTakesNothingIsCutOff) {
  rules.client_write_timeout = Millis(50);
  UseRules();
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Peer& server = Served(origin);
  server.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
  const std::string piece(256 << 10, 'x');
  EXPECT_TRUE(Until([&] {
    server.Send(piece);
    return context.sessions.size() == 0;
  }));
  EXPECT_EQ(log.records.at(0).termination, Termination::kClientTimeout);
}

TEST_F(ExchangeAnswerTest, AnEndpointThatPausesTooLongIsCutOff) {
  settings.read_timeout = Millis(40);
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Served(origin).Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  UntilGot(*client, "abc");
  EXPECT_TRUE(Until([&] { return client->Ended(); }));
  EXPECT_EQ(log.records.at(0).termination, Termination::kUpstreamTimeout);
}

TEST_F(ExchangeAnswerTest, TheEndpointsTimeBeginsAgainBehindASlowClient) {
  settings.read_timeout = Millis(60);
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Peer& server = Served(origin);
  server.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
  SendUntilFull(server, SIZE_MAX, 150);  // more than read_timeout
  EXPECT_TRUE(log.records.empty()) << "the client is the slow one";
  EXPECT_TRUE(Until([&] { return client->Take(), client->Over(); }));
  EXPECT_EQ(log.records.at(0).termination, Termination::kUpstreamTimeout);
}

TEST_F(ExchangeAnswerTest, ManySmallChunksArriveWhole) {
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet10);
  std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string body;
  for (int i = 0; i < 3000; ++i) {
    answer += "1\r\n" + std::string(1, static_cast<char>('a' + i % 26)) + "\r\n";
    body += static_cast<char>('a' + i % 26);
  }
  Served(origin).Send(answer + "0\r\n\r\n");
  EXPECT_TRUE(Until([&] { return client->Ended(); }));
  EXPECT_TRUE(client->Got().ends_with("\r\n\r\n" + body));
}

TEST_F(ExchangeAnswerTest, WhatFollowsAnAnswerIsNotTheNextOne) {  // F21
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Peer& server = Served(origin);
  server.Send(kOk);
  UntilGot(*client, "ok");
  server.Send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  EXPECT_TRUE(Until([&] { return server.Over(); }));
  client->Send(kGet);
  Served(origin, 1).Send(kOk);
  EXPECT_THAT(UntilGot(*client, "ok"), Not(HasSubstr("evil")));
}

}  // namespace
}  // namespace signpost::lb::test
