// Signpost. Apache-2.0; see LICENSE.
// Chains that an upstream leaves without their end, and routes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dnsd/resolver/stage.h"

namespace signpost::resolver {
namespace {

using test::Bytes;

// "a.example.com." leads to "b.example.com.", and so on to `last`; that one has an address. One link per reply.
FakeUpstream::Script ChainTo(char last) {
  return [last](const Heard& heard) {
    std::string next = heard.name();
    if (next[0] == last) return Good(heard);
    ++next[0];
    return FakeUpstream::Replies{heard.Reply().Answer(heard.name() + " 60 CNAME " + next).Opt().Packet()};
  };
}

TEST(ResolverChain, AsksForTheEnd) {
  FakeUpstream upstream(ChainTo('c'));
  Stage stage({Stage::Default({&upstream})});
  const Settled settled = stage.AskAndWait("a.example.com");
  EXPECT_EQ(Said(settled), "NOERROR");
  EXPECT_EQ(settled.answer->records.size(), 3U);
  EXPECT_EQ(settled.answer->question, Ask("a.example.com", "A"));
  EXPECT_EQ(upstream.heard(), 3U);
  EXPECT_EQ(stage.AskAndWait("b.example.com").answer->records.size(), 2U) << "known by now";
  EXPECT_EQ(upstream.heard(), 3U);
  EXPECT_EQ(stage.resolver().in_flight(), 0U);
}

TEST(ResolverChain, UsesAnEndThatIsKnown) {
  FakeUpstream upstream(ChainTo('b'));
  Stage stage({Stage::Default({&upstream})});
  stage.AskAndWait("b.example.com");
  stage.Pass(Millis(20'000));
  const Settled settled = stage.AskAndWait("a.example.com");
  EXPECT_EQ(upstream.heard(), 2U);
  EXPECT_EQ(settled.answer->expires_ms, stage.now_ms() + 40'000);
}

TEST(ResolverChain, ACircleIsAnError) {  // F88
  FakeUpstream upstream([](const Heard& heard) {
    const std::string next = heard.name() == "a.example.com." ? "b.example.com" : "a.example.com";
    return FakeUpstream::Replies{heard.Reply().Answer(heard.name() + " 60 CNAME " + next).Packet()};
  });
  Stage stage({Stage::Default({&upstream})});
  EXPECT_EQ(Said(stage.AskAndWait("a.example.com")), "SERVFAIL 24");
  EXPECT_EQ(stage.resolver().in_flight(), 0U);
  const size_t heard = upstream.heard();
  stage.Pass(Millis(4900));
  EXPECT_EQ(Said(stage.AskAndWait("a.example.com")), "SERVFAIL 24");
  EXPECT_EQ(upstream.heard(), heard);
  stage.Pass(Millis(200));
  stage.AskAndWait("a.example.com");
  EXPECT_GT(upstream.heard(), heard);
}

// The CNAMEs that a failure has with it.
size_t LinksOf(const Settled& settled) {
  EXPECT_TRUE(settled.answer->failure);
  EXPECT_TRUE(settled.answer->records.empty()) << "not shown with it";
  const auto& chain = settled.answer->failed_chain;
  if (!chain) return 0;
  EXPECT_EQ(chain->question, settled.question);
  EXPECT_GT(settled.answer->bytes(), chain->bytes());
  return chain->records.size();
}

// Like ChainTo, but `last` has the script `end`.
FakeUpstream::Script ChainInto(char last, FakeUpstream::Script end) {
  return [chain = ChainTo(last), last, end = std::move(end)](const Heard& heard) {
    return heard.name()[0] == last ? end(heard) : chain(heard);
  };
}

TEST(ResolverChain, AFailureHasTheLinksThatLedToIt) {
  FakeUpstream upstream(ChainInto('d', Rcode(2)));
  Stage stage({Stage::Default({&upstream})});
  const Settled settled = stage.AskAndWait("a.example.com");
  EXPECT_EQ(Said(settled), "SERVFAIL 22");
  EXPECT_EQ(LinksOf(settled), 3U);
  const size_t heard = upstream.heard();
  EXPECT_EQ(LinksOf(stage.AskAndWait("a.example.com")), 3U) << "remembered";
  EXPECT_EQ(LinksOf(stage.AskAndWait("c.example.com")), 1U);
  EXPECT_EQ(LinksOf(stage.AskAndWait("d.example.com")), 0U);
  EXPECT_EQ(upstream.heard(), heard);
}

TEST(ResolverChain, SilenceAtTheEndHasThemToo) {
  FakeUpstream upstream(ChainInto('c', Silent));
  Stage stage({Stage::Default({&upstream})});
  stage.Ask("a.example.com");
  ASSERT_TRUE(stage.PassUntil([&] { return stage.settled() == 1; }));
  EXPECT_EQ(Said(stage.Wait()).substr(0, 8), "SERVFAIL");
  EXPECT_EQ(LinksOf(stage.Wait()), 2U);
}

TEST(ResolverChain, ACircleHasItsLinks) {
  FakeUpstream upstream([](const Heard& heard) {
    const std::string next = heard.name() == "b.example.com." ? "c.example.com" : "b.example.com";
    return FakeUpstream::Replies{heard.Reply().Answer(heard.name() + " 60 CNAME " + next).Packet()};
  });
  Stage stage({Stage::Default({&upstream})});
  const Settled settled = stage.AskAndWait("a.example.com");
  EXPECT_EQ(Said(settled), "SERVFAIL 24");
  EXPECT_EQ(LinksOf(settled), 2U);
}

TEST(ResolverChain, SixteenLinks) {  // F88
  FakeUpstream upstream(ChainTo('q'));
  Stage stage({Stage::Default({&upstream})});
  EXPECT_EQ(Said(stage.AskAndWait("a.example.com")), "NOERROR");
  upstream.Play(ChainTo('z'));
  EXPECT_EQ(Said(stage.AskAndWait("b.other.com")), "SERVFAIL 24");
  EXPECT_LE(upstream.heard(), 17U + 17U);
}

TEST(ResolverChain, StopsAtAnOwnZone) {  // F29, F30
  FakeUpstream upstream([](const Heard& heard) {
    return FakeUpstream::Replies{heard.Reply().Answer(heard.name() + " 60 CNAME web.service.consul").Packet()};
  });
  Stage stage({Stage::Default({&upstream})}, {.own_zones = {"consul"}});
  const Settled settled = stage.AskAndWait("www.example.com");
  EXPECT_EQ(Said(settled), "NOERROR");
  EXPECT_EQ(settled.answer->records.size(), 1U);
  EXPECT_EQ(upstream.heard(), 1U);
}

TEST(ResolverChain, FollowsTheTargetsRoute) {  // F67, F68
  FakeUpstream general([](const Heard& heard) {
    return FakeUpstream::Replies{heard.Reply().Answer(heard.name() + " 60 CNAME www.corp.example").Packet()};
  });
  FakeUpstream corp(Good), sub(Good);
  Stage stage(
      {Stage::Default({&general}), Stage::To("corp.example", {&corp}, 2), Stage::To("sub.corp.example", {&sub}, 3)});
  EXPECT_EQ(stage.AskAndWait("www.example.com").answer->records.size(), 2U);
  EXPECT_EQ(corp.heard(), 1U);
  EXPECT_EQ(stage.AskAndWait("a.sub.corp.example").answer->route, 3U);
  corp.Play(Rcode(2));
  EXPECT_EQ(Said(stage.AskAndWait("other.corp.example")), "SERVFAIL 22");
  EXPECT_EQ(general.heard(), 1U) << "never stands in";
}

TEST(ResolverChain, AsksTheTargetsRouteWhateverIsSaidAboutIt) {  // F67
  FakeUpstream general([](const Heard& heard) {
    return FakeUpstream::Replies{heard.Reply()
                                     .Answer(heard.name() + " 60 CNAME www.corp.example")
                                     .Answer("www.corp.example 60 A 192.0.2.66")
                                     .Answer("www.corp.example 60 A 192.0.2.67")
                                     .Packet()};
  });
  FakeUpstream corp(Good);
  Stage stage({Stage::Default({&general}), Stage::To("corp.example", {&corp}, 2)}, {.routed = {"corp.example"}});
  EXPECT_EQ(stage.AskAndWait("www.example.com").answer->records.size(), 2U);
  EXPECT_EQ(corp.heard(), 1U);
}

TEST(ResolverChain, NoRouteAtAll) {
  FakeUpstream corp(Good);
  Stage stage({Stage::To("corp.example", {&corp})});
  EXPECT_EQ(Said(stage.AskAndWait("www.example.com")), "SERVFAIL 22");
}

TEST(ResolverSettings, DropWhatCameByAnotherRoute) {  // F82
  FakeUpstream one(Good), two(Good);
  Stage stage({Stage::Default({&one}), Stage::To("corp.example", {&two}, 2)});
  stage.AskAndWait("www.example.com");
  stage.AskAndWait("www.corp.example");
  stage.AskAndWait("x.new.example");
  EXPECT_EQ(stage.resolver().cache_entries(), 3U);
  Route moved = Stage::To("corp.example", {&one}, 3);
  stage.resolver().SetSettings(stage.Settings({Stage::Default({&one}), moved, Stage::To("new.example", {&one}, 4)}));
  EXPECT_TRUE(stage.Explain("www.example.com").cached);
  EXPECT_FALSE(stage.Explain("www.corp.example").cached);
  EXPECT_FALSE(stage.Explain("x.new.example").cached) << "its own route is another now";
  const std::vector<UpstreamStatus> upstreams = stage.resolver().Upstreams();
  ASSERT_EQ(upstreams.size(), 1U);
  EXPECT_EQ(upstreams[0].address, one.address());
  EXPECT_EQ(upstreams[0].answered, 2U) << "what is known of it is kept";
}

TEST(ResolverSettings, WhatComesLateByAnotherRouteIsNotKept) {  // F82
  FakeUpstream one(Good), two(Silent);
  Stage stage({Stage::Default({&one}), Stage::To("corp.example", {&two}, 2)});
  stage.Ask("www.corp.example");
  const Heard heard = two.WaitFor(1).front();
  // The old route's servers serve another zone now.
  stage.resolver().SetSettings(stage.Settings(
      {Stage::Default({&one}), Stage::To("corp.example", {&one}, 3), Stage::To("lab.example", {&two}, 2)}));
  two.Send(heard, Good(heard).front());
  EXPECT_EQ(stage.Wait().answer->route, 2U);
  EXPECT_FALSE(stage.Explain("www.corp.example").cached);
  EXPECT_EQ(stage.AskAndWait("www.corp.example").answer->route, 3U);
}

TEST(ResolverSettings, Flush) {  // F81
  FakeUpstream upstream(Good);
  Stage stage({Stage::Default({&upstream})});
  const auto cached = [&] {
    std::string all;
    for (const char* name : {"a.example.com", "b.a.example.com", "example.org"}) {
      if (stage.Explain(name).cached) all += std::string(name) + " ";
    }
    return all;
  };
  const auto fill = [&] {
    for (const char* name : {"a.example.com", "b.a.example.com", "example.org"}) stage.AskAndWait(name);
  };
  fill();
  stage.resolver().Flush(WireName("a.example.com"), false);
  EXPECT_EQ(cached(), "b.a.example.com example.org ");
  fill();
  stage.resolver().Flush(WireName("example.com"), true);
  EXPECT_EQ(cached(), "example.org ");
  stage.resolver().Flush(std::string(1, '\0'), true);
  EXPECT_EQ(cached(), "");
  EXPECT_EQ(stage.resolver().cache_entries(), 0U);
}

TEST(ResolverSettings, Explains) {
  FakeUpstream upstream(Silent);
  Stage stage({Stage::To("corp.example", {&upstream})});
  EXPECT_EQ(stage.Explain("www.example.com").route, "");
  stage.Ask("www.corp.example");
  const Explanation told = stage.Explain("www.corp.example");
  EXPECT_TRUE(told.in_flight);
  EXPECT_FALSE(told.cached);
  EXPECT_EQ(told.route, "corp.example.");
  ASSERT_EQ(told.upstreams.size(), 1U);
  EXPECT_EQ(told.upstreams[0].sent, 1U);
}

}  // namespace
}  // namespace signpost::resolver
