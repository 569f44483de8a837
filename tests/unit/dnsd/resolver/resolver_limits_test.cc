// Signpost. Apache-2.0; see LICENSE.
// TCP, loops, and what happens when there is too much.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>

#include "tests/unit/dnsd/resolver/stage.h"

namespace signpost::resolver {
namespace {

std::string Numbered(int i) { return "n" + std::to_string(i) + ".example.com"; }

FakeUpstream::Replies Truncated(const Heard& heard) {
  if (heard.tcp) return {};
  return {heard.Reply().Flags(0x8380).Packet()};
}

TEST(ResolverTcp, AnswersInAnyOrder) {  // F78
  FakeUpstream upstream(Truncated);
  Stage stage({Stage::Default({&upstream})});
  for (int i = 0; i < 100; ++i) stage.Ask(Numbered(i));
  std::vector<Heard> heard = upstream.WaitFor(200);
  std::erase_if(heard, [](const Heard& one) { return !one.tcp; });
  ASSERT_EQ(heard.size(), 100U);
  std::ranges::reverse(heard);
  for (const Heard& one : heard) upstream.Send(one, Good(one).front());
  stage.Wait(100);
  for (size_t i = 1; i <= 100; ++i) EXPECT_EQ(Said(stage.Wait(i)), "NOERROR");
  EXPECT_EQ(upstream.connections(), 1U);
}

TEST(ResolverTcp, MatchesTheQuestionToo) {
  FakeUpstream upstream(Truncated);
  Stage stage({Stage::Default({&upstream})});
  stage.Ask("www.example.com");
  const Heard heard = upstream.WaitFor(2)[1];
  upstream.Send(heard, UpstreamMessage("other.example.com", "A").Id(heard.id).Packet());
  upstream.Send(heard, Good(heard).front());
  EXPECT_EQ(Said(stage.Wait()), "NOERROR");
  EXPECT_EQ(stage.counters().mismatched.value(), 1U);
}

TEST(ResolverTcp, AsksAgainWhenTheConnectionBreaks) {  // F42
  FakeUpstream upstream(Truncated);
  Stage stage({Stage::Default({&upstream})});
  stage.Ask("www.example.com");
  upstream.WaitFor(2);
  upstream.CloseConnections();
  const Heard again = upstream.WaitFor(3)[2];
  EXPECT_TRUE(again.tcp);
  upstream.Send(again, Good(again).front());
  EXPECT_EQ(Said(stage.Wait()), "NOERROR");
  EXPECT_EQ(upstream.connections(), 2U);
}

TEST(ResolverTcp, ThenTheNextUpstream) {  // F41
  FakeUpstream refuses(Truncated), hangs(Truncated), good(Good);
  refuses.CloseTcp();
  Stage stage({Stage::Default({&refuses, &hangs, &good})});
  stage.Ask("www.example.com");
  hangs.WaitFor(2);
  stage.Pass(Millis(1480));
  EXPECT_EQ(good.heard(), 0U);
  stage.Pass(Millis(60));
  EXPECT_EQ(Said(stage.Wait()), "NOERROR");
}

TEST(ResolverTcp, NobodyByTcp) {
  FakeUpstream refuses(Truncated);
  refuses.CloseTcp();
  Stage stage({Stage::Default({&refuses})});
  const Settled settled = stage.AskAndWait("www.example.com");
  EXPECT_EQ(Said(settled), "SERVFAIL 23");
  EXPECT_TRUE(settled.answer->truncated) << "for clients by UDP";
}

TEST(ResolverTcp, ThatFailsIsNoReasonForTc) {
  FakeUpstream upstream([](const Heard& heard) { return heard.tcp ? Rcode(2)(heard) : Truncated(heard); });
  Stage stage({Stage::Default({&upstream})});
  const Settled settled = stage.AskAndWait("www.example.com");
  EXPECT_EQ(Said(settled), "SERVFAIL 22");
  EXPECT_FALSE(settled.answer->truncated);
}

TEST(ResolverTcp, OneReplyPerConnection) {
  FakeUpstream upstream([](const Heard& heard) { return heard.tcp ? Good(heard) : Truncated(heard); });
  upstream.CloseAfterEachReply();
  Stage stage({Stage::Default({&upstream})});
  for (int i = 0; i < 10; ++i) stage.Ask(Numbered(i));
  for (size_t i = 1; i <= 10; ++i) EXPECT_EQ(Said(stage.Wait(i)), "NOERROR") << i;
}

TEST(ResolverTcp, TwoConnectionsWithoutAReply) {
  FakeUpstream upstream(Truncated);
  Stage stage({Stage::Default({&upstream})});
  stage.Ask("www.example.com");
  upstream.WaitFor(2);
  upstream.CloseConnections();
  upstream.WaitFor(3);
  upstream.CloseConnections();
  EXPECT_EQ(Said(stage.Wait()), "SERVFAIL 23");
  EXPECT_EQ(upstream.connections(), 2U);
}

TEST(ResolverTcp, AnIdleConnectionIsClosed) {
  FakeUpstream upstream([](const Heard& heard) { return heard.tcp ? Good(heard) : Truncated(heard); });
  Stage stage({Stage::Default({&upstream})});
  stage.AskAndWait("a.example.com");
  stage.Pass(Millis(9900));
  stage.AskAndWait("b.example.com");
  EXPECT_EQ(upstream.connections(), 1U);
  stage.Pass(Millis(10'100));
  stage.AskAndWait("c.example.com");
  EXPECT_EQ(upstream.connections(), 2U);
}

TEST(ResolverLoop, IsFoundAndLeftOut) {  // F33, F34
  FakeUpstream looping(Good), good(Good);
  Stage stage({Stage::Default({&looping, &good})});
  stage.resolver().OnProbeSeen("signpost-loop-0123456789abcdef");  // somebody's guess
  EXPECT_FALSE(stage.Explain("www.example.com").upstreams.at(0).loop);
  stage.resolver().OnProbeSeen(looping.WaitForLoopProbe());
  EXPECT_TRUE(stage.Explain("www.example.com").upstreams.at(0).loop);
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR");
  EXPECT_EQ(looping.heard(), 0U);
  EXPECT_EQ(stage.resolver().Upstreams().at(0).loop, true);
}

TEST(ResolverLoop, IsLookedAtAgain) {
  FakeUpstream upstream(Good);
  Stage stage({Stage::Default({&upstream})});
  stage.resolver().OnProbeSeen(upstream.WaitForLoopProbe());
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "SERVFAIL 22");
  stage.Pass(Millis(2100));
  stage.Pass(Millis(60'100));
  EXPECT_TRUE(stage.Explain("www.example.com").upstreams.at(0).loop) << "being probed";
  stage.Pass(Millis(2100));
  EXPECT_FALSE(stage.Explain("www.example.com").upstreams.at(0).loop);
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR");
}

TEST(ResolverLoop, OwnAddressesAreNotAsked) {
  FakeUpstream own(Good), good(Good);
  Stage stage({Stage::Default({&own, &good})}, {.own_addresses = {own.address()}});
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR");
  EXPECT_EQ(own.heard(), 0U);
  EXPECT_FALSE(stage.resolver().Upstreams().at(0).up);
}

// For one test: so many descriptors.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t most) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lower{.rlim_cur = most, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &lower);
  }
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(ResolverLimits, TheOldestQuestionGoesFirst) {  // F37, F84
  const DescriptorLimit limit(512 + 2 * 70);
  FakeUpstream upstream(Silent);
  Stage stage({Stage::Default({&upstream})});
  for (int i = 0; i < 70; ++i) stage.Ask(Numbered(i));
  EXPECT_EQ(stage.settled(), 0U);
  EXPECT_EQ(stage.resolver().in_flight(), 70U);
  stage.Ask("one.more.example.com");
  const Settled first = stage.Wait();
  EXPECT_EQ(Said(first), "SERVFAIL 0");
  EXPECT_EQ(first.question, Ask(Numbered(0), "A"));
  EXPECT_EQ(stage.resolver().in_flight(), 70U);
  EXPECT_EQ(stage.counters().shed.value(), 1U);
}

TEST(ResolverLimits, ACnameMakesRoomForItsTarget) {
  const DescriptorLimit limit(512 + 2 * 70);
  FakeUpstream upstream(Silent);
  Stage stage({Stage::Default({&upstream})});
  stage.Ask("alias.example.com");
  for (int i = 0; i < 69; ++i) stage.Ask(Numbered(i));
  const Heard alias = upstream.WaitFor(1).front();
  upstream.Send(alias, alias.Reply().Answer(alias.name() + " 60 CNAME target.example.com").Opt().Packet());
  const Settled shed = stage.Wait();
  EXPECT_EQ(Said(shed), "SERVFAIL 0");
  EXPECT_EQ(shed.question, Ask(Numbered(0), "A")) << "the oldest but the alias itself";
  const Heard target = upstream.WaitFor(71).back();
  upstream.Send(target, Good(target).front());
  const Settled settled = stage.Wait(2);
  EXPECT_EQ(Said(settled), "NOERROR");
  EXPECT_EQ(settled.question, Ask("alias.example.com", "A"));
  EXPECT_EQ(stage.counters().shed.value(), 1U);
}

TEST(ResolverLimits, NoDescriptorSaysNothingAboutAnUpstream) {
  FakeUpstream upstream(Good);
  Stage stage({Stage::Default({&upstream})});
  {
    const DescriptorLimit limit(3);
    stage.Ask("www.example.com");
    const UpstreamStatus status = stage.Explain("www.example.com").upstreams.at(0);
    EXPECT_TRUE(status.up) << status.trouble;
    EXPECT_EQ(status.sent, 0U);
    EXPECT_EQ(status.failed, 0U);
  }
  EXPECT_EQ(stage.resolver().in_flight(), 1U);
  stage.Pass(Millis(420));
  EXPECT_EQ(Said(stage.Wait()), "NOERROR");
  EXPECT_EQ(stage.Explain("www.example.com").upstreams.at(0).timed_out, 0U);
}

TEST(ResolverLimits, AFullUpstreamIsTriedAgainTenTimesASecond) {
  FakeUpstream upstream(Silent);
  Stage stage({Stage::Default({&upstream})});
  for (int i = 0; i < 1025; ++i) stage.resolver().Ask(0, Ask(Numbered(i), "A"));
  const Heard first = upstream.WaitFor(1024).front();
  upstream.Send(first, Good(first).front());
  stage.Wait();
  stage.Pass(Millis(90));
  EXPECT_EQ(stage.counters().sent_udp.value(), 1024U);
  stage.Pass(Millis(20));
  EXPECT_EQ(stage.counters().sent_udp.value(), 1025U);
}

TEST(ResolverLimits, AThousandAtOneUpstream) {  // F37
  FakeUpstream first(Silent), second(Silent);
  Stage stage({Stage::Default({&first, &second})});
  for (int i = 0; i < 1100; ++i) stage.resolver().Ask(0, Ask(Numbered(i), "A"));
  stage.Pass(Millis(0));
  EXPECT_EQ(first.WaitFor(1024).size() + second.WaitFor(76).size(), 1100U);
}

TEST(ResolverLimits, StopDropsWhatIsUnderWay) {
  FakeUpstream upstream(Truncated);
  Stage stage({Stage::Default({&upstream})});
  for (int i = 0; i < 10; ++i) stage.Ask(Numbered(i));
  upstream.WaitFor(20);
  stage.resolver().Stop();
  EXPECT_EQ(stage.settled(), 0U);
}

}  // namespace
}  // namespace signpost::resolver
