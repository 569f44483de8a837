// Signpost. Apache-2.0; see LICENSE.
// HTTP and gRPC checks against servers that misbehave. What good servers get is in the scenarios.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/common/http/client_fixture.h"
#include "tests/unit/dnsd/registry/checks/run_fixture.h"

namespace signpost::registry {
namespace {

using http::ScriptedServer;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr bool kCloses = true;
constexpr bool kStays = false;

class HttpRunTest : public RunTest {
 protected:
  CheckDefinition Http(const std::string& url) {
    CheckDefinition definition = Define(Kind::kHttp);
    definition.http = url;
    return definition;
  }
  CheckDefinition Grpc(const ScriptedServer& server) {
    CheckDefinition definition = Define(Kind::kGrpc);
    definition.grpc = server.Url("").substr(7);
    return definition;
  }
  std::string ClosedUrl() { return ScriptedServer(loop, "", kCloses).Url("/x"); }
};

TEST_F(HttpRunTest, AnAnswerIsJudged) {
  ScriptedServer server(loop, "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\nok", kStays);
  EXPECT_EQ(RunToEnd(Http(server.Url("/h"))),
            (Outcome{CheckStatus::kPassing, "HTTP GET " + server.Url("/h") + ": 200 Fine Output: ok"}));
  EXPECT_THAT(server.received, StartsWith("GET /h HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_THAT(server.received, HasSubstr("\r\nUser-Agent: Consul Health Check\r\n"));
  EXPECT_THAT(server.received, HasSubstr("\r\nConnection: close\r\n"));
}

TEST_F(HttpRunTest, EveryRunConnectsAnew) {
  ScriptedServer server(loop, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", kStays);
  RunToEnd(Http(server.Url()));
  RunToEnd(Http(server.Url()));
  EXPECT_EQ(server.streams.size(), 2U);
}

TEST_F(HttpRunTest, TheEndOfALongBodyIsKept) {
  std::string body;
  for (int i = 0; i < 20000; ++i) body += std::to_string(i) + "\n";
  ScriptedServer server(loop, "HTTP/1.1 500 Oh\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body,
                        kStays);
  CheckDefinition definition = Http(server.Url());
  definition.output_max_size = 12;
  EXPECT_EQ(RunToEnd(definition),
            (Outcome{CheckStatus::kCritical, "HTTP GET " + server.Url() + ": 500 Oh Output: 19998\n19999\n"}));
}

TEST_F(HttpRunTest, ServersThatDoNotSpeakHttpAreCritical) {
  ScriptedServer garbage(loop, "\x01\x02\xff garbage\r\n\r\n", kCloses);
  EXPECT_EQ(RunToEnd(Http(garbage.Url())).status, CheckStatus::kCritical);
  ScriptedServer shut(loop, "", kCloses);
  EXPECT_EQ(RunToEnd(Http(shut.Url())), (Outcome{CheckStatus::kCritical, "Get \"" + shut.Url() + "\": EOF"}));
  ScriptedServer endless_head(loop, "HTTP/1.1 200 OK\r\nX: " + std::string(2 << 20, 'x'), kStays);
  EXPECT_EQ(RunToEnd(Http(endless_head.Url())).status, CheckStatus::kCritical);
  const std::string closed = ClosedUrl();
  const std::string address = closed.substr(7, closed.size() - 9);
  EXPECT_EQ(RunToEnd(Http(closed)), (Outcome{CheckStatus::kCritical, "Get \"" + closed + "\": dial tcp " + address +
                                                                         ": connect: connection refused"}));
}

TEST_F(HttpRunTest, SilenceIsATimeout) {
  ScriptedServer server(loop, "", kStays);
  CheckDefinition definition = Http(server.Url());
  definition.timeout = Millis(100);
  EXPECT_EQ(RunToEnd(definition), (Outcome{CheckStatus::kCritical, "Get \"" + server.Url() +
                                                                       "\": context deadline exceeded (Client.Timeout "
                                                                       "exceeded while awaiting headers)"}));
}

TEST_F(HttpRunTest, RedirectsEnd) {
  ScriptedServer server(loop, "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n", kStays);
  EXPECT_EQ(RunToEnd(Http(server.Url())),
            (Outcome{CheckStatus::kCritical, "Get \"" + server.Url() + "\": stopped after 10 redirects"}));
  ScriptedServer elsewhere(loop, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
                           kStays);
  EXPECT_EQ(RunToEnd(Http(elsewhere.Url())).status, CheckStatus::kCritical);
}

TEST_F(HttpRunTest, BadDefinitionsAreCriticalLater) {
  EXPECT_EQ(RunToEnd(Http("ftp://127.0.0.1/")),
            (Outcome{CheckStatus::kCritical, "Get \"ftp://127.0.0.1/\": unsupported protocol scheme \"ftp\""}));
  EXPECT_EQ(RunToEnd(Http("http://%zz/")).status, CheckStatus::kCritical);
}

TEST_F(HttpRunTest, GrpcServersThatMisbehaveAreCritical) {
  struct Case {
    const char* what;
    std::string reply;
    bool closes;
    const char* output;
  };
  for (const Case& c :
       {Case{"HTTP/1.1", http::kOk, kStays, "rpc error: code = Unavailable"},
        Case{"garbage", std::string(100000, '\xff'), kCloses, "rpc error: code = Unavailable"},
        Case{"nothing", "", kCloses, "rpc error: code = Unavailable"},
        Case{"silence", "", kStays, "rpc error: code = DeadlineExceeded desc = context deadline exceeded"}}) {
    ScriptedServer server(loop, c.reply, c.closes);
    CheckDefinition definition = Grpc(server);
    definition.timeout = Millis(300);
    const Outcome end = RunToEnd(definition);
    EXPECT_EQ(end.status, CheckStatus::kCritical) << c.what;
    EXPECT_THAT(end.output, StartsWith(c.output)) << c.what;
  }
}

TEST_F(HttpRunTest, DestroyingARunCancelsIt) {
  ScriptedServer server(loop, "", kStays);
  auto run = Start(Http(server.Url()));
  ASSERT_TRUE(test::RunUntil(loop, [&] { return !server.received.empty(); }));
  run.reset();
  test::RunTurns(loop, 20);
  EXPECT_FALSE(outcome);
  EXPECT_EQ(context().http.connections(), 0U);
}

}  // namespace
}  // namespace signpost::registry
