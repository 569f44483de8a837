// Signpost. Apache-2.0; see LICENSE.
// Cookies towards upstreams (F05).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dnsd/resolver/stage.h"

namespace signpost::resolver {
namespace {

using Replies = FakeUpstream::Replies;

constexpr Stage::Options kCookies = {.defences = {.cookies = true}};
constexpr const char* kServer = "c1c2c3c4c5c6c7c8";
constexpr const char* kNewServer = "d1d2d3d4d5d6d7d8d9dadbdcdddedfe0";

std::string Name(int i) { return "n" + std::to_string(i) + ".example.com"; }
std::string Digits(std::span<const uint8_t> bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) text.append({kHex[byte >> 4], kHex[byte & 15]});
  return text;
}
std::string ServerPart(const Heard& heard) {
  return heard.cookie.size() < 8 ? "no cookie" : Digits(std::span(heard.cookie).subspan(8));
}
// The option in a reply: what came as the client's part, then the server's.
std::string Option(const Heard& heard, std::string_view server) {
  const std::string data = Digits(std::span(heard.cookie).first(8)) + std::string(server);
  const std::string size = Digits(Bytes{0, static_cast<uint8_t>(data.size() / 2)});
  return "000a" + size + data;
}
UpstreamMessage Truth(const Heard& heard) { return heard.Reply().Answer(heard.name() + " 60 A 192.0.2.1"); }
// An upstream that knows cookies.
Replies WithCookie(const Heard& heard) {
  return heard.cookie.empty() ? Good(heard) : Replies{Truth(heard).Opt(0, 0, Option(heard, kServer)).Packet()};
}
Bytes Forged(const Heard& heard) { return heard.Reply().Answer(heard.name() + " 60 A 203.0.113.66").Opt().Packet(); }
constexpr const char* kNotOurs = "000a 0010 00000000000000ff c1c2c3c4c5c6c7c8";
Bytes ForgedCookie(const Heard& heard) {
  return heard.Reply().Answer(heard.name() + " 60 A 203.0.113.66").Opt(0, 0, kNotOurs).Packet();
}
// An upstream that mixes cookies up.
Replies WithAnother(const Heard& heard) { return {Truth(heard).Opt(0, 0, kNotOurs).Packet()}; }
// Somebody forges what comes over UDP.
Replies Attacked(const Heard& heard) { return heard.tcp ? WithCookie(heard) : Replies{Forged(heard)}; }
bool IsTrue(const Settled& settled) {
  const std::string body(settled.answer->body.begin(), settled.answer->body.end());
  return body.ends_with(std::string("\xc0\0\x02\x01", 4));
}

TEST(ResolverCookie, NoneWithoutTheOption) {
  FakeUpstream upstream(Good);
  Stage stage({Stage::Default({&upstream})});
  stage.AskAndWait(Name(1));
  EXPECT_TRUE(upstream.WaitFor(1).front().cookie.empty());
}

TEST(ResolverCookie, OursIsSentAndTheirsIsSentBack) {
  FakeUpstream one(WithCookie), two(WithCookie);
  Stage stage({Stage::To("one.example", {&one}, 1), Stage::To("two.example", {&two}, 2)}, kCookies);
  for (const char* name : {"a.one.example", "b.one.example", "a.two.example"})
    EXPECT_TRUE(IsTrue(stage.AskAndWait(name)));
  const std::vector<Heard> heard = one.WaitFor(2);
  EXPECT_EQ(ServerPart(heard[0]), "");
  EXPECT_EQ(ServerPart(heard[1]), kServer);
  EXPECT_EQ(Digits(std::span(heard[0].cookie).first(8)), Digits(std::span(heard[1].cookie).first(8)));
  EXPECT_NE(Digits(heard[0].cookie), Digits(two.WaitFor(1).front().cookie));
}

TEST(ResolverCookie, AnUpstreamWithoutIsBelieved) {
  FakeUpstream upstream(Good);
  Stage stage({Stage::Default({&upstream})}, kCookies);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(i))));
  EXPECT_EQ(stage.counters().sent_tcp.value(), 0U);
  EXPECT_EQ(stage.counters().mismatched.value(), 0U);
}

TEST(ResolverCookie, AForgedReplyIsNotBelievedAndTheTrueOneIs) {
  FakeUpstream upstream(WithCookie);
  Stage stage({Stage::Default({&upstream})}, kCookies);
  stage.AskAndWait(Name(0));
  upstream.Play([](const Heard& heard) {
    return heard.tcp ? Silent(heard) : Replies{Forged(heard), ForgedCookie(heard), WithCookie(heard).front()};
  });
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(i)))) << i;
  EXPECT_EQ(stage.counters().mismatched.value(), 10U);
  EXPECT_EQ(stage.counters().no_cookie.value(), 10U);
  EXPECT_EQ(stage.counters().sent_udp.value(), 6U) << "the try listened on";
}

TEST(ResolverCookie, WithoutOneTcpIsAsked) {
  FakeUpstream upstream(WithCookie);
  Stage stage({Stage::Default({&upstream})}, kCookies);
  stage.AskAndWait(Name(0));
  upstream.Play(Attacked);
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(i)))) << i;
  EXPECT_EQ(stage.counters().sent_tcp.value(), 5U) << "it is not believed to have lost its cookies";
}

TEST(ResolverCookie, AnUpstreamThatHasLostItsCookiesSaysSoByTcp) {
  FakeUpstream upstream(WithCookie);
  Stage stage({Stage::Default({&upstream})}, kCookies);
  stage.AskAndWait(Name(0));
  upstream.Play(Good);
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(i)))) << i;
  EXPECT_EQ(stage.counters().sent_tcp.value(), 1U);
  EXPECT_EQ(ServerPart(upstream.WaitFor(7).back()), "") << "theirs is forgotten";
}

TEST(ResolverCookie, AnotherMeansTcp) {
  for (const bool shown : {false, true}) {
    FakeUpstream upstream(WithCookie);
    Stage stage({Stage::Default({&upstream})}, kCookies);
    if (shown) stage.AskAndWait(Name(0));
    upstream.Play(WithAnother);
    for (int i = 1; i <= 3; ++i) ASSERT_TRUE(IsTrue(stage.AskAndWait(Name(i)))) << i;
    EXPECT_EQ(stage.counters().sent_tcp.value(), 3U);
    const Heard last = upstream.WaitFor(6).back();
    EXPECT_TRUE(last.edns) << "it has not kept silent";
    EXPECT_EQ(ServerPart(last), "");
  }
}

TEST(ResolverCookie, WithoutOptTcpSaysNothingAboutThem) {
  FakeUpstream upstream(WithCookie);
  Stage stage({Stage::Default({&upstream})}, kCookies);
  stage.AskAndWait(Name(0));
  upstream.Play([](const Heard& heard) { return Replies{heard.tcp ? Truth(heard).Packet() : Forged(heard)}; });
  for (int i = 1; i <= 3; ++i) EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(i)))) << i;
}

TEST(ResolverCookie, TcpForAnotherReasonSaysNothingAboutThem) {
  const auto truncated = [](const Heard& heard) {
    return Replies{Truth(heard).Flags(0x8380).Opt(0, 0, Option(heard, kServer)).Packet()};
  };
  const auto flooded = [](const Heard& heard) { return Replies(17, Truth(heard).Id(heard.id ^ 1).Opt().Packet()); };
  for (const FakeUpstream::Script& why : {FakeUpstream::Script(truncated), FakeUpstream::Script(flooded)}) {
    FakeUpstream upstream(WithCookie);
    Stage stage({Stage::Default({&upstream})}, kCookies);
    stage.AskAndWait(Name(0));
    upstream.Play([&](const Heard& heard) { return heard.tcp ? Good(heard) : why(heard); });
    EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(1))));
    EXPECT_EQ(stage.counters().sent_tcp.value(), 1U);
    upstream.Play(Attacked);
    EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(2))));
  }
}

TEST(ResolverCookie, IsExpectedHoweverLongAgoTheLastOneCame) {
  FakeUpstream upstream(WithCookie);
  Stage stage({Stage::Default({&upstream})}, kCookies);
  stage.AskAndWait(Name(0));
  stage.Pass(std::chrono::hours(20));
  upstream.Play(Attacked);
  EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(1))));
}

TEST(ResolverCookie, WithoutTcpOneIsWaitedForTenMinutes) {
  ::testing::internal::CaptureStderr();
  {
    FakeUpstream upstream(WithCookie);
    Stage stage({Stage::Default({&upstream})}, kCookies);
    stage.AskAndWait(Name(0));
    stage.Pass(std::chrono::hours(3));
    upstream.CloseTcp();
    upstream.Play(Good);
    for (size_t i = 1; i <= 2; ++i) {
      stage.Ask(Name(static_cast<int>(i)));
      EXPECT_TRUE(stage.PassUntil([&] { return stage.settled() == i + 1; }));
      EXPECT_EQ(Said(stage.Wait(i + 1)).substr(0, 8), "SERVFAIL") << i;
      stage.Pass(std::chrono::minutes(5));
    }
    const size_t before = upstream.heard();
    EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(3))));
    EXPECT_EQ(ServerPart(upstream.WaitFor(before + 1).back()), "");
    upstream.Play(WithCookie);
    stage.AskAndWait(Name(4));
  }
  const std::string log = ::testing::internal::GetCapturedStderr();
  for (const char* words : {"without our cookie", "gives cookies again"}) {
    EXPECT_THAT(log, ::testing::HasSubstr(words));
    EXPECT_EQ(log.find(words), log.rfind(words)) << "once: " << log;
  }
}

TEST(ResolverCookie, AllIsForgottenWithTheOption) {
  FakeUpstream upstream(WithCookie);
  Stage stage({Stage::Default({&upstream})}, kCookies);
  stage.AskAndWait(Name(0));
  ResolverSettings settings = stage.Settings({Stage::Default({&upstream})});
  settings.defences.cookies = false;
  stage.resolver().SetSettings(settings);
  EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(1))));
  EXPECT_TRUE(upstream.WaitFor(2).back().cookie.empty());
  settings.defences.cookies = true;
  stage.resolver().SetSettings(settings);
  upstream.Play(Good);
  EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(2))));
  EXPECT_EQ(ServerPart(upstream.WaitFor(3).back()), "");
  EXPECT_EQ(stage.counters().sent_tcp.value(), 0U);
}

TEST(ResolverCookie, OursIsAnotherEachDay) {  // RFC 7873 7
  FakeUpstream upstream(WithCookie);
  Stage stage({Stage::Default({&upstream})}, kCookies);
  const auto client_part = [](const Heard& heard) { return Digits(std::span(heard.cookie).first(8)); };
  stage.AskAndWait(Name(0));
  stage.Pass(std::chrono::hours(24) - Millis(100));
  upstream.Play(Silent);
  stage.Ask(Name(1));
  const Heard old = upstream.WaitFor(2).back();
  EXPECT_EQ(ServerPart(old), kServer);
  stage.Pass(Millis(100));
  upstream.Play(Attacked);
  EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(2)))) << "one is expected all the same";
  const Heard next = upstream.WaitFor(4)[2];
  EXPECT_EQ(ServerPart(next), "");
  EXPECT_NE(client_part(next), client_part(old));
  upstream.Send(old, WithCookie(old).front());
  EXPECT_TRUE(IsTrue(stage.Wait(3))) << "what was under way has its own";
  stage.AskAndWait(Name(3));
  EXPECT_EQ(client_part(upstream.WaitFor(5)[4]), client_part(next));
}

TEST(ResolverCookie, BadCookieMeansOnceMoreWithTheNewOne) {
  FakeUpstream upstream([](const Heard& heard) {
    if (ServerPart(heard) == kNewServer) return Replies{Truth(heard).Opt(0, 0, Option(heard, kNewServer)).Packet()};
    return Replies{heard.Reply().Rcode(7).Opt(1, 0, Option(heard, kNewServer)).Packet()};
  });
  Stage stage({Stage::Default({&upstream})}, kCookies);
  EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(1))));
  EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(2))));
  EXPECT_EQ(upstream.WaitFor(3).size(), 3U);
  EXPECT_EQ(stage.counters().sent_tcp.value(), 0U);
}

TEST(ResolverCookie, BadCookieAgainMeansTcp) {
  FakeUpstream upstream([](const Heard& heard) {
    if (heard.tcp) return WithCookie(heard);
    return Replies{heard.Reply().Rcode(7).Opt(1, 0, Option(heard, kNewServer)).Packet()};
  });
  Stage stage({Stage::Default({&upstream})}, kCookies);
  EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(1))));
  EXPECT_EQ(stage.counters().sent_udp.value(), 2U);
  EXPECT_EQ(stage.counters().sent_tcp.value(), 1U);
}

TEST(ResolverCookie, WithoutEdnsThereIsNone) {
  FakeUpstream upstream([](const Heard& heard) { return heard.edns ? Rcode(1)(heard) : Good(heard); });
  Stage stage({Stage::Default({&upstream})}, kCookies);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(IsTrue(stage.AskAndWait(Name(i))));
  EXPECT_TRUE(upstream.WaitFor(4).back().cookie.empty());
  EXPECT_EQ(stage.counters().sent_tcp.value(), 0U);
}

}  // namespace
}  // namespace signpost::resolver
