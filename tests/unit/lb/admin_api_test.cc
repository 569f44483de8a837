// Signpost. Apache-2.0; see LICENSE.
#include "lb/admin_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/run_loop.h"

namespace signpost::lb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AdminApiTest : public testing::Test {
 protected:
  AdminApiTest()
      : api_(loop_, {.set_drained =
                         [this](const std::string& service, const std::string& endpoint, bool drained) {
                           return Do(service, endpoint + (drained ? " drained" : " enabled"));
                         },
                     .set_weight =
                         [this](const std::string& service, const std::string& endpoint, int weight) {
                           return Do(service, endpoint + " weight " + std::to_string(weight));
                         }}) {}

  Status Do(const std::string& service, const std::string& what) {
    if (service != "web") return Status::NotFound("there is no service " + service);
    done_.push_back(what);
    return Status::Ok();
  }

  http::ServerResponse Ask(std::string path, std::string query, std::string_view token = "",
                           std::vector<std::pair<std::string, std::string>> headers = {}, std::string method = "PUT",
                           std::string_view peer = "127.0.0.1:1") {
    http::ServerRequest request;
    request.method = std::move(method);
    request.path = request.raw_path = std::move(path);
    request.query = std::move(query);
    request.headers = std::move(headers);
    request.peer = net::SocketAddress::Parse(peer, 0).value();
    return api_.Handle(request, token);
  }
  int Status_(std::string path, std::string query) { return Ask(std::move(path), std::move(query)).status; }
  std::vector<std::string> Done() { return std::exchange(done_, {}); }

  net::Loop loop_;
  std::vector<std::string> done_;
  AdminApi api_;
};

// Case R10.
TEST_F(AdminApiTest, DrainEnableWeight) {
  EXPECT_THAT(Ask("/v1/endpoint/drain", "service=web&endpoint=192.0.2.1:80").body,
              HasSubstr(R"("action":"drain","service":"web","endpoint":"192.0.2.1:80")"));
  EXPECT_THAT(Done(), ElementsAre("192.0.2.1:80 drained"));
  EXPECT_EQ(Status_("/v1/endpoint/weight", "service=web&endpoint=a&weight=7"), 200);
  EXPECT_THAT(Done(), ElementsAre("a weight 7"));
  EXPECT_EQ(Ask("/v1/endpoint/enable", "service=web&endpoint=a", "", {}, "POST").status, 200);
  EXPECT_THAT(Done(), ElementsAre("a enabled", "a weight -1"));
}

TEST_F(AdminApiTest, WhatIsWrongIsSaidAndNothingDone) {
  struct Case {
    const char* path;
    const char* query;
    int status;
  };
  const Case cases[] = {
      {"/v1/endpoint/stop", "service=web&endpoint=a", 404},
      {"/v1/endpoint/x/drain", "service=web&endpoint=a", 404},
      {"/v1/endpoint/drain", "service=web", 400},
      {"/v1/endpoint/drain", "endpoint=a", 400},
      {"/v1/endpoint/weight", "service=web&endpoint=a", 400},
      {"/v1/endpoint/weight", "service=web&endpoint=a&weight=-1", 400},
      {"/v1/endpoint/weight", "service=web&endpoint=a&weight=65536", 400},
      {"/v1/endpoint/drain", "service=web&endpoint=a&for=10", 400},
      {"/v1/endpoint/drain", "service=web&endpoint=a&for=0s", 400},
      {"/v1/endpoint/drain", "service=db&endpoint=a", 404},
  };
  for (const Case& c : cases) EXPECT_EQ(Status_(c.path, c.query), c.status) << c.path << "?" << c.query;
  EXPECT_EQ(Ask("/v1/endpoint/drain", "service=web&endpoint=a", "", {}, "GET").status, 405);
  EXPECT_THAT(Done(), IsEmpty());
}

TEST_F(AdminApiTest, WhoMay) {
  const std::string query = "service=web&endpoint=a";
  const auto ask = [&](std::string_view token, std::vector<std::pair<std::string, std::string>> headers,
                       std::string_view peer) {
    return Ask("/v1/endpoint/drain", query, token, std::move(headers), "PUT", peer).status;
  };
  EXPECT_EQ(ask("", {}, "[::1]:1"), 200);
  EXPECT_EQ(ask("", {}, "192.0.2.7:1"), 403);
  EXPECT_EQ(ask("", {{"origin", "http://evil.example"}}, "127.0.0.1:1"), 403);
  EXPECT_EQ(ask("", {{"sec-fetch-site", "cross-site"}}, "127.0.0.1:1"), 403);
  // A service that names this very listener as its endpoint would open it to everybody.
  EXPECT_EQ(ask("", {{"via", "1.1 signpost"}}, "127.0.0.1:1"), 403);
  EXPECT_EQ(ask("", {{"x-forwarded-for", "192.0.2.7"}}, "127.0.0.1:1"), 403);
  EXPECT_EQ(ask("hush", {{"authorization", "Bearer hush"}}, "192.0.2.7:1"), 200);
  EXPECT_EQ(ask("hush", {}, "127.0.0.1:1"), 401);
  for (const char* wrong : {"Bearer hus", "Bearer hushh", "Bearer ", "hush", "Basic hush", "Bearer HUSH"}) {
    EXPECT_EQ(ask("hush", {{"authorization", wrong}}, "127.0.0.1:1"), 401) << wrong;
  }
  EXPECT_EQ(Done().size(), 2U);
}

TEST_F(AdminApiTest, AWishRunsOut) {
  Ask("/v1/endpoint/drain", "service=web&endpoint=a&for=20ms");
  Ask("/v1/endpoint/weight", "service=web&endpoint=b&weight=0&for=20ms");
  EXPECT_EQ(Done().size(), 2U);
  EXPECT_TRUE(test::RunUntil(loop_, [&] { return done_.size() == 2; }));
  EXPECT_THAT(Done(), testing::UnorderedElementsAre("a enabled", "b weight -1"));
}

TEST_F(AdminApiTest, ANewWishReplacesTheOldOnesEnd) {
  Ask("/v1/endpoint/drain", "service=web&endpoint=a&for=5ms");
  Ask("/v1/endpoint/drain", "service=web&endpoint=a");
  Ask("/v1/endpoint/weight", "service=web&endpoint=b&weight=3&for=5ms");
  Ask("/v1/endpoint/enable", "service=web&endpoint=b");
  Done();
  test::RunTurns(loop_, 20);
  EXPECT_THAT(Done(), IsEmpty());
}

}  // namespace
}  // namespace signpost::lb
