// Signpost. Apache-2.0; see LICENSE.
// Clients that take their answer slowly, while deadlines of other things run out.
#include "lb/session/exchange.h"
#include "tests/unit/lb/session/http_rig.h"

namespace signpost::lb::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// More than fits between lb and its client, less than lb keeps for it besides.
constexpr size_t kBody = 60000;

class ExchangeSlowClientTest : public Rig {
 protected:
  ExchangeSlowClientTest() { socket_buffer = 8192; }

  static std::string LongAnswer(std::string_view status) {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(kBody) + "\r\n\r\n" +
           std::string(kBody, 'x');
  }
  // The answer's body and what follows it, once the client has read until its end or for a while.
  std::string BodyOf(Peer& client) {
    EXPECT_TRUE(Until([&] {
      const size_t end = client.Got().find("\r\n\r\n");
      return client.Over() || (end != std::string::npos && client.Got().size() >= end + 4 + kBody);
    }));
    Turns();
    const std::string got = client.Take();
    return got.substr(got.find("\r\n\r\n") + 4);
  }
};

TEST_F(ExchangeSlowClientTest, NothingIsAddedToAnAnswerThatIsComplete) {
  settings.read_timeout = Millis(250);
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Served(origin).Send(LongAnswer("200 OK"));
  EXPECT_TRUE(Until([&] { return context.idle.size() == 1; })) << "the endpoint has done its part";
  EXPECT_TRUE(log.records.empty()) << "the client has not";
  Turns(350);
  EXPECT_EQ(BodyOf(*client), std::string(kBody, 'x'));
  EXPECT_EQ(log.records.at(0).status, 200);
  EXPECT_EQ(log.records.at(0).termination, Termination::kOk);
}

TEST_F(ExchangeSlowClientTest, NorToOneThatWasTruncated) {
  settings.read_timeout = Millis(250);
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  Peer& server = Served(origin);
  const std::string size = "ea60\r\n";  // of kBody
  server.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + size + std::string(kBody, 'x'));
  Turns(20);
  server.Send("\r\nno chunk");
  EXPECT_TRUE(Until([&] { return server.Over(); }));
  EXPECT_TRUE(log.records.empty());
  Turns(350);
  EXPECT_EQ(BodyOf(*client).find("HTTP/"), std::string::npos);
  EXPECT_EQ(log.records.at(0).termination, Termination::kTruncated);
}

TEST_F(ExchangeSlowClientTest, TheBodysRateIsNoMatterAfterAnEarlyAnswer) {  // H143
  rules.body_rate = 1000;
  rules.body_rate_time = Millis(250);
  UseRules();
  Origin origin;
  Serve({&origin});
  const auto client = Ask("POST /x HTTP/1.1\r\nHost: web.example\r\nContent-Length: 1000\r\n\r\na");
  Peer& server = Served(origin, 0, "\r\n\r\na");
  server.Send(LongAnswer("413 Too Large"));
  EXPECT_TRUE(Until([&] { return server.Over(); }));
  EXPECT_TRUE(log.records.empty());
  Turns(350);
  EXPECT_EQ(BodyOf(*client), std::string(kBody, 'x'));
  EXPECT_FALSE(client->WasReset());
  EXPECT_EQ(log.records.at(0).termination, Termination::kOk);
}

TEST_F(ExchangeSlowClientTest, AnAnswerBehindManyInterimHeadsIsRead) {
  rules.response_pending = 8192;
  UseRules();
  Origin origin;
  Serve({&origin});
  const auto client = Ask(kGet);
  const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: " + std::string(8000, 'a') + "\r\n\r\n";
  Peer& server = Served(origin);
  for (int i = 0; i < 30; ++i) server.Send(hints);
  server.Send(kOk);
  Turns(20);
  EXPECT_FALSE(log.records.size() == 1) << "lb keeps 8 KiB and no more";
  EXPECT_THAT(UntilGot(*client, "\r\n\r\nok"), HasSubstr("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ExchangeSlowClientTest, InterimHeadsAreCounted) {
  for (const int count : {32, 33}) {
    SCOPED_TRACE(count);
    Origin origin;
    Serve({&origin});
    const auto client = Ask(kGet);
    std::string bytes;
    for (int i = 0; i < count; ++i) bytes += "HTTP/1.1 103 Early\r\n\r\n";
    Served(origin).Send(bytes + std::string(kOk));
    const std::string got = UntilGot(*client, count == 32 ? "\r\n\r\nok" : "answer.\n");
    EXPECT_THAT(got, StartsWith("HTTP/1.1 103 Early\r\n"));
    EXPECT_THAT(got, HasSubstr(count == 32 ? "\r\n\r\nHTTP/1.1 200 OK\r\n" : "\r\n\r\nHTTP/1.1 502 "));
    EXPECT_EQ(log.records.back().termination, count == 32 ? Termination::kOk : Termination::kUpstreamMalformed);
    EXPECT_TRUE(count == 32 || Until([&] { return origin[0].Over(); }));
    context.idle.Clear();
  }
}

}  // namespace
}  // namespace signpost::lb::test
