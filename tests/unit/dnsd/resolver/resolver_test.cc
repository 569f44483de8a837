// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/dnsd/resolver/stage.h"

namespace signpost::resolver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Resolver, AsksAndKeeps) {
  FakeUpstream upstream(Good);
  Stage stage({Stage::Default({&upstream})});
  const Settled first = stage.AskAndWait("www.example.com");
  EXPECT_EQ(Said(first), "NOERROR");
  EXPECT_EQ(first.answer->records.size(), 1U);
  EXPECT_EQ(first.answer->route, 1U);
  EXPECT_EQ(first.keep_until_ms, stage.now_ms() + 60'000);
  stage.Pass(Millis(3000));
  EXPECT_EQ(stage.AskAndWait("www.example.com").answer, first.answer);
  EXPECT_EQ(upstream.heard(), 1U);
  EXPECT_EQ(stage.counters().from_cache.value(), 1U);
  stage.Pass(Millis(57'000));
  EXPECT_NE(stage.AskAndWait("www.example.com").answer, first.answer);
}

TEST(Resolver, AThousandClientsAreOneQuery) {  // F56, F22
  FakeUpstream upstream(Silent);
  Stage stage({Stage::Default({&upstream})});
  for (size_t i = 0; i < 1000; ++i) stage.Ask("www.example.com", "A", i);
  const Heard heard = upstream.WaitFor(1).front();
  while (stage.counters().asked.value() < 1000) stage.Pass(Millis(0));
  EXPECT_EQ(stage.resolver().in_flight(), 1U);
  upstream.Send(heard, Good(heard).front());
  stage.Wait(1000);
  const std::vector<size_t> workers = stage.workers();
  EXPECT_EQ(std::set<size_t>(workers.begin(), workers.end()).size(), 1000U);
  EXPECT_EQ(upstream.heard(), 1U);
  EXPECT_EQ(stage.counters().shared.value(), 999U);
  EXPECT_EQ(stage.resolver().in_flight(), 0U);
}

TEST(Resolver, VariantsAreAskedForApart) {  // F59
  FakeUpstream upstream(Good);
  Stage stage({Stage::Default({&upstream})});
  stage.AskAndWait("www.example.com");
  stage.resolver().Ask(0, Ask("www.example.com", "A", {.dnssec_ok = true}));
  stage.Wait(2);
  stage.resolver().Ask(0, Ask("www.example.com", "A", {.checking_disabled = true}));
  stage.Wait(3);
  EXPECT_EQ(upstream.heard(), 3U);
}

TEST(Resolver, GoesToTheNextUpstream) {
  struct Case {
    const char* what;
    FakeUpstream::Script first;
  };
  const Case cases[] = {{"SERVFAIL", Rcode(2)}, {"REFUSED", Rcode(5)}, {"NOTAUTH", Rcode(9)}};
  for (const Case& c : cases) {
    FakeUpstream bad(c.first);
    FakeUpstream good(Good);
    Stage stage({Stage::Default({&bad, &good})});
    EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR") << c.what;
    EXPECT_EQ(bad.heard(), 1U) << c.what;
  }
}

TEST(Resolver, ADeadUpstreamCostsOneTimeout) {  // F69
  FakeUpstream dead, good(Good);
  dead.Mute(true);
  Stage stage({Stage::Default({&dead, &good})});
  stage.Ask("a.example.com");
  dead.WaitFor(1);
  stage.Pass(Millis(395));
  EXPECT_EQ(good.heard(), 0U);
  stage.Pass(Millis(40));
  EXPECT_EQ(Said(stage.Wait()), "NOERROR");
  for (int i = 0; i < 100; ++i) stage.AskAndWait("n" + std::to_string(i) + ".example.com");
  EXPECT_EQ(dead.heard(), 1U) << "others are well: nobody explores one that misses replies";
}

TEST(Resolver, ALateReplyIsTaken) {  // F20
  FakeUpstream slow, silent;
  Stage stage({Stage::Default({&slow, &silent})});
  stage.Ask("www.example.com");
  const Heard heard = slow.WaitFor(1).front();
  stage.Pass(Millis(420));
  silent.WaitFor(1);
  slow.Send(heard, Good(heard).front());
  EXPECT_EQ(Said(stage.Wait()), "NOERROR");
}

TEST(Resolver, ListensOnAfterWhatIsNoAnswer) {  // F02 to F04
  FakeUpstream upstream([](const Heard& heard) {
    return FakeUpstream::Replies{
        heard.Reply().Id(static_cast<uint16_t>(heard.id + 1)).Answer(heard.name() + " 60 A 203.0.113.66").Packet(),
        UpstreamMessage("other.example.com", "A").Id(heard.id).Answer("other.example.com 60 A 203.0.113.66").Packet(),
        {0x12},
        Good(heard).front()};
  });
  Stage stage({Stage::Default({&upstream})});
  const Settled settled = stage.AskAndWait("www.example.com");
  EXPECT_EQ(Said(settled), "NOERROR");
  EXPECT_THAT(std::string(settled.answer->body.begin(), settled.answer->body.end()),
              ::testing::EndsWith(std::string("\xc0\0\x02\x01", 4)));
  EXPECT_EQ(upstream.heard(), 1U);
  EXPECT_EQ(stage.counters().mismatched.value(), 3U);
}

TEST(Resolver, AFloodOfGuessesLeadsToTcp) {  // F03
  FakeUpstream upstream([](const Heard& heard) {
    if (heard.tcp) return Good(heard);
    FakeUpstream::Replies replies;
    for (int i = 1; i <= 17; ++i) replies.push_back(heard.Reply().Id(static_cast<uint16_t>(heard.id + i)).Packet());
    return replies;
  });
  Stage stage({Stage::Default({&upstream})});
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR");
  EXPECT_TRUE(upstream.WaitFor(2)[1].tcp);
}

FakeUpstream::Replies TruncatedByUdp(const Heard& heard) {
  if (heard.tcp) return Good(heard);
  return {heard.Reply().Flags(0x8380).Packet()};
}

TEST(Resolver, TruncatedMeansTcp) {  // F06
  FakeUpstream upstream(TruncatedByUdp);
  Stage stage({Stage::Default({&upstream})});
  EXPECT_EQ(Said(stage.AskAndWait("a.example.com")), "NOERROR");
  EXPECT_EQ(Said(stage.AskAndWait("b.example.com")), "NOERROR");
  EXPECT_EQ(upstream.connections(), 1U) << "it is kept";
  upstream.CloseConnections();
  EXPECT_EQ(Said(stage.AskAndWait("c.example.com")), "NOERROR");  // F42
  EXPECT_EQ(stage.counters().sent_tcp.value(), 3U);
}

TEST(Resolver, EdnsIsLeftOutForWhomItUpsets) {  // F79
  FakeUpstream upstream([](const Heard& heard) { return heard.edns ? Rcode(1)(heard) : Good(heard); });
  Stage stage({Stage::Default({&upstream})});
  EXPECT_EQ(Said(stage.AskAndWait("a.example.com")), "NOERROR");
  EXPECT_EQ(Said(stage.AskAndWait("b.example.com")), "NOERROR");
  EXPECT_EQ(upstream.heard(), 3U) << "remembered";
  EXPECT_FALSE(stage.Explain("a.example.com").upstreams.at(0).edns);
  stage.Pass(std::chrono::minutes(15));
  EXPECT_EQ(Said(stage.AskAndWait("c.example.com")), "NOERROR");
  EXPECT_EQ(upstream.heard(), 5U) << "tried again";
}

TEST(Resolver, EdnsIsLeftOutAfterTwoTimeouts) {
  FakeUpstream upstream([](const Heard& heard) { return heard.edns ? Silent(heard) : Good(heard); });
  Stage stage({Stage::Default({&upstream})});
  stage.Ask("www.example.com");
  stage.Pass(Millis(420));
  upstream.WaitFor(2);
  stage.Pass(Millis(820));
  EXPECT_EQ(Said(stage.Wait()), "NOERROR");
  EXPECT_EQ(upstream.heard(), 3U);
}

TEST(Resolver, NobodyListening) {  // F85
  auto gone = std::make_unique<FakeUpstream>();
  FakeUpstream good(Good);
  const std::vector<Route> routes = {Stage::Default({gone.get(), &good})};
  gone.reset();
  Stage stage(routes);
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR") << "without any time passing";
}

TEST(Resolver, EverybodyRefuses) {
  FakeUpstream one(Rcode(5)), two([](const Heard&heard) {
    return FakeUpstream::Replies{heard.Reply().Rcode(2).Opt(0, 0, "000f 0007 0006 626f677573").Packet()};
  });
  Stage stage({Stage::Default({&one, &two})});
  const Settled settled = stage.AskAndWait("www.example.com");
  EXPECT_EQ(Said(settled), "SERVFAIL 6");  // what the upstream said about it
  EXPECT_EQ(settled.answer->ede_text, "bogus");
  EXPECT_TRUE(settled.answer->failure);
  EXPECT_EQ(settled.keep_until_ms, stage.now_ms() + 1000);
  const size_t asked = one.heard() + two.heard();
  stage.AskAndWait("www.example.com");
  EXPECT_EQ(one.heard() + two.heard(), asked) << "not asked again within the second (F39)";
}

TEST(Resolver, OneIsDownAndTheOtherFails) {
  FakeUpstream dead, bad(Rcode(2));
  dead.Mute(true);
  Stage stage({Stage::Default({&dead, &bad})});
  stage.Ask("a.example.com");
  const auto over = [&] {
    return !stage.Explain("a.example.com").upstreams.at(0).up && stage.resolver().in_flight() == 0;
  };
  ASSERT_TRUE(stage.PassUntil(over));
  stage.Ask("b.example.com");
  size_t heard = 1;
  while (dead.WaitFor(heard)[heard - 1].name() != "b.example.com.") ++heard;
  stage.Pass(Millis(0));  // its timer runs
  stage.Pass(Millis(420));
  EXPECT_EQ(Said(stage.Wait(2)), "SERVFAIL 22") << "the reply in hand, not the time";
  EXPECT_EQ(dead.heard(), heard);
  EXPECT_EQ(stage.resolver().in_flight(), 0U);
}

TEST(Resolver, GivesUpInTime) {  // F57
  FakeUpstream silent;
  Stage stage({Stage::Default({&silent})});
  for (size_t i = 0; i < 1000; ++i) stage.Ask("www.example.com", "A", i);
  silent.WaitFor(1);
  stage.PassSlowly(Millis(3440));
  EXPECT_EQ(stage.settled(), 0U);
  stage.PassSlowly(Millis(40));
  stage.Wait(1000);
  EXPECT_EQ(Said(stage.Wait(1000)), "SERVFAIL 22");
  EXPECT_EQ(stage.settled(), 1000U);
  EXPECT_EQ(stage.resolver().in_flight(), 0U);
  EXPECT_LE(silent.WaitFor(3).size(), 6U);
}

TEST(Resolver, PortsAndIdsAreSpread) {  // F21, F83
  FakeUpstream upstream(Good);
  Stage stage({Stage::Default({&upstream})});
  for (int i = 0; i < 1000; ++i) stage.AskAndWait("n" + std::to_string(i) + ".example.com");
  std::set<uint16_t> ports, ids, high;
  for (const Heard& heard : upstream.WaitFor(1000)) {
    ports.insert(heard.from.port());
    ids.insert(heard.id);
    high.insert(static_cast<uint16_t>(heard.id >> 8));
  }
  EXPECT_GT(ports.size(), 900U);
  EXPECT_GT(ids.size(), 970U);  // 1000 of 65536 at random: 8 pairs on average
  EXPECT_GT(high.size(), 220U);
}

}  // namespace
}  // namespace signpost::resolver
