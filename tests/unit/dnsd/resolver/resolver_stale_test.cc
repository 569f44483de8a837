// Signpost. Apache-2.0; see LICENSE.
// What clients get while upstreams do not answer (RFC 8767), and what is asked ahead of time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dnsd/resolver/stage.h"

namespace signpost::resolver {
namespace {

FakeUpstream::Replies NxDomain(const Heard& heard) {
  return {heard.Reply().Rcode(3).Authority("example.com 60 SOA 60").Packet()};
}

// A name that was answered once and has run out.
struct Expired : Stage {
  explicit Expired(FakeUpstream& upstream, Options options = {})
      : Stage({Stage::Default({&upstream})}, std::move(options)), first(AskAndWait("www.example.com")) {
    Pass(Millis(61'000));
  }
  Settled first;
};

TEST(ResolverStale, AfterTheClientTimer) {  // F71
  FakeUpstream upstream(Good);
  Expired stage(upstream);
  upstream.Play(Silent);
  stage.Ask("www.example.com");
  stage.Pass(Millis(1790));
  EXPECT_EQ(stage.settled(), 1U);
  stage.Pass(Millis(30));
  const Settled settled = stage.Wait(2);
  EXPECT_EQ(Said(settled), "NOERROR stale");
  EXPECT_EQ(settled.answer, stage.first.answer);
  EXPECT_EQ(settled.keep_until_ms, stage.now_ms() + 1000);
  EXPECT_EQ(stage.resolver().in_flight(), 1U) << "the question goes on";
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR stale") << "the next client does not wait";
  EXPECT_EQ(stage.counters().stale_answers.value(), 2U);

  const Heard late = upstream.WaitFor(2)[1];
  upstream.Send(late, Good(late).front());
  EXPECT_TRUE(stage.PassUntil([&] { return stage.resolver().in_flight() == 0; }));
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR") << "fresh again";
}

TEST(ResolverStale, AtOnceForThirtySeconds) {
  FakeUpstream upstream(Good);
  Expired stage(upstream);
  upstream.Play(Rcode(2));
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR stale");  // F73
  const size_t heard = upstream.heard();
  stage.Pass(Millis(29'900));
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR stale");
  EXPECT_EQ(upstream.heard(), heard);
  stage.Pass(Millis(200));
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR stale");
  EXPECT_GT(upstream.heard(), heard) << "asked again";
}

TEST(ResolverStale, NxDomainReplacesAndIsGivenStale) {  // F73, F31
  FakeUpstream upstream(Good);
  Expired stage(upstream);
  upstream.Play(NxDomain);
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NXDOMAIN");
  stage.Pass(Millis(61'000));
  upstream.Play(Rcode(2));
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NXDOMAIN stale");
}

TEST(ResolverStale, WhatIsNotKeptReplacesToo) {  // F73
  struct Case {
    const char* what;
    FakeUpstream::Script script;
    const char* said;
  };
  const Case cases[] = {
      {"TTL 0",
       [](const Heard& heard) {
         return FakeUpstream::Replies{heard.Reply().Answer(heard.name() + " 0 A 192.0.2.2").Packet()};
       },
       "NOERROR"},
      {"negative TTL 0",
       [](const Heard& heard) {
         return FakeUpstream::Replies{heard.Reply().Rcode(3).Authority("example.com 0 SOA 0").Packet()};
       },
       "NXDOMAIN"},
  };
  for (const Case& c : cases) {
    FakeUpstream upstream(Good);
    Stage stage({Stage::Default({&upstream})});
    stage.AskAndWait("www.example.com");
    stage.resolver().Ask(0, Ask("www.example.com", "A", {.dnssec_ok = true}));
    stage.Wait(2);
    stage.Pass(Millis(61'000));
    upstream.Play(c.script);
    EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), c.said) << c.what;
    upstream.Play(Rcode(2));
    EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "SERVFAIL 22") << c.what;
    stage.resolver().Ask(0, Ask("www.example.com", "A", {.dnssec_ok = true}));
    EXPECT_EQ(Said(stage.Wait(5)), "NOERROR stale") << c.what << ": another question";
  }
}

FakeUpstream::Replies Circle(const Heard& heard) {
  const std::string next = heard.name().starts_with("www.") ? "b.example.com" : "www.example.com";
  return {heard.Reply().Answer(heard.name() + " 60 CNAME " + next).Packet()};
}

TEST(ResolverStale, NeverInsteadOfACircle) {
  FakeUpstream upstream(Good);
  Expired stage(upstream);
  upstream.Play(Circle);
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "SERVFAIL 24");
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "SERVFAIL 24");
  stage.Pass(Millis(5100));
  const size_t heard = upstream.heard();
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "SERVFAIL 24");
  EXPECT_GT(upstream.heard(), heard) << "asked again";
}

FakeUpstream::Script AliasOfWww(FakeUpstream::Script end) {
  return [end = std::move(end)](const Heard& heard) {
    if (heard.name().starts_with("www.")) return end(heard);
    return FakeUpstream::Replies{heard.Reply().Answer(heard.name() + " 60 CNAME www.example.com").Opt().Packet()};
  };
}

TEST(ResolverStale, AtTheEndOfAChain) {
  FakeUpstream upstream(Good);
  Expired stage(upstream);
  upstream.Play(AliasOfWww(Rcode(2)));
  const Settled settled = stage.AskAndWait("alias.example.com");
  EXPECT_EQ(Said(settled), "NOERROR stale");
  EXPECT_EQ(settled.answer->records.size(), 2U);
  EXPECT_EQ(settled.answer->question, Ask("alias.example.com", "A"));
  EXPECT_EQ(settled.answer->route, 1U);
  EXPECT_EQ(settled.keep_until_ms, stage.now_ms() + 1000);
}

TEST(ResolverStale, AtTheEndOfAChainAfterTheClientTimer) {
  FakeUpstream upstream(Good);
  Expired stage(upstream);
  upstream.Play(AliasOfWww(Silent));
  stage.Ask("alias.example.com");
  upstream.WaitFor(3);
  stage.Pass(Millis(1820));
  const Settled settled = stage.Wait(2);
  EXPECT_EQ(Said(settled), "NOERROR stale");
  EXPECT_EQ(settled.answer->records.size(), 2U);
  EXPECT_EQ(stage.resolver().in_flight(), 2U) << "both go on";
}

TEST(ResolverStale, NotForEver) {
  FakeUpstream upstream(Good);
  Expired stage(upstream, {.max_stale = Millis(10'000)});
  upstream.Play(Rcode(2));
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR stale");
  stage.Pass(Millis(10'000));
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "SERVFAIL 22");
}

TEST(ResolverStale, NotWhenSwitchedOff) {
  FakeUpstream upstream(Good);
  Expired stage(upstream, {.max_stale = Millis(0)});
  upstream.Play(Rcode(2));
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "SERVFAIL 22");
}

TEST(ResolverStale, AllDownThenBack) {  // F70, F71
  FakeUpstream upstream(Good);
  Expired stage(upstream);
  upstream.Mute(true);
  stage.Ask("www.example.com");
  const auto up = [&] { return stage.Explain("www.example.com").upstreams.at(0).up; };
  ASSERT_TRUE(stage.PassUntil([&] { return !up() && stage.resolver().in_flight() == 0; }));
  EXPECT_EQ(Said(stage.Wait(2)), "NOERROR stale");
  EXPECT_EQ(stage.Explain("www.example.com").upstreams.at(0).trouble, "no reply");

  stage.Pass(Millis(31'000));
  const size_t heard = upstream.heard();
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR stale") << "at once";
  EXPECT_EQ(upstream.heard(), heard);
  stage.Ask("other.example.com");  // is let through
  EXPECT_EQ(Said(stage.AskAndWait("third.example.com")), "SERVFAIL 22") << "at once";
  EXPECT_EQ(upstream.WaitFor(heard + 1).size(), heard + 1);

  upstream.Mute(false);
  ASSERT_TRUE(stage.PassUntil(up, Millis(2000)));
  EXPECT_EQ(Said(stage.AskAndWait("third.example.com")), "NOERROR");
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR");
}

TEST(ResolverStale, ProbesAreOneASecond) {
  FakeUpstream upstream;
  upstream.Mute(true);
  Stage stage({Stage::Default({&upstream})});
  stage.Ask("www.example.com");
  ASSERT_TRUE(stage.PassUntil([&] { return !stage.Explain("a.example.com").upstreams.at(0).up; }));
  const size_t before = upstream.WaitForHealthProbes(1);
  stage.PassSlowly(Millis(10'000));
  const size_t after = upstream.WaitForHealthProbes(before + 6);
  EXPECT_LE(after, before + 11);
}

TEST(ResolverStale, PrefetchAsksAhead) {  // F74
  FakeUpstream upstream(Good);
  Stage stage({Stage::Default({&upstream})});
  const Settled first = stage.AskAndWait("www.example.com");
  stage.Pass(Millis(53'000));
  stage.resolver().Prefetch(Ask("www.example.com", "A"));
  stage.resolver().Prefetch(Ask("unknown.example.com", "A"));
  stage.Pass(Millis(0));
  EXPECT_EQ(stage.counters().prefetches.value(), 0U) << "too early";
  stage.Pass(Millis(2000));
  stage.resolver().Prefetch(Ask("www.example.com", "A"));
  stage.resolver().Prefetch(Ask("www.example.com", "A"));
  upstream.WaitFor(2);
  ASSERT_TRUE(stage.PassUntil([&] { return stage.resolver().in_flight() == 0; }));
  EXPECT_EQ(stage.counters().prefetches.value(), 1U);
  EXPECT_EQ(stage.settled(), 1U) << "nobody waits";
  stage.Pass(Millis(6000));
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "NOERROR");
  EXPECT_EQ(upstream.heard(), 2U);
}

TEST(ResolverStale, NoPrefetchOfWhatIsShort) {
  FakeUpstream upstream([](const Heard& heard) {
    return FakeUpstream::Replies{heard.Reply().Answer(heard.name() + " 9 A 192.0.2.1").Packet()};
  });
  Stage stage({Stage::Default({&upstream})});
  stage.AskAndWait("www.example.com");
  stage.Pass(Millis(8500));
  stage.resolver().Prefetch(Ask("www.example.com", "A"));
  stage.Pass(Millis(0));
  EXPECT_EQ(stage.counters().prefetches.value(), 0U);
}

}  // namespace
}  // namespace signpost::resolver
