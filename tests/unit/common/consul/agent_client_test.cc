// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/agent_client.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <optional>

#include "common/http/server.h"
#include "tests/support/run_loop.h"

namespace signpost::consul {
namespace {

using test::RunUntil;

http::Response Reply(int status, std::vector<std::pair<std::string, std::string>> headers) {
  http::Response response;
  response.status = status;
  response.headers = std::move(headers);
  return response;
}

TEST(ReadAgentReply, ReadsTheMetaData) {
  const AgentReply reply = ReadAgentReply(Reply(200, {{"x-consul-index", "42"},
                                                      {"x-consul-knownleader", "false"},
                                                      {"x-consul-lastcontact", "17"},
                                                      {"x-consul-contenthash", "d142255f"},
                                                      {"x-consul-results-filtered-by-acls", "true"},
                                                      {"x-consul-translate-addresses", "true"}}));
  EXPECT_EQ(reply.content_hash, "d142255f");
  EXPECT_EQ(reply.index, 42U);
  EXPECT_FALSE(reply.known_leader);
  EXPECT_EQ(reply.last_contact, Millis(17));
  EXPECT_TRUE(reply.translating);
  EXPECT_TRUE(reply.filtered);
  EXPECT_EQ(reply.error, AgentError::kNone);
}

TEST(ReadAgentReply, SurvivesStrangeHeaders) {
  for (const char* index : {"", "-1", "x", "1x", "99999999999999999999999"}) {
    EXPECT_EQ(ReadAgentReply(Reply(200, {{"x-consul-index", index}})).index, 0U) << index;
  }
  const AgentReply bare = ReadAgentReply(Reply(200, {}));
  EXPECT_TRUE(bare.known_leader);
  EXPECT_FALSE(bare.translating);
  EXPECT_FALSE(bare.filtered);
  EXPECT_GT(ReadAgentReply(Reply(200, {{"x-consul-lastcontact", "18446744073709551615"}})).last_contact, Millis(30000));
}

TEST(ReadAgentReply, ClassifiesTheStatus) {
  const std::pair<int, AgentError> kCases[] = {{200, AgentError::kNone},     {201, AgentError::kBadReply},
                                               {301, AgentError::kBadReply}, {400, AgentError::kBadReply},
                                               {401, AgentError::kDenied},   {403, AgentError::kDenied},
                                               {404, AgentError::kNotFound}, {429, AgentError::kServer},
                                               {500, AgentError::kServer},   {503, AgentError::kServer}};
  for (const auto& [status, error] : kCases) EXPECT_EQ(ReadAgentReply(Reply(status, {})).error, error) << status;
}

class AgentClientTest : public ::testing::Test {
 protected:
  AgentClientTest() {
    auto server = http::Server::Listen(loop_, net::SocketAddress::Parse("127.0.0.1:0", 1).value(), {},
                                       [this](http::ServerRequest request, std::unique_ptr<http::Responder> responder) {
                                         seen_ = request;
                                         http::ServerResponse response;
                                         response.status = status_;
                                         response.body = "body";
                                         if (!hang_) responder->Send(response);
                                         if (hang_) parked_ = std::move(responder);
                                       });
    server_ = std::move(server).value();
    options_.url = "http://" + server_->local().ToString();
  }
  ~AgentClientTest() override { std::remove(token_file_.c_str()); }

  AgentReply Ask(AgentClient& client, const GetRequest& request) {
    std::optional<AgentReply> reply;
    const auto call = client.Get(request, [&](AgentReply got) { reply = std::move(got); });
    EXPECT_TRUE(RunUntil(loop_, [&] { return reply.has_value(); }));
    return reply.value_or(AgentReply{});
  }

  AgentReply Write(AgentClient& client, PutRequest request) {
    std::optional<AgentReply> reply;
    const auto call = client.Put(std::move(request), [&](AgentReply got) { reply = std::move(got); });
    EXPECT_TRUE(RunUntil(loop_, [&] { return reply.has_value(); }));
    return reply.value_or(AgentReply{});
  }

  net::Loop loop_;
  std::unique_ptr<http::Responder> parked_;
  std::unique_ptr<http::Server> server_;
  http::ServerRequest seen_;
  int status_ = 200;
  bool hang_ = false;
  AgentOptions options_;
  std::string token_file_ = ::testing::TempDir() + "signpost_token_test";
};

TEST_F(AgentClientTest, AsksStaleAndBlocking) {
  AgentClient client(loop_, options_);
  GetRequest request;
  request.path = "/v1/health/service/a%2Fb";
  request.params = {{"dc", "dc2"}};
  EXPECT_EQ(Ask(client, request).body, "body");
  EXPECT_EQ(seen_.path, "/v1/health/service/a/b");
  EXPECT_EQ(seen_.query, "dc=dc2&stale");
  request.index = 7;
  request.wait = Millis(60000);
  EXPECT_EQ(Ask(client, request).error, AgentError::kNone);
  EXPECT_EQ(seen_.Param("index"), "7");
  EXPECT_EQ(seen_.Param("wait"), "60000ms");
  EXPECT_EQ(seen_.Header("x-consul-token"), "");
}

TEST_F(AgentClientTest, Writes) {
  AgentClient client(loop_, options_);
  const AgentReply done = Write(client, {.path = "/v1/agent/service/maintenance/a%2Fb%3A80",
                                         .params = {{"enable", "true"}, {"reason", "one & two"}},
                                         .body = "{\"x\":1}"});
  EXPECT_EQ(done.error, AgentError::kNone);
  EXPECT_EQ(seen_.method, "PUT");
  EXPECT_EQ(seen_.raw_path, "/v1/agent/service/maintenance/a%2Fb%3A80");
  EXPECT_EQ(seen_.query, "enable=true&reason=one%20%26%20two");
  EXPECT_EQ(seen_.body, "{\"x\":1}");
  EXPECT_EQ(Write(client, {.path = "/x"}).error, AgentError::kNone);
  EXPECT_EQ(seen_.method, "PUT") << "without a body too";
}

TEST_F(AgentClientTest, AFailedWriteSaysWhatConsulSaid) {
  AgentClient client(loop_, options_);
  status_ = 400;
  EXPECT_EQ(Write(client, {.path = "/x"}).error_text, "status 400: body");
  hang_ = true;
  EXPECT_EQ(Write(client, {.path = "/x", .timeout = Millis(50)}).error, AgentError::kTimeout);
  server_ = nullptr;
  EXPECT_EQ(Write(client, {.path = "/x"}).error, AgentError::kConnect);
}

TEST_F(AgentClientTest, EveryRequestCarriesUserAndNamespace) {
  options_.http_auth = "Aladdin:open sesame";
  options_.namespace_name = "team a";
  AgentClient client(loop_, options_);
  Ask(client, {.path = "/x"});
  EXPECT_EQ(seen_.Header("authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(seen_.query, "stale&ns=team%20a");
  status_ = 403;
  const AgentReply denied = Write(client, {.path = "/x"});
  EXPECT_EQ(seen_.Header("authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(seen_.Param("ns"), "team a");
  EXPECT_EQ(denied.error_text, "status 403: body");
}

TEST_F(AgentClientTest, UserAndPasswordInBase64) {
  const std::pair<const char*, const char*> kCases[] = {{"a:", "YTo="},       {"a:b", "YTpi"},
                                                        {"a:bc", "YTpiYw=="}, {":\xc3\xbc", "OsO8"},
                                                        {"nocolon", ""},      {"a:b\r\nX-Other: 1", ""}};
  for (const auto& [text, encoded] : kCases) {
    options_.http_auth = text;
    AgentClient client(loop_, options_);
    Ask(client, {.path = "/x"});
    EXPECT_EQ(seen_.Header("authorization"), *encoded ? "Basic " + std::string(encoded) : "") << text;
    EXPECT_EQ(seen_.Header("x-other"), "") << text;
  }
}

TEST_F(AgentClientTest, SendsTheTokenAndReadsItsFileAgainAfter403) {
  std::ofstream(token_file_) << "first\n";
  options_.token_file = token_file_;
  AgentClient client(loop_, options_);
  Ask(client, {.path = "/x"});
  EXPECT_EQ(seen_.Header("x-consul-token"), "first");
  std::ofstream(token_file_) << "second\n";
  status_ = 403;
  const AgentReply denied = Ask(client, {.path = "/x"});
  EXPECT_EQ(seen_.Header("x-consul-token"), "first");
  EXPECT_EQ(denied.error, AgentError::kDenied);
  EXPECT_EQ(denied.error_text.find("first"), std::string::npos);
  Ask(client, {.path = "/x"});
  EXPECT_EQ(seen_.Header("x-consul-token"), "second");
}

TEST_F(AgentClientTest, AnUnusableTokenFileLeavesTheTokenInUse) {
  std::ofstream(token_file_) << "first\n";
  options_.token_file = token_file_;
  AgentClient client(loop_, options_);
  for (const char* const text : {"", " \n", "two words\n"}) {
    std::ofstream(token_file_) << text;
    client.ReloadToken();
    Ask(client, {.path = "/x"});
    EXPECT_EQ(seen_.Header("x-consul-token"), "first") << text;
  }
  std::ofstream(token_file_) << "third";
  client.ReloadToken();
  Ask(client, {.path = "/x"});
  EXPECT_EQ(seen_.Header("x-consul-token"), "third");
}

TEST_F(AgentClientTest, ATokenThatCannotStandInAHeaderIsNotSent) {
  options_.token = "evil\r\nX-Other: 1";
  AgentClient client(loop_, options_);
  EXPECT_EQ(Ask(client, {.path = "/x"}).error, AgentError::kNone);
  EXPECT_EQ(seen_.Header("x-consul-token"), "");
  EXPECT_EQ(seen_.Header("x-other"), "");
}

TEST_F(AgentClientTest, CountsFailuresByClass) {
  AgentClient client(loop_, options_);
  const auto count = [&](AgentError error) { return client.counters().errors[static_cast<size_t>(error)].value(); };
  status_ = 500;
  const AgentReply failed = Ask(client, {.path = "/x"});
  EXPECT_EQ(failed.error, AgentError::kServer);
  EXPECT_EQ(failed.body, "");
  EXPECT_EQ(count(AgentError::kServer), 1U);
  hang_ = true;
  EXPECT_EQ(Ask(client, {.path = "/x", .timeout = Millis(50)}).error, AgentError::kTimeout);
  EXPECT_EQ(count(AgentError::kTimeout), 1U);
  server_ = nullptr;
  const AgentReply refused = Ask(client, {.path = "/x"});
  EXPECT_EQ(refused.error, AgentError::kConnect);
  EXPECT_EQ(refused.status, 0);
  EXPECT_EQ(count(AgentError::kConnect), 1U);
}

}  // namespace
}  // namespace signpost::consul
