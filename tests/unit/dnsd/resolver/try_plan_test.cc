// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/try_plan.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::resolver {
namespace {

std::string Text(const std::optional<TrySend>& send) {
  if (!send) return "-";
  return std::string(1, static_cast<char>('a' + send->target)) + (send->tcp ? "t" : "") + (send->edns ? "" : "p");
}

// What is sent, when each try ends as told: 'T' timeout, 'S' SERVFAIL, 'R' useless, 'U' unreachable, 'E' no EDNS,
// 'C' truncated, 'L' in doubt, 'K' BADCOOKIE, 'F' flooded, 'X' TCP failed. "a" is the first upstream; "t" by TCP, "p"
// plain. The latest try is meant.
std::string Play(std::vector<TryPlan::Target> targets, std::string_view ends) {
  TryPlan plan(targets);
  TrySend last = plan.First();
  std::string all = Text(last);
  for (const char end : ends) {
    static constexpr std::string_view kLetters = "TSRUECLKFX";
    const std::optional<TrySend> next = plan.Next(last, static_cast<TryEnd>(kLetters.find(end)), false);
    all += " " + Text(next);
    if (!next) break;
    last = *next;
  }
  return all;
}

std::vector<TryPlan::Target> Up(size_t n) { return std::vector<TryPlan::Target>(n); }

TEST(TryPlan, Sends) {
  struct Case {
    const char* what;
    std::vector<TryPlan::Target> targets;
    const char* ends;
    const char* expected;
  };
  const Case cases[] = {
      {"timeouts take turns", Up(2), "TTTTTT", "a b a b ap bp -"},
      {"one alone: plain after two timeouts", Up(1), "TTTTTT", "a a ap a a a -"},
      {"at most four", Up(6), "TTTTTT", "a b c d a b -"},
      {"each failure counts once", Up(3), "SRU", "a b c ap"},
      {"SERVFAIL: next, then plain, once", Up(2), "SSSS", "a b ap -"},
      {"REFUSED: no plain try", Up(2), "RR", "a b -"},
      {"plain at once where EDNS upsets", Up(2), "EST", "a ap b b"},
      {"not twice", Up(1), "EE", "a ap -"},
      {"known to want none", {{.up = true, .edns = false}}, "S", "ap -"},
      {"truncated: TCP there, then the next", Up(2), "CX", "a at b"},
      {"truncated everywhere", Up(2), "CXCX", "a at b bt -"},
      {"truncated plain", Up(1), "EC", "a ap atp"},
      {"flooded: TCP", Up(1), "FX", "a at -"},
      {"in doubt: TCP", Up(1), "LX", "a at a"},
      {"in doubt, no TCP: it is asked again", Up(1), "LXLLLLL", "a at a a a a -"},
      {"in doubt, no TCP: in its turn", Up(2), "LXTL", "a at b b bt"},
      {"in doubt, useless by TCP", Up(2), "LR", "a at b"},
      {"in doubt, plain", {{.up = true, .edns = false}}, "L", "ap atp"},
      {"BADCOOKIE: once more, then TCP, then the next", Up(2), "KKX", "a a at b"},
      {"BADCOOKIE for ever", Up(1), "KKX", "a a at -"},
      {"BADCOOKIE at the end", Up(1), "TTTTTK", "a a ap a a a at"},
      {"OPT is never left out by suspicion", {{.keeps_edns = true}}, "TTTTTT", "a a a a a a -"},
      {"nor after SERVFAIL", {{.keeps_edns = true}, {}}, "SS", "a b bp"},
      {"nor after SERVFAIL of all", {{.keeps_edns = true}}, "S", "a -"},
      {"but when it is not wanted", {{.keeps_edns = true}}, "E", "a ap"},
      {"unreachable: the next", Up(2), "UU", "a b -"},
      {"those that are down come last", {{.up = true}, {.up = false}}, "TTR", "a a ap b"},
      {"REFUSED, and one that is down: it is asked once", {{.up = true}, {.up = false}}, "RT", "a b -"},
      {"SERVFAIL, and one that is down", {{.up = true}, {.up = false}}, "STS", "a b ap -"},
      {"truncated, no TCP, and one that is down", {{.up = true}, {.up = false}}, "CXT", "a at b -"},
      {"all are down: as if they were not", {{.up = false}, {.up = false}}, "TTTTTT", "a b a b ap bp -"},
      {"TCP may exceed the number", Up(2), "TTTTTC", "a b a b ap bp btp"},
  };
  for (const Case& c : cases) EXPECT_EQ(Play(c.targets, c.ends), c.expected) << c.what;
}

TEST(TryPlan, AYoungerTryIsWaitedFor) {
  TryPlan plan(Up(3));
  const TrySend first = plan.First();
  const TrySend second = *plan.Next(first, TryEnd::kTimeout, false);
  EXPECT_EQ(Text(plan.Next(first, TryEnd::kServFail, true)), "-") << "a late failure";
  EXPECT_EQ(Text(plan.Next(second, TryEnd::kTimeout, false)), "c");
}

TEST(TryPlan, ALateTruncatedReplyIsFollowed) {
  TryPlan plan(Up(2));
  const TrySend first = plan.First();
  plan.Next(first, TryEnd::kTimeout, false);
  EXPECT_EQ(Text(plan.Next(first, TryEnd::kTruncated, true)), "at");
  EXPECT_EQ(Text(plan.Next(first, TryEnd::kTruncated, true)), "-") << "once";
}

TEST(TryPlan, DoubtMeansTcpOnceWhileTheTryGoesOn) {
  TryPlan plan(Up(2));
  const TrySend first = plan.First();
  EXPECT_EQ(Text(plan.Next(first, TryEnd::kDoubted, true)), "at");
  EXPECT_EQ(Text(plan.Next(first, TryEnd::kDoubted, true)), "-");
}

TEST(TryPlan, WhoIsDoneStaysSoWhenTcpFails) {  // after a doubt, while TCP was under way
  struct Case {
    TryEnd end;
    const char* expected;
  };
  constexpr Case kCases[] = {
      {TryEnd::kUseless, "-"}, {TryEnd::kUnreachable, "-"}, {TryEnd::kServFail, "ap"}, {TryEnd::kTimeout, "a"}};
  for (const Case& c : kCases) {
    TryPlan plan(Up(1));
    const TrySend first = plan.First();
    const TrySend tcp = *plan.Next(first, TryEnd::kDoubted, true);
    plan.Next(first, c.end, true);
    EXPECT_EQ(Text(plan.Next(tcp, TryEnd::kTcpFailed, false)), c.expected) << static_cast<int>(c.end);
  }
}

TEST(TryPlan, WhatIsDoubtedIsNoReply) {  // it may be forged
  TryPlan plan(std::vector<TryPlan::Target>{{.up = false}});
  plan.Next(plan.First(), TryEnd::kDoubted, true);
  EXPECT_FALSE(plan.Settled());
}

TEST(TryPlan, WhatIsLearntMeanwhileCounts) {
  TryPlan plan(Up(2));
  const TrySend first = plan.First();
  plan.SetUp(0, false);
  const TrySend second = *plan.Next(first, TryEnd::kTimeout, false);
  EXPECT_EQ(Text(second), "b");
  EXPECT_EQ(Text(plan.Next(second, TryEnd::kTimeout, false)), "b") << "the other one is down by now";
}

TEST(TryPlan, IsSettledWhenOnlyThoseThatAreDownAreSilent) {
  TryPlan plan(Up(2));
  const TrySend first = plan.First();
  const TrySend second = *plan.Next(first, TryEnd::kTimeout, false);
  plan.Next(second, TryEnd::kUseless, false);
  EXPECT_FALSE(plan.Settled()) << "the first may just be slow";
  plan.SetUp(0, false);
  EXPECT_TRUE(plan.Settled());
}

TEST(TryPlan, SilenceAloneSettlesNothing) {
  TryPlan plan(std::vector<TryPlan::Target>{{.up = false}});
  plan.Next(plan.First(), TryEnd::kTimeout, false);
  EXPECT_FALSE(plan.Settled());
}

TEST(TryPlan, CountsPerUpstream) {
  TryPlan plan(Up(2));
  const TrySend first = plan.First();
  EXPECT_EQ(plan.sends_to(0), 1U);
  plan.Next(first, TryEnd::kTimeout, false);
  EXPECT_EQ(plan.sends_to(0), 1U);
  EXPECT_EQ(plan.sends_to(1), 1U);
}

}  // namespace
}  // namespace signpost::resolver
