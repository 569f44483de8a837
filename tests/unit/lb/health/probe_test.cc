// Signpost. Apache-2.0; see LICENSE.
#include "lb/health/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "common/http/server.h"
#include "tests/support/run_loop.h"

namespace signpost::lb {
namespace {

using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

net::SocketAddress Address(std::string_view text) { return net::SocketAddress::Parse(text, 0).value(); }

TEST(CheckRequest, SaysWhereAndAsWhom) {
  ActiveCheck check{.kind = CheckKind::kHttp, .path = "/health?x=1", .host = "web.example", .timeout = Millis(700)};
  const http::Request request = CheckRequest(Address("[2001:db8::1]:8080"), check);
  EXPECT_EQ(request.url, "http://[2001:db8::1]:8080/health?x=1");
  EXPECT_THAT(request.headers,
              UnorderedElementsAre(Pair("Host", "web.example"), Pair("User-Agent", "signpost-lb-check")));
  EXPECT_EQ(request.timeout, Millis(700));
  EXPECT_TRUE(request.fresh_connection);
  check.path = "health";
  check.host = "";
  EXPECT_EQ(CheckRequest(Address("192.0.2.1:80"), check).url, "http://192.0.2.1:80/health");
  EXPECT_EQ(CheckRequest(Address("192.0.2.1:80"), check).headers.size(), 1U);
}

TEST(CheckVerdict, SuccessAndRedirectsAreGood) {
  for (const auto& [status, good] : {std::pair{200, true},
                                     {204, true},
                                     {302, true},
                                     {399, true},
                                     {199, false},
                                     {400, false},
                                     {404, false},
                                     {500, false},
                                     {503, false}}) {
    http::Response response;
    response.status = status;
    EXPECT_EQ(CheckVerdict(response).ok(), good) << status;
  }
  http::Response response;
  response.status = 503;
  EXPECT_EQ(CheckVerdict(response).text(), "status 503");
  EXPECT_EQ(CheckVerdict(Status::Unavailable("reset")).text(), "reset");
}

class ProbeTest : public testing::Test {
 protected:
  ProbeTest() {
    server_ =
        http::Server::Listen(loop_, Address("127.0.0.1:0"), {},
                             [this](const http::ServerRequest& request, const std::unique_ptr<http::Responder>& to) {
                               path_ = request.path;
                               to->Send({.status = status_});
                             })
            .value();
  }

  Status Run(const net::SocketAddress& address, CheckKind kind) {
    std::optional<Status> verdict;
    const Probe probe(loop_, client_, address, {.kind = kind, .path = "/health"},
                      [&](Status s) { verdict = std::move(s); });
    EXPECT_FALSE(verdict);
    EXPECT_TRUE(test::RunUntil(loop_, [&] { return verdict.has_value(); }));
    return verdict.value_or(Status::Invalid("none"));
  }

  net::Loop loop_;
  http::Client client_{loop_, {}};
  std::unique_ptr<http::Server> server_;
  int status_ = 200;
  std::string path_;
};

TEST_F(ProbeTest, TcpNeedsNoMoreThanAConnection) {
  const net::SocketAddress address = server_->local();
  EXPECT_TRUE(Run(address, CheckKind::kTcp).ok());
  EXPECT_EQ(path_, "");
  server_.reset();
  EXPECT_THAT(Run(address, CheckKind::kTcp).text(), HasSubstr("refused"));
}

TEST_F(ProbeTest, HttpNeedsAGoodStatus) {
  EXPECT_TRUE(Run(server_->local(), CheckKind::kHttp).ok());
  EXPECT_EQ(path_, "/health");
  status_ = 500;
  EXPECT_EQ(Run(server_->local(), CheckKind::kHttp).text(), "status 500");
}

}  // namespace
}  // namespace signpost::lb
