// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/upstream.h"

#include <gtest/gtest.h>

namespace signpost::resolver {
namespace {

Upstream At(const char* address) { return Upstream(net::SocketAddress::Parse(address, 53).value()); }

TEST(Upstream, Timeouts) {
  struct Case {
    const char* address;
    double rtt_ms;
    uint32_t again;
    int expected;
  };
  constexpr Case kCases[] = {
      {"192.0.2.1", 0, 0, 400},    {"192.0.2.1", 0, 1, 800},   {"192.0.2.1", 0, 2, 1000},
      {"192.0.2.1", 1, 0, 150},    {"192.0.2.1", 60, 0, 240},  {"192.0.2.1", 60, 1, 480},
      {"192.0.2.1", 500, 0, 1000}, {"127.0.0.53", 1, 0, 300},  // F86
      {"[::1]", 1, 0, 300},        {"192.0.2.1", 1, 40, 1000},
  };
  for (const Case& c : kCases) {
    Upstream upstream = At(c.address);
    if (c.rtt_ms > 0) upstream.OnReply(c.rtt_ms);
    EXPECT_EQ(upstream.Timeout(c.again).count(), c.expected) << c.address << " " << c.rtt_ms << " " << c.again;
  }
}

TEST(Upstream, SmoothsTheRoundTrip) {
  Upstream upstream = At("192.0.2.1");
  EXPECT_EQ(upstream.srtt_ms(), 0);
  upstream.OnReply(80);
  upstream.OnReply(160);
  EXPECT_EQ(upstream.srtt_ms(), 90);
  upstream.OnReply(std::nullopt);
  EXPECT_EQ(upstream.srtt_ms(), 90);
}

TEST(Upstream, OneNameThatTakesLongIsNoOutage) {
  Upstream upstream = At("192.0.2.1");
  for (int i = 0; i < 10; ++i) upstream.OnTimeout();
  EXPECT_TRUE(upstream.up());
  EXPECT_TRUE(upstream.suspect());
  upstream.OnProbeTimeout();
  EXPECT_FALSE(upstream.up());
  EXPECT_EQ(upstream.trouble(), "no reply");
  upstream.OnReply(3);
  EXPECT_TRUE(upstream.up());
  EXPECT_FALSE(upstream.suspect());
  EXPECT_EQ(upstream.trouble(), "");
}

TEST(Upstream, ALostProbeAloneIsNoOutage) {
  Upstream upstream = At("192.0.2.1");
  upstream.OnTimeout();
  upstream.OnProbeTimeout();
  EXPECT_TRUE(upstream.up());
  upstream.OnProbeTimeout();
  EXPECT_FALSE(upstream.up());
}

TEST(Upstream, NobodyThereIsAnOutageAtOnce) {
  Upstream upstream = At("192.0.2.1");
  upstream.OnReply(3);
  upstream.OnUnreachable("udp 192.0.2.1:53: Network is unreachable");
  EXPECT_FALSE(upstream.up());
  EXPECT_EQ(upstream.srtt_ms(), 0) << "forgotten (F48)";
  EXPECT_EQ(upstream.trouble(), "udp 192.0.2.1:53: Network is unreachable");
}

TEST(Upstream, ProbesOneASecondWhileRepliesAreMissing) {
  Upstream upstream = At("192.0.2.1");
  EXPECT_FALSE(upstream.ProbeDue(5000));
  upstream.OnTimeout();
  EXPECT_TRUE(upstream.ProbeDue(5000));
  upstream.OnProbeSent(5000);
  EXPECT_FALSE(upstream.ProbeDue(5999));
  EXPECT_TRUE(upstream.ProbeDue(6000));
  upstream.OnReply(3);
  EXPECT_FALSE(upstream.ProbeDue(6000));
}

TEST(Upstream, RemembersWhoWantsNoEdns) {  // F79
  constexpr uint64_t kNow = 1'000'000;
  Upstream upstream = At("192.0.2.1");
  upstream.OnPlainWorked(false, kNow);
  EXPECT_FALSE(upstream.edns(kNow + Upstream::kPlainForMs - 1));
  EXPECT_TRUE(upstream.edns(kNow + Upstream::kPlainForMs));
  upstream.OnEdnsSeen();
  EXPECT_TRUE(upstream.edns(kNow));
  upstream.OnPlainWorked(true, kNow);
  EXPECT_TRUE(upstream.edns(kNow)) << "it knows EDNS: what was missing got lost";
}

// Tries one by one: 'k' the letters were kept, 'o' others came. What is news stands behind the letter as '!'.
std::string PlayCase(Upstream& upstream, std::string_view tries, uint64_t now_ms) {
  std::string all;
  for (const char one : tries) {
    all += one;
    if (one == 'k' ? upstream.OnCaseKept(now_ms) : upstream.OnOtherCase(now_ms)) all += '!';
  }
  return all + (upstream.keeps_case(now_ms) ? " on" : " off");
}

TEST(Upstream, ThreeTriesWithOtherLettersInARow) {
  for (const char* expected :
       {"oo on", "ooo! off", "ooo!kkk off", "ookoo on", "ookooo! off", "ooo!oooo off", "kkk on"}) {
    Upstream upstream = At("192.0.2.1");
    std::string tries(expected, std::string_view(expected).find(' '));
    std::erase(tries, '!');
    EXPECT_EQ(PlayCase(upstream, tries, 1'000'000), expected);
  }
}

TEST(Upstream, LettersAreTriedAgainAfterAWhile) {
  constexpr uint64_t kNow = 1'000'000, kLater = kNow + Upstream::kAnyCaseForMs;
  Upstream upstream = At("192.0.2.1");
  EXPECT_EQ(PlayCase(upstream, "ooo", kNow), "ooo! off");
  EXPECT_FALSE(upstream.keeps_case(kLater - 1));
  EXPECT_EQ(PlayCase(upstream, "ooo", kLater), "ooo off") << "no news";
  EXPECT_EQ(PlayCase(upstream, "kkooo", kLater + Upstream::kAnyCaseForMs), "k!kooo! off");
}

TEST(Upstream, UselessAfterFiveInARow) {
  Upstream upstream = At("192.0.2.1");
  for (int i = 0; i < 4; ++i) upstream.OnUseless();
  EXPECT_FALSE(upstream.useless());
  upstream.OnUseless();
  EXPECT_TRUE(upstream.useless());
  upstream.OnUseful();
  EXPECT_FALSE(upstream.useless());
}

}  // namespace
}  // namespace signpost::resolver
