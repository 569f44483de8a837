// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/rate_limit.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::query {
namespace {

constexpr SipKey kKey = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

std::vector<uint8_t> Ip(const std::string& text) {
  std::vector<uint8_t> bytes(16);
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(4);
  EXPECT_EQ(inet_pton(AF_INET, text.c_str(), bytes.data()), 1) << text;
  return bytes;
}

struct Crowd {
  explicit Crowd(uint32_t rate) : limiter(rate, kKey) {}

  // How many of `queries` from `ip` at this time pass.
  int Pass(const std::string& ip, int queries, uint64_t now_ms) {
    int passed = 0;
    for (int i = 0; i < queries; ++i) passed += limiter.Check(Ip(ip), now_ms) == Limit::kPass ? 1 : 0;
    return passed;
  }

  RateLimiter limiter;
};

TEST(RateLimitTest, PassesTwiceTheRateAtOnceAndThenTheRate) {
  Crowd crowd(10);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 100, 5000), 20);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 100, 5099), 0);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 100, 5100), 1);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 100, 6100), 10);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 100, 60'000), 20);
  int in_ten_seconds = 0;
  for (uint64_t now = 60'001; now <= 70'000; ++now) in_ten_seconds += crowd.Pass("192.0.2.1", 1, now);
  EXPECT_EQ(in_ten_seconds, 100);
}

TEST(RateLimitTest, EverySecondBeyondItSlips) {
  Crowd crowd(1);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 2, 0), 2);
  for (const Limit limit : {Limit::kSlip, Limit::kDrop, Limit::kSlip, Limit::kDrop}) {
    EXPECT_EQ(crowd.limiter.Check(Ip("192.0.2.1"), 0), limit);
  }
}

TEST(RateLimitTest, CountsNetworks) {
  const struct {
    const char* first;
    const char* other;
    bool same;
  } kCases[] = {
      {"192.0.2.1", "192.0.2.255", true},
      {"192.0.2.1", "192.0.3.1", false},
      {"2001:db8:1:200::1", "2001:db8:1:2ff:ffff::2", true},
      {"2001:db8:1:200::1", "2001:db8:1:300::1", false},
      {"192.0.2.1", "::ffff:192.0.2.9", true},
      {"::ffff:192.0.2.1", "::ffff:192.0.3.1", false},
  };
  for (const auto& c : kCases) {
    Crowd crowd(5);
    EXPECT_EQ(crowd.Pass(c.first, 50, 0), 10) << c.first;
    EXPECT_EQ(crowd.Pass(c.other, 50, 0), c.same ? 0 : 10) << c.other;
  }
}

TEST(RateLimitTest, ZeroIsNoLimit) {
  Crowd crowd(0);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 1000, 0), 1000);
  crowd.limiter.SetRate(3);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 1000, 0), 6);
  crowd.limiter.SetRate(0);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 1000, 0), 1000);
}

TEST(RateLimitTest, OnlyAnotherRateForgets) {
  Crowd crowd(3);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 100, 0), 6);
  crowd.limiter.SetRate(3);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 100, 0), 0);
  crowd.limiter.SetRate(4);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 100, 0), 8);
}

TEST(RateLimitTest, TheLargestRateDoesNotOverflow) {
  Crowd crowd(0xffffffff);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 1000, 0), 1000);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 1000, 0xfffffff0), 1000);
}

TEST(RateLimitTest, ClocksMayPass32Bits) {
  Crowd crowd(10);
  constexpr uint64_t kTurn = uint64_t{1} << 32;
  EXPECT_EQ(crowd.Pass("192.0.2.1", 100, kTurn - 50), 20);
  EXPECT_EQ(crowd.Pass("192.0.2.1", 100, kTurn + 150), 2);
}

// However many networks come, each in turn: they share what there is, and coming in turns wins nothing.
TEST(RateLimitTest, MoreNetworksThanSlotsStayBounded) {
  RateLimiter limiter(1, kKey);
  int passed = 0;
  for (int round = 0; round < 4; ++round) {
    for (int network = 0; network < 200'000; ++network) {
      const uint8_t ip[] = {static_cast<uint8_t>(network >> 16), static_cast<uint8_t>(network >> 8),
                            static_cast<uint8_t>(network), 1};
      passed += limiter.Check(ip, 0) == Limit::kPass ? 1 : 0;
    }
  }
  EXPECT_LE(passed, 16384 * 2);
  EXPECT_GT(passed, 16000);
}

TEST(RateLimitTest, AQuietNetworksPlaceIsFree) {
  RateLimiter limiter(1, kKey);
  const auto sweep = [&](uint8_t base, uint64_t now) {
    int passed = 0;
    for (int i = 0; i < 2000; ++i) {
      const uint8_t ip[] = {base, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i), 1};
      for (int n = 0; n < 3; ++n) passed += limiter.Check(ip, now) == Limit::kPass ? 1 : 0;
    }
    return passed;
  };
  for (uint8_t base = 1; base <= 20; ++base) {  // far more networks than slots, but never many at once
    EXPECT_GE(sweep(base, base * uint64_t{10'000}), 3900) << int{base};
  }
}

TEST(RateLimitTest, OddAddressesAreHarmless) {
  Crowd crowd(1);
  EXPECT_EQ(crowd.limiter.Check({}, 0), Limit::kPass);
  const uint8_t short_one[] = {1, 2};
  EXPECT_EQ(crowd.limiter.Check(short_one, 0), Limit::kPass);
}

}  // namespace
}  // namespace signpost::query
