// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/forwarded.h"

#include "tests/unit/dnsd/query/sources_side.h"

namespace signpost::query {
namespace {

using resolver::UpstreamMessage;

class ForwardedTest : public SourcesSide {
 protected:
  bool Has(std::string_view name, std::optional<uint64_t> since_ms = std::nullopt) {
    const auto question = resolver::Ask(name, "A");
    return forwarded().Find(View(question), now_ms, since_ms).has_value();
  }
  // It arrives, and does not suffice for one who waits.
  void Hold(const std::string& name) {
    SettleA(name, 0);
    forwarded().Arrive(settled);
    EXPECT_TRUE(Has(name));
    forwarded().HoldArrived(now_ms);
    forwarded().Leave();
  }
  void SettleA(const std::string& name, uint64_t keep_until_ms = 1'000'000) {
    Settle(UpstreamMessage(name, "A").Answer(name + " 60 A 192.0.2.7"), keep_until_ms);
  }
};

TEST_F(ForwardedTest, WhatMayNotBeKeptIsThereForThoseWhoWait) {
  SettleA("a.example", 0);
  EXPECT_FALSE(Has("a.example"));
  forwarded().Arrive(settled);
  EXPECT_TRUE(Has("a.example")) << "TTL 0 is shared with waiters only";
  EXPECT_FALSE(Has("b.example"));
  forwarded().Leave();
  EXPECT_FALSE(Has("a.example"));
}

TEST_F(ForwardedTest, WhatDoesNotSufficeIsHeldForThoseWhoCameBefore) {
  Hold("a.example");
  EXPECT_FALSE(Has("a.example"));
  EXPECT_TRUE(Has("a.example", 999));
  EXPECT_FALSE(Has("a.example", 1001)) << "TTL 0 is not shared with those who come later";
  EXPECT_FALSE(Has("b.example", 999));
  now_ms = 3000;
  Hold("b.example");
  EXPECT_TRUE(Has("a.example", 999));
  now_ms = 5000;
  Hold("c.example");
  EXPECT_FALSE(Has("a.example", 999)) << "nobody waits for so long";
  EXPECT_TRUE(Has("b.example", 999));
  forwarded().Flush(std::string(1, '\0'), true);
  EXPECT_FALSE(Has("b.example", 999));
}

TEST_F(ForwardedTest, WhatHelpsNobodyIsNotHeld) {
  SettleA("a.example", 0);
  forwarded().Arrive(settled);
  forwarded().HoldArrived(now_ms);
  forwarded().Leave();
  EXPECT_FALSE(Has("a.example", 0));
}

TEST_F(ForwardedTest, TheLatestAreHeld) {
  for (size_t i = 0; i <= Forwarded::kMaxHeld; ++i) Hold("n" + std::to_string(i) + ".example");
  EXPECT_FALSE(Has("n0.example", 0));
  EXPECT_TRUE(Has("n1.example", 0));
  EXPECT_TRUE(Has("n" + std::to_string(Forwarded::kMaxHeld) + ".example", 0));
  world.Follow(
      [](Policy& policy) { policy.routes = std::make_shared<const resolver::Routes>(std::vector{RouteTo(".", 2)}); });
  EXPECT_FALSE(Has("n1.example", 0)) << "other routes";
}

TEST_F(ForwardedTest, IsAskedAnewAfterItsTime) {
  SettleA("a.example", 5000);
  now_ms = 4999;
  EXPECT_TRUE(Has("a.example"));
  now_ms = 5000;
  EXPECT_FALSE(Has("a.example"));
}

TEST_F(ForwardedTest, FlushForgetsANameOrATree) {
  const auto fill = [&] {
    for (const char* name : {"example.com", "www.example.com", "notexample.com"}) SettleA(name);
  };
  fill();
  forwarded().Flush(resolver::WireName("example.com"), false);
  EXPECT_FALSE(Has("example.com"));
  EXPECT_TRUE(Has("www.example.com"));
  fill();
  forwarded().Flush(resolver::WireName("example.com"), true);
  EXPECT_FALSE(Has("www.example.com"));
  EXPECT_TRUE(Has("notexample.com")) << "labels, not letters";
  forwarded().Flush(std::string(1, '\0'), true);
  EXPECT_EQ(forwarded().cache().size(), 0U);
}

TEST_F(ForwardedTest, ANewPolicyForgetsWhatCameByOtherRoutes) {
  SettleA("a.example");
  world.Follow([](Policy&) {});
  EXPECT_TRUE(Has("a.example")) << "the same routes";
  world.Follow(
      [](Policy& policy) { policy.routes = std::make_shared<const resolver::Routes>(std::vector{RouteTo(".", 2)}); });
  EXPECT_FALSE(Has("a.example"));
}

TEST_F(ForwardedTest, AnAnswerIsForgottenWhenItsNameGetsAnotherRoute) {  // F82
  SettleA("a.example");
  SettleA("a.corp.example");
  world.Follow([](Policy& policy) {
    policy.routes = std::make_shared<const resolver::Routes>(std::vector{RouteTo("."), RouteTo("corp.example", 2)});
  });
  EXPECT_TRUE(Has("a.example"));
  EXPECT_FALSE(Has("a.corp.example")) << "the route it came by is still there, for other names";
  SettleA("a.corp.example");
  EXPECT_FALSE(Has("a.corp.example")) << "asked before the routes changed";
}

}  // namespace
}  // namespace signpost::query
