// Signpost. Apache-2.0; see LICENSE.
#include "lb/health/checker.h"

#include <gtest/gtest.h>

#include "common/http/server.h"
#include "tests/support/run_loop.h"

namespace signpost::lb {
namespace {

class CheckerTest : public testing::Test {
 protected:
  CheckerTest() {
    server_ = http::Server::Listen(loop_, net::SocketAddress::Parse("127.0.0.1:0", 0).value(), {},
                                   [this](const http::ServerRequest&, const std::unique_ptr<http::Responder>& to) {
                                     ++requests_;
                                     most_ = std::max(most_, ++under_way_);
                                     to->Send({.status = status_});
                                     --under_way_;
                                   })
                  .value();
    endpoint_ = std::make_shared<Endpoint>(server_->local(), Millis(1));
  }

  std::vector<std::shared_ptr<const Pool>> Pools(CheckKind kind) {
    auto settings = std::make_shared<ServiceSettings>();
    settings->check = {
        .kind = kind, .path = "/", .interval = Millis(20), .timeout = Millis(1000), .rise = 2, .fall = 3};
    auto pool = std::make_shared<Pool>();
    pool->service = "web";
    pool->settings = std::move(settings);
    pool->members.push_back({.endpoint = endpoint_});
    pool->state = std::make_shared<PoolState>();
    return {nullptr, pool};
  }

  net::Loop loop_;
  std::unique_ptr<http::Server> server_;
  std::shared_ptr<Endpoint> endpoint_;
  int status_ = 200;
  int requests_ = 0;
  int under_way_ = 0;
  int most_ = 0;
};

// Case F17.
TEST_F(CheckerTest, DownAfterFallUpAfterRiseOneAtATime) {
  Checker checker(loop_);
  checker.Follow(Pools(CheckKind::kHttp));
  EXPECT_EQ(checker.counters().endpoints, 1U);
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return requests_ >= 2; }));
  EXPECT_FALSE(endpoint_->check_failed());

  status_ = 503;
  const uint64_t failed_before = checker.counters().failed;
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return endpoint_->check_failed(); }));
  EXPECT_EQ(checker.counters().failed - failed_before, 3U);

  status_ = 200;
  const uint64_t passed_before = checker.counters().passed;
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return !endpoint_->check_failed(); }));
  EXPECT_EQ(checker.counters().passed - passed_before, 2U);
  EXPECT_EQ(most_, 1);
}

TEST_F(CheckerTest, WhoStaysKeepsItsCountsAndWhoIsNoLongerCheckedIsFree) {
  Checker checker(loop_);
  status_ = 503;
  checker.Follow(Pools(CheckKind::kHttp));
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return endpoint_->check_failed(); }));
  checker.Follow(Pools(CheckKind::kHttp));
  EXPECT_TRUE(endpoint_->check_failed());
  checker.Follow(Pools(CheckKind::kNone));
  EXPECT_FALSE(endpoint_->check_failed());
  EXPECT_EQ(checker.counters().endpoints, 0U);
}

}  // namespace
}  // namespace signpost::lb
