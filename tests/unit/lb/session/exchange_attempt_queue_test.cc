// Signpost. Apache-2.0; see LICENSE.
// Waiting for a version that is full: cases F15 and F16.
#include "lb/session/exchange.h"
#include "tests/unit/lb/session/http_rig.h"

namespace signpost::lb::test {
namespace {

using ::testing::StartsWith;

class ExchangeQueueTest : public Rig {
 protected:
  ExchangeQueueTest() {
    versions = {"v1", "v2"};
    settings.max_conns = 1;
    settings.split = ParseShares("v1:50,v2:50").value();
    rules.trusted = PrefixSet::Parse({"127.0.0.0/8"}).value();
    UseRules();
    Serve({&one_, &two_});
  }
  static std::string Get(const std::string& target, const std::string& version) {
    return "GET " + target + " HTTP/1.1\r\nHost: web.example\r\nX-LB-Version: " + version + "\r\n\r\n";
  }
  ::testing::AssertionResult Wait(uint32_t count) {
    return Until([&] { return state->waiting.load() == count; });
  }

  Origin one_, two_;
};

TEST_F(ExchangeQueueTest, AFullVersionHoldsUpNoOther) {  // F15
  const auto holder = Ask(Get("/holder", "v2"));
  Served(two_).Take();
  const auto first = Ask(Get("/first", "v2"));
  const auto second = Ask(Get("/second", "v2"));
  ASSERT_TRUE(Wait(2));
  for (int round = 0; round < 3; ++round) {
    const auto other = Ask(Get("/other", "v1"));
    EXPECT_THAT(Served(one_).Take(), StartsWith("GET /other "));
    one_[0].Send(kOk);
    UntilGot(*other, "ok");
  }
  const auto busy = Ask(Get("/busy", "v1"));
  Served(one_).Take();
  const auto behind = Ask(Get("/behind", "v1"));
  ASSERT_TRUE(Wait(3));
  one_[0].Send(kOk);
  EXPECT_THAT(Served(one_).Take(), StartsWith("GET /behind "));
  EXPECT_EQ(state->waiting.load(), 2U);
  two_[0].Send(kOk);
  EXPECT_THAT(Served(two_).Take(), StartsWith("GET /first "));
  two_[0].Send(kOk);
  EXPECT_THAT(Served(two_).Take(), StartsWith("GET /second "));
}

// The first and the third are of one version, the second of the other one.
TEST_F(ExchangeQueueTest, WhoseTurnIsAFullVersionsWaitsForIt) {
  const auto first = Ask("GET /1 HTTP/1.1\r\nHost: web.example\r\n\r\n");
  const auto second = Ask("GET /2 HTTP/1.1\r\nHost: web.example\r\n\r\n");
  const bool first_at_one = Served(one_).Take().starts_with("GET /1 ");
  Served(two_).Take();
  Origin& odd = first_at_one ? one_ : two_;
  Origin& even = first_at_one ? two_ : one_;
  const auto third = Ask("GET /3 HTTP/1.1\r\nHost: web.example\r\n\r\n");
  ASSERT_TRUE(Wait(1));
  even[0].Send(kOk);
  UntilGot(*second, "ok");
  signpost::test::RunTurns(loop, 30);
  EXPECT_EQ(state->waiting.load(), 1U);
  odd[0].Send(kOk);
  EXPECT_THAT(Served(odd).Take(), StartsWith("GET /3 "));
}

// What it waits for is what it wants now: v1's, when v2 has no endpoint any more.
TEST_F(ExchangeQueueTest, WaitersFollowTheirRequestToAnotherVersion) {
  const auto of_one = Ask(Get("/holder", "v1"));
  const auto of_two = Ask(Get("/holder", "v2"));
  Served(one_).Take();
  Served(two_).Take();
  const auto first = Ask(Get("/first", "v2"));
  const auto second = Ask(Get("/second", "v1"));
  ASSERT_TRUE(Wait(2));
  Serve({&one_});
  signpost::test::RunTurns(loop, 30);
  EXPECT_EQ(state->waiting.load(), 2U);
  one_[0].Send(kOk);
  EXPECT_THAT(Served(one_).Take(), StartsWith("GET /first "));
  EXPECT_EQ(state->spills.load(), 1U);
  one_[0].Send(kOk);
  EXPECT_THAT(Served(one_).Take(), StartsWith("GET /second "));
}

}  // namespace
}  // namespace signpost::lb::test
