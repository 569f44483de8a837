// Signpost. Apache-2.0; see LICENSE.
// The request's body, and clients that leave.
#include "lb/session/exchange.h"
#include "tests/unit/lb/session/http_rig.h"

namespace signpost::lb::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using ExchangeRequestTest = Rig;

std::string Post(size_t length) {
  return "POST /x HTTP/1.1\r\nHost: web.example\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}
constexpr std::string_view kChunkedPost = "POST /x HTTP/1.1\r\nHost: web.example\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST_F(ExchangeRequestTest, StreamsABodyLargerThanAnyBuffer) {
  Origin origin;
  Serve({&origin});
  constexpr size_t kSize = 3 << 20;
  const auto client = Ask(Post(kSize));
  std::string body(kSize, 'x');
  for (size_t i = 0; i < kSize; i += 1000) body[i] = static_cast<char>('a' + i / 1000 % 26);
  size_t sent = 0;
  EXPECT_TRUE(Until([&] {
    sent += client->Send(std::string_view(body).substr(sent));
    return origin.Connections() == 1 && origin[0].Got().size() > kSize;
  }));
  const std::string seen = origin[0].Take();
  EXPECT_TRUE(seen.ends_with("\r\n\r\n" + body));
  origin[0].Send(kOk);
  EXPECT_THAT(UntilGot(*client, "ok"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(context.idle.size(), 1U);
}

TEST_F(ExchangeRequestTest, AnEndpointThatDoesNotReadStopsTheClient) {  // T05 for bodies
  rules.relay.pending_high = 128 << 10;
  UseRules();
  Origin origin;
  Serve({&origin});
  constexpr size_t kSize = 200 << 20;
  const auto client = Ask(Post(kSize));
  Served(origin);
  EXPECT_LT(SendUntilFull(*client), size_t{64} << 20) << "kernel buffers and no more";
  client->Reset();
  EXPECT_TRUE(Until([&] { return context.sessions.size() == 0; }));
  EXPECT_EQ(log.records.at(0).termination, Termination::kClientAbort);
}

TEST_F(ExchangeRequestTest, FramesChunksAnew) {  // H73, H80
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kChunkedPost);
  client->Send("3;a=b\r\nabc\r\n");
  Served(origin, 0, "3\r\nabc\r\n");
  client->Send("0000000002\r\nde\r\n0\r\nX-T: v\r\nContent-Length: 9\r\n\r\n");
  const std::string seen = UntilGot(origin[0], "X-T: v\r\n\r\n");
  EXPECT_TRUE(seen.ends_with("\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: v\r\n\r\n")) << seen;
  origin[0].Send(kOk);
  UntilGot(*client, "ok");
}

TEST_F(ExchangeRequestTest, BrokenChunksEndBothSides) {  // H76
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kChunkedPost);
  client->Send("3\r\nabc\r\n");
  Served(origin, 0, "abc\r\n");
  client->Send("3\r\nabcXX");
  EXPECT_TRUE(Until([&] { return client->Ended() && origin[0].Over(); }));
  EXPECT_THAT(client->Got(), StartsWith("HTTP/1.1 400 Bad Request\r\n"));
}

TEST_F(ExchangeRequestTest, ABodyThatEndsEarlyAbortsTheEndpoint) {  // H83
  Origin origin;
  Serve({&origin});
  const auto client = Ask(Post(10) + "abc");
  Served(origin, 0, "abc");
  client->Finish();
  EXPECT_TRUE(Until([&] { return origin[0].Over() && context.sessions.size() == 0; }));
  EXPECT_EQ(log.records.at(0).termination, Termination::kClientAbort);
}

TEST_F(ExchangeRequestTest, ABodyThatDripsIsRefused) {  // H138
  rules.body_rate = 1000;
  rules.body_rate_time = Millis(50);
  UseRules();
  Origin origin;
  Serve({&origin});
  const auto client = Ask(Post(1000) + "a");
  EXPECT_TRUE(Until([&] { return client->Ended(); }));
  EXPECT_THAT(client->Got(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(Until([&] { return origin.Connections() == 1 && origin[0].Over(); }));
  EXPECT_EQ(log.records.at(0).termination, Termination::kClientTimeout);
}

TEST_F(ExchangeRequestTest, SmallBodiesAreSentAgainLargeOnesNot) {  // F14
  settings.retry_on.nginx = true;
  rules.replay = 1000;
  UseRules();
  for (const size_t size : {size_t{1000}, size_t{1001}}) {
    SCOPED_TRACE(size);
    state = std::make_shared<PoolState>();
    Origin a, b;
    Serve({&a, &b});
    const std::string body(size, 'z');
    const auto client =
        Ask("PUT /x HTTP/1.1\r\nHost: web.example\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + body);
    EXPECT_TRUE(Until([&] { return a.Connections() + b.Connections() == 1; }));
    Origin& first = a.Connections() == 1 ? a : b;
    Origin& second = &first == &a ? b : a;
    Served(first, 0, body).Reset();
    if (size > 1000) {
      EXPECT_THAT(UntilGot(*client, "answer.\n"), StartsWith("HTTP/1.1 502 "));
      EXPECT_EQ(second.Connections(), 0U);
    } else {
      Served(second, 0, "\r\n\r\n" + body).Send(kOk);
      EXPECT_THAT(UntilGot(*client, "ok"), StartsWith("HTTP/1.1 200 "));
    }
  }
}

TEST_F(ExchangeRequestTest, AFinBehindTheRequestIsStillAnswered) {  // H141
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  client->Finish();
  Peer& server = Served(origin);
  Turns();
  server.Send(kOk);
  EXPECT_TRUE(Until([&] { return client->Ended(); }));
  EXPECT_THAT(client->Got(), HasSubstr("\r\n\r\nok"));
  EXPECT_EQ(log.records.at(0).termination, Termination::kOk);
}

TEST_F(ExchangeRequestTest, AResetWhileWaitingCancelsAtOnce) {  // H142
  for (const std::string pipelined : {"", "GET /next HTTP/1.1\r\n"}) {
    SCOPED_TRACE(pipelined);
    Origin origin;
    Serve({&origin});
    const auto client = Ask(kGet);
    Peer& server = Served(origin);
    client->Send(pipelined);
    Turns();
    client->Reset();
    EXPECT_TRUE(Until([&] { return server.Over(); }));
    EXPECT_EQ(log.records.back().termination, Termination::kClientAbort);
    EXPECT_EQ(context.sessions.size(), 0U);
  }
}

TEST_F(ExchangeRequestTest, AnAnswerBeforeTheBodysEndIsPassedOnAndTheConnectionCloses) {  // H89, H143
  Origin origin;
  Serve({&origin});
  const auto client = Ask(Post(100 << 20) + "abc");
  Served(origin, 0, "abc").Send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
  const std::string answer = UntilGot(*client, "no");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 Too Large\r\n"));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(Until([&] { return client->Ended() && origin[0].Over(); }));
  EXPECT_LT(SendUntilFull(*client), size_t{64} << 20) << "it stops reading after 64 KiB";
  EXPECT_EQ(context.sessions.size(), 1U) << "to close would be a reset, and that may overtake the answer";
  client->Close();
  EXPECT_TRUE(Until([&] { return context.sessions.size() == 0; }));
}

TEST_F(ExchangeRequestTest, AnswersOfAnEndpointThatStopsReadingAreFound) {  // H143
  Origin origin;
  Serve({&origin});
  const auto client = Ask(Post(100 << 20));
  Peer& server = Served(origin);
  server.Send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
  server.Finish();
  const std::string piece(256 << 10, 'x');
  client->Send(piece);
  EXPECT_THAT(UntilGot(*client, "no"), StartsWith("HTTP/1.1 413 Too Large\r\n"));
}

TEST_F(ExchangeRequestTest, ExpectIsTheEndpointsToAnswer) {  // H87, H88
  Origin origin;
  Serve({&origin});
  const auto client = Ask("POST /x HTTP/1.1\r\nHost: web.example\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  Peer& server = Served(origin);
  EXPECT_THAT(server.Take(), HasSubstr("Expect: 100-continue\r\n"));
  Turns();
  EXPECT_EQ(client->Got(), "") << "never invented";
  server.Send("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(UntilGot(*client, "\r\n\r\n").find("HTTP/1.1 100 Continue\r\n"), 0U);
  client->Send("abc");
  EXPECT_EQ(UntilGot(server, "abc"), "abc");
  server.Send(kOk);
  EXPECT_THAT(UntilGot(*client, "ok"), StartsWith("HTTP/1.1 200 "));
  client->Send(kGet);
  Served(origin).Send(kOk);
  UntilGot(*client, "ok");
}

}  // namespace
}  // namespace signpost::lb::test
