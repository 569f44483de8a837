// Signpost. Apache-2.0; see LICENSE.
// Letter case as a secret (0x20): forged replies, and upstreams that change letters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "tests/unit/dnsd/resolver/stage.h"

namespace signpost::resolver {
namespace {

constexpr Stage::Options kMixed = {.defences = {.mixed_case = true}};

bool HasUpper(const Heard& heard) {
  return std::ranges::any_of(heard.spelling, [](unsigned char c) { return std::isupper(c) != 0; });
}
// Names of 20 letters and more: that none of them is upper happens once in a million.
std::string Name(int i) { return "name-with-letters-" + std::to_string(i) + ".example.com"; }

Bytes Forged(const Heard& heard) { return heard.LowerCaseReply().Answer(heard.name() + " 60 A 203.0.113.66").Packet(); }
// An upstream that does not know better.
FakeUpstream::Replies LowerCased(const Heard& heard) {
  return {heard.LowerCaseReply().Answer(heard.name() + " 60 A 192.0.2.1").Packet()};
}
bool IsTrue(const Settled& settled) {
  const std::string body(settled.answer->body.begin(), settled.answer->body.end());
  return body.ends_with(std::string("\xc0\0\x02\x01", 4));
}

TEST(ResolverCase, IsAsItWasWithoutTheOption) {
  FakeUpstream upstream(Good);
  Stage stage({Stage::Default({&upstream})});
  for (int i = 0; i < 20; ++i) stage.AskAndWait(Name(i));
  for (const Heard& heard : upstream.WaitFor(20)) EXPECT_EQ(heard.spelling, heard.question.name);
}

TEST(ResolverCase, IsRandomOverUdp) {
  FakeUpstream upstream(Good);
  Stage stage({Stage::Default({&upstream})}, kMixed);
  std::set<std::string> ends;
  for (int i = 0; i < 100; ++i) {
    const Settled settled = stage.AskAndWait(Name(i));
    EXPECT_EQ(Said(settled), "NOERROR");
    EXPECT_EQ(settled.answer->question, Ask(Name(i), "A")) << "the cache is folded";
  }
  for (const Heard& heard : upstream.WaitFor(100)) ends.insert(heard.spelling.substr(heard.spelling.size() - 13));
  EXPECT_GT(ends.size(), 85U);  // of 1,024 ways to write example.com
  EXPECT_EQ(stage.counters().mismatched.value(), 0U);
}

TEST(ResolverCase, TcpNeedsNone) {
  FakeUpstream upstream([](const Heard& heard) {
    return heard.tcp ? Good(heard) : FakeUpstream::Replies{heard.Reply().Flags(0x8380).Packet()};
  });
  Stage stage({Stage::Default({&upstream})}, kMixed);
  EXPECT_EQ(Said(stage.AskAndWait(Name(1))), "NOERROR");
  const std::vector<Heard> heard = upstream.WaitFor(2);
  EXPECT_TRUE(HasUpper(heard[0]));
  EXPECT_FALSE(HasUpper(heard[1]));
}

TEST(ResolverCase, AForgedReplyIsNotBelievedAndTheTrueOneIs) {
  FakeUpstream upstream([](const Heard& heard) {
    return heard.tcp ? Silent(heard) : FakeUpstream::Replies{Forged(heard), Forged(heard), Good(heard).front()};
  });
  Stage stage({Stage::Default({&upstream})}, kMixed);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(i)))) << i;
  EXPECT_EQ(stage.counters().mismatched.value(), 20U);
  EXPECT_EQ(stage.counters().other_case.value(), 20U);
  EXPECT_EQ(stage.counters().sent_udp.value(), 10U) << "the try listened on";
}

TEST(ResolverCase, AReplyWithoutAQuestionIsNotBelievedOverUdp) {  // F04: it shows no letters
  for (const int rcode : {1, 2, 4}) {
    const auto header = [rcode](const Heard& heard) { return heard.Reply().NoQuestion().Rcode(rcode).Packet(); };
    FakeUpstream upstream([&](const Heard& heard) {
      return heard.tcp ? Silent(heard) : FakeUpstream::Replies{header(heard), Good(heard).front()};
    });
    Stage stage({Stage::Default({&upstream})}, kMixed);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(i)))) << rcode;
    EXPECT_EQ(stage.counters().sent_udp.value(), 4U) << rcode << ": the try listened on";
    EXPECT_EQ(stage.counters().mismatched.value(), 4U) << rcode;
    EXPECT_EQ(stage.counters().other_case.value(), 0U) << rcode << ": nor does it change letters";
  }
}

TEST(ResolverCase, AReplyWithoutAQuestionIsBelievedOverTcp) {
  FakeUpstream upstream([](const Heard& heard) {
    return heard.edns ? FakeUpstream::Replies{heard.Reply().NoQuestion().Rcode(1).Packet()} : Good(heard);
  });
  Stage stage({Stage::Default({&upstream})}, kMixed);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(i)))) << i;
  EXPECT_EQ(stage.counters().sent_tcp.value(), 2U) << "with EDNS, then without";
}

TEST(ResolverCase, AForgedReplyAndNoOther) {
  FakeUpstream upstream([](const Heard& heard) { return FakeUpstream::Replies{Forged(heard)}; });
  upstream.CloseTcp();
  Stage stage({Stage::Default({&upstream})}, kMixed);
  stage.Ask(Name(1));
  upstream.WaitFor(1);
  stage.Pass(Millis(390));
  EXPECT_EQ(stage.settled(), 0U);
}

TEST(ResolverCase, AnUpstreamThatChangesLettersIsAskedByTcpThenWithout) {
  FakeUpstream upstream(LowerCased);
  Stage stage({Stage::Default({&upstream})}, kMixed);
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(i)))) << i;
  EXPECT_EQ(stage.counters().sent_tcp.value(), 2U);
  EXPECT_EQ(stage.counters().sent_udp.value(), 6U);
  EXPECT_EQ(stage.counters().other_case.value(), 2U) << "the third one is believed";
  EXPECT_FALSE(HasUpper(upstream.WaitFor(8).back()));
  stage.Pass(std::chrono::minutes(15));
  stage.AskAndWait(Name(7));
  EXPECT_TRUE(HasUpper(upstream.WaitFor(9)[8])) << "tried again";
}

TEST(ResolverCase, WithoutTcpTheFirstQuestionIsAnsweredAllTheSame) {
  FakeUpstream upstream(LowerCased);
  upstream.CloseTcp();
  Stage stage({Stage::Default({&upstream})}, kMixed);
  stage.Ask(Name(1));
  EXPECT_TRUE(stage.PassUntil([&] { return stage.settled() == 1; }, Millis(1800)));
  EXPECT_TRUE(IsTrue(stage.Wait()));
  EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(2))));
}

TEST(ResolverCase, EachUpstreamForItself) {
  FakeUpstream changes(LowerCased), keeps(Good);
  Stage stage({Stage::To("changes.example", {&changes}, 1), Stage::To("keeps.example", {&keeps}, 2)}, kMixed);
  for (int i = 0; i < 4; ++i) {
    const std::string name = "name-with-letters-" + std::to_string(i);
    EXPECT_TRUE(IsTrue(stage.AskAndWait(name + ".changes.example")));
    EXPECT_TRUE(IsTrue(stage.AskAndWait(name + ".keeps.example")));
  }
  EXPECT_FALSE(HasUpper(changes.WaitFor(6).back()));
  EXPECT_TRUE(HasUpper(keeps.WaitFor(4).back()));
}

TEST(ResolverCase, MayBeSwitchedWhileQuestionsAreUnderWay) {
  FakeUpstream upstream(Silent);
  Stage stage({Stage::Default({&upstream})}, kMixed);
  stage.Ask(Name(1));
  const Heard first = upstream.WaitFor(1).front();
  ResolverSettings settings = stage.Settings({Stage::Default({&upstream})});
  settings.defences.mixed_case = false;
  stage.resolver().SetSettings(settings);
  stage.Ask(Name(2));
  const Heard second = upstream.WaitFor(2).back();
  EXPECT_FALSE(HasUpper(second));
  upstream.Send(second, Good(second).front());
  upstream.Send(first, Forged(first));
  upstream.Send(first, Good(first).front());
  stage.Wait(2);
  EXPECT_TRUE(IsTrue(stage.Wait(1)));
  EXPECT_TRUE(IsTrue(stage.Wait(2)));
}

}  // namespace
}  // namespace signpost::resolver
