// Signpost. Apache-2.0; see LICENSE.
// What the handler does to clients by who they are, and what it notes beside the answer.
#include <array>

#include "tests/unit/dnsd/query/sources_side.h"

namespace signpost::query {
namespace {

using resolver::UpstreamMessage;
using test::Question;
using test::Reply;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<uint8_t> kStranger = {198, 51, 100, 1};
const std::vector<uint8_t> kLocal = {127, 0, 0, 1};

uint64_t Sum(const auto& counters) {
  uint64_t sum = 0;
  for (const auto& counter : counters) sum += counter.value();
  return sum;
}

class HandlerLimitsTest : public SourcesSide {
 protected:
  // The algebra of counters.h.
  ~HandlerLimitsTest() override {
    const Counters& c = world.counters();
    uint64_t open = 0;
    for (size_t t = 0; t < kTransports; ++t) open += c.received[t].value() - c.answered[t].value() - Sum(c.dropped[t]);
    EXPECT_EQ(open, expected_waiting);
    EXPECT_EQ(Sum(c.answered), Sum(c.rcodes));
    EXPECT_EQ(Sum(c.answered), Sum(c.types));
    EXPECT_EQ(Sum(c.answered), Sum(c.sources));
    EXPECT_LE(c.slipped.value(), c.truncated.value());
  }

  void Limit(uint32_t rate) {
    world.Follow([rate](Policy& policy) { policy.responses_per_second = rate; });
  }
  // "a" for an answer, "s" for a slipped one, "-" for silence.
  std::string Flood(int count, const Question& question = Question("web.service.consul", "A")) {
    std::string seen;
    for (int i = 0; i < count; ++i) {
      const Reply reply = world.At(now_ms).Ask(question);
      seen += reply.rcode == "none" ? "-" : reply.flags == "tc" && reply.answer.empty() ? "s" : "a";
    }
    return seen;
  }
  uint64_t source(Source source) const { return world.counters().sources[static_cast<size_t>(source)].value(); }

  uint64_t expected_waiting = 0;
};

TEST_F(HandlerLimitsTest, EverySecondAnswerAboveTheRateSlips) {
  Limit(2);
  world.From(kStranger);
  EXPECT_EQ(Flood(10), "aaaas-s-s-");
  EXPECT_EQ(world.counters().slipped.value(), 3U);
  EXPECT_EQ(world.counters().truncated.value(), 3U);
  EXPECT_EQ(world.counters().dropped[0][static_cast<size_t>(Drop::kRate)].value(), 3U);
  EXPECT_EQ(source(Source::kNone), 3U);
  now_ms += 1000;
  EXPECT_EQ(Flood(3), "aas") << "two more after a second";
}

TEST_F(HandlerLimitsTest, ASlippedReplyHasTheQuestionAndNoMore) {
  Limit(1);
  world.From(kStranger);
  Flood(2);
  const Reply reply = world.Ask(Question("Web.service.consul", "A").Id(77).Flags(0x0110).Edns(1232));
  EXPECT_EQ(reply.id, 77);
  EXPECT_EQ(reply.flags, "tc rd");
  EXPECT_EQ(reply.rcode, "NOERROR");
  EXPECT_EQ(reply.question, "Web.service.consul. A");
  EXPECT_TRUE(reply.has_opt);
  EXPECT_THAT(reply.answer, IsEmpty());
  EXPECT_THAT(reply.authority, IsEmpty());
}

TEST_F(HandlerLimitsTest, ANetworkIsOneClientAndOthersAreNot) {
  Limit(1);
  world.From({198, 51, 100, 1});
  EXPECT_EQ(Flood(3), "aas");
  world.From({198, 51, 100, 254});
  EXPECT_EQ(Flood(1), "-");
  world.From({198, 51, 101, 1});
  EXPECT_EQ(Flood(2), "aa");
}

TEST_F(HandlerLimitsTest, TcpAndTrustedClientsAreExempt) {
  Limit(1);
  world.From(kLocal);
  EXPECT_EQ(Flood(5), "aaaaa");
  world.From(kStranger);
  EXPECT_EQ(Flood(5, Question("web.service.consul", "A").Tcp()), "aaaaa");
  EXPECT_EQ(Flood(3), "aas") << "what went by TCP did not count";
  world.Follow([](Policy& policy) { policy.recursion = {}; }).From(kLocal);
  EXPECT_EQ(Flood(5), "aaaaa") << "nobody sends questions in the name of this host from elsewhere";
}

TEST_F(HandlerLimitsTest, WhatWasLetThroughBeforeItWaitedIsNotLimitedAgain) {
  Limit(1);
  world.From(kStranger);
  Flood(4);
  const auto packet = Question("web.service.consul", "A").Packet();
  std::vector<uint8_t> out(1232);
  world.handler().counters().received[0].Add();
  const auto reply = world.handler().Handle(packet, {.now_ms = now_ms, .peer_ip = kStranger, .parked_ms = now_ms}, out);
  EXPECT_EQ(test::Decode(std::span(out).first(reply.size), 512).answer.size(), 1U);
}

TEST_F(HandlerLimitsTest, ErrorsAreLimitedToo) {
  Limit(1);
  world.From(kStranger);
  EXPECT_EQ(Flood(4, Question("absent.service.consul", "A")), "aas-");
  now_ms += 10'000;
  EXPECT_EQ(Flood(4, Question("x", "A").Counts(2, 0, 0, 0)).substr(0, 2), "aa");
  EXPECT_EQ(world.AskBytes(test::Hex("1234 0000 0000 0000 0000 0000")).rcode, "none") << "no question, no slip";
}

TEST_F(HandlerLimitsTest, ZeroIsNoLimit) {
  Limit(0);
  world.From(kStranger);
  EXPECT_EQ(Flood(50), std::string(50, 'a'));
}

TEST_F(HandlerLimitsTest, WhatThisProcessForwardedItselfEndsHere) {  // F33
  static constexpr std::array<uint8_t, 8> kHop = {1, 2, 3, 4, 5, 6, 7, 8};
  world.handler().SetHop(kHop);
  const auto ask = [&](const char* hop) {
    return world.Ask(Question("web.service.consul", "A").Flags(0x0100).Edns(1232).Option(wire::edns_option::kHop, hop));
  };
  const Reply loop = ask("0102030405060708");
  EXPECT_EQ(loop.rcode, "SERVFAIL");
  EXPECT_THAT(loop.answer, IsEmpty());
  EXPECT_THAT(loop.opt_data, HasSubstr("000f00110000"
                                       "666f7277617264696e67206c6f6f70"))
      << "EDE 0, forwarding loop";
  for (const char* other : {"0102030405060709", "01020304050607", ""}) EXPECT_EQ(ask(other).rcode, "NOERROR") << other;
}

TEST_F(HandlerLimitsTest, RecursionIsOfferedToThoseWhoMayIfAnythingIsForwarded) {
  const struct {
    const char* name;
    const char* type;
    const char* flags;  // of a trusted client's reply, less "ra"
  } kCases[] = {{"web.service.consul", "A", "aa rd"},
                {"absent.service.consul", "A", "aa rd"},
                {"ns.static.test", "A", "aa rd"},
                {"x.local", "A", "aa rd"},
                {"consul", "AXFR", "rd"},
                {"printer", "A", "rd"}};
  for (const auto& c : kCases) {
    world.From(kLocal);
    EXPECT_EQ(Ask(c.name, c.type).flags, std::string(c.flags) + " ra") << c.name;
    world.From({10, 0, 0, 9});
    EXPECT_TRUE(Ask(c.name, c.type).has("ra")) << c.name;
    world.From(kStranger);
    EXPECT_FALSE(Ask(c.name, c.type).has("ra")) << c.name;
  }
  world.From(kLocal).Follow([](Policy& policy) {
    policy.routes = std::make_shared<const resolver::Routes>(std::vector{RouteTo("corp.example")});
  });
  EXPECT_TRUE(Ask("web.service.consul", "A").has("ra")) << "one route is enough";
}

TEST_F(HandlerLimitsTest, EveryAnswerHasOneSource) {
  Settle(UpstreamMessage("www.example.com", "A").Answer("www.example.com 60 A 192.0.2.7"));
  const struct {
    const char* name;
    const char* type;
    Source from;
  } kCases[] = {{"web.service.consul", "A", Source::kCatalog},
                {"absent.service.consul", "A", Source::kCatalog},
                {"1.0.0.10.in-addr.arpa", "PTR", Source::kCatalog},
                {"ns.static.test", "A", Source::kStaticZone},
                {"none.static.test", "A", Source::kStaticZone},
                {"in.static.test", "A", Source::kStaticZone},
                {"x.local", "A", Source::kLocalZone},
                {"printer", "A", Source::kLocalZone},
                {"www.example.com", "A", Source::kForwarded},
                {"www.example.com", "ANY", Source::kForwarded},
                {"www.example.com", "AXFR", Source::kNone},
                {"consul", "MAILB", Source::kNone}};
  for (const auto& c : kCases) {
    const uint64_t before = source(c.from);
    Ask(c.name, c.type);
    EXPECT_EQ(source(c.from), before + 1) << c.name << " " << c.type;
  }
  world.Ask(Question("x", "A").Counts(2, 0, 0, 0));
  world.Ask(Question("x", "A").Flags(0x2000));
  world.Ask(Question("x", "A").Flags(0x8000));
  world.Ask(Question("id.server", "TXT").Class(3));
  world.AskBytes({});
  Ask("wait.example.com", "A");
  expected_waiting = 1;
}

TEST_F(HandlerLimitsTest, LoopProbesAreNoticed) {
  Ask("signpost-loop-0123456789abcdef.signpost-probe.arpa", "TXT");
  EXPECT_EQ(world.handler().TakeProbe(), "signpost-loop-0123456789abcdef");
  EXPECT_EQ(world.handler().TakeProbe(), std::nullopt) << "told once";
  Ask("signpost-loop-0123456789abcdef.signpost-probe.arpa", "A");
  Ask("signpost-loop-0123456789abcdef.sub.test", "TXT");
  EXPECT_EQ(world.handler().TakeProbe(), std::nullopt);
  expected_waiting = 3;
}

TEST_F(HandlerLimitsTest, QuestionsAreLoggedAsTheOperatorWants) {
  const auto drain = [&] {
    std::vector<std::string> lines;
    world.handler().log().Drain([&](const std::string& line) { lines.push_back(line); });
    return lines;
  };
  Ask("web.service.consul", "A");
  EXPECT_THAT(drain(), IsEmpty());
  world.Follow([](Policy& policy) { policy.log = {.one_in = 3, .names = {test::WireName("static.test")}}; });
  for (int i = 0; i < 6; ++i) Ask("web.service.consul", "A");
  EXPECT_THAT(drain(), ElementsAre("query web.service.consul. A from 127.0.0.1 over udp: NOERROR, from catalog",
                                   "query web.service.consul. A from 127.0.0.1 over udp: NOERROR, from catalog"));
  Ask("none.static.test", "TXT");
  EXPECT_THAT(drain(), ElementsAre("query none.static.test. TXT from 127.0.0.1 over udp: NXDOMAIN, from static_zone"));
  Ask("www.example.com", "A");
  expected_waiting = 1;
  EXPECT_THAT(drain(), IsEmpty()) << "what waits is logged with its answer";
}

}  // namespace
}  // namespace signpost::query
