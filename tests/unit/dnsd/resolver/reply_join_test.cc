// Signpost. Apache-2.0; see LICENSE.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dnsd/resolver/reply.h"
#include "tests/unit/dnsd/resolver/client_side.h"

namespace signpost::resolver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::shared_ptr<Answer> Join(const Answer& links, const Answer& end) { return resolver::Join(links, end, {}); }

// The links from c`first` to c`last`.
std::shared_ptr<Answer> Links(int first, int last, uint32_t ttl = 60) {
  const auto name = [](int i) { return "c" + std::to_string(i) + ".example.com"; };
  UpstreamMessage message(name(first), "A");
  for (int i = first; i < last; ++i) message.Answer(name(i) + " " + std::to_string(ttl) + " CNAME " + name(i + 1));
  Reply reply = Read(message);
  EXPECT_EQ(reply.verdict, ReplyVerdict::kChase);
  EXPECT_EQ(Dotted(reply.chase), name(last) + ".");
  return reply.answer;
}

std::shared_ptr<Answer> AddressOf(const std::string& name, uint32_t ttl = 20) {
  return AnswerOf(UpstreamMessage(name, "A")
                      .Answer(name + " " + std::to_string(ttl) + " A 192.0.2.1")
                      .Answer(name + " " + std::to_string(ttl) + " A 192.0.2.2"));
}

TEST(ReplyJoinTest, TheEndFollowsTheLinks) {
  const auto joined = Join(*Links(0, 2), *AddressOf("c2.example.com"));
  EXPECT_EQ(Dotted(joined->question.name), "c0.example.com.");
  EXPECT_THAT(SeeAll(*joined).in_order,
              ElementsAre("c0.example.com. 60 CNAME c1.example.com.", "c1.example.com. 60 CNAME c2.example.com.",
                          "c2.example.com. 20 A 192.0.2.1", "c2.example.com. 20 A 192.0.2.2"));
  EXPECT_EQ(joined->rotate_first, 2);
  EXPECT_EQ(joined->rotate_count, 2);
  EXPECT_EQ(joined->expires_ms, kNow + 20'000);
  EXPECT_TRUE(joined->cacheable);
}

TEST(ReplyJoinTest, TheSecondHalfMayHaveLinksToo) {
  UpstreamMessage second("c1.example.com", "A");
  second.Answer("c1.example.com 60 CNAME d.example.com").Answer("d.example.com 60 A 192.0.2.1");
  EXPECT_THAT(SeeAll(*Join(*Links(0, 1), *AnswerOf(second))).in_order,
              ElementsAre("c0.example.com. 60 CNAME c1.example.com.", "c1.example.com. 60 CNAME d.example.com.",
                          "d.example.com. 60 A 192.0.2.1"));
}

TEST(ReplyJoinTest, DnamesStayInFrontOfTheirCname) {
  Reply first = Read(UpstreamMessage("www.example.com", "A").Answer("example.com 60 DNAME example.net"));
  EXPECT_EQ(Dotted(first.chase), "www.example.net.");
  const auto lines = SeeAll(*Join(*first.answer, *AddressOf("www.example.net"))).in_order;
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines[0], ::testing::StartsWith("example.com. 60 TYPE39"));
  EXPECT_EQ(lines[1], "www.example.com. 60 CNAME www.example.net.");
}

TEST(ReplyJoinTest, ANegativeEndKeepsItsSoaAndRcode) {
  const auto end = AnswerOf(UpstreamMessage("c1.example.com", "A").Rcode(3).Authority("example.com 30 SOA 30"));
  const auto joined = Join(*Links(0, 1), *end);
  const test::Reply seen = SeeAll(*joined);
  EXPECT_EQ(seen.rcode, "NXDOMAIN");
  EXPECT_THAT(seen.in_order, ElementsAre("c0.example.com. 60 CNAME c1.example.com."));
  EXPECT_THAT(seen.authority, ElementsAre("example.com. 30 SOA ns.example.com. admin.example.com. 1 1 1 1 30"));
  EXPECT_TRUE(joined->cacheable);
  const auto without = AnswerOf(UpstreamMessage("c1.example.com", "A").Rcode(3));
  EXPECT_EQ(Join(*Links(0, 1), *without)->expires_ms, without->expires_ms) << "as short as its end";
}

TEST(ReplyJoinTest, AFailureStaysOne) {
  const auto failure = MakeFailure(Ask("c1.example.com", "A"), wire::Ede::kNetworkError, "x", kNow, 5000);
  const auto joined = Join(*Links(0, 1), *failure);
  EXPECT_TRUE(joined->failure);
  EXPECT_TRUE(joined->cacheable);
  EXPECT_EQ(joined->ede, wire::Ede::kNetworkError);
  EXPECT_EQ(joined->expires_ms, kNow + 5000);
  EXPECT_EQ(Dotted(joined->question.name), "c0.example.com.");
  EXPECT_THAT(SeeAll(*joined).answer, IsEmpty());
}

TEST(ReplyJoinTest, TheOlderHalfHasAged) {
  auto end = AddressOf("c1.example.com", 100);
  end->received_ms -= 30'500;
  end->expires_ms -= 30'500;
  const auto joined = Join(*Links(0, 1, 200), *end);
  EXPECT_EQ(joined->received_ms, kNow);
  EXPECT_EQ(joined->expires_ms, kNow + 69'500);
  EXPECT_THAT(SeeAll(*joined).in_order,
              ElementsAre("c0.example.com. 200 CNAME c1.example.com.", "c1.example.com. 70 A 192.0.2.1",
                          "c1.example.com. 70 A 192.0.2.2"));
}

TEST(ReplyJoinTest, HalvesThatCannotBeKeptGiveAWholeThatCannot) {
  EXPECT_FALSE(Join(*Links(0, 1, 0), *AddressOf("c1.example.com"))->cacheable);
  EXPECT_FALSE(Join(*Links(0, 1), *AddressOf("c1.example.com", 0))->cacheable);
}

TEST(ReplyJoinTest, TheFirstQuestionDecidesAboutPrivateAddresses) {  // F16
  struct Case {
    const char* what;
    const char* allowed;
    std::vector<const char*> end;
    test::Lines expected;
  };
  const Case cases[] = {
      {"only the end is allowed", "corp.example", {"a.corp.example 20 A 10.0.0.5"}, {}},
      {"one of two",
       "corp.example",
       {"a.corp.example 20 A 10.0.0.5", "a.corp.example 20 A 192.0.2.1"},
       {"www.example.com. 60 CNAME a.corp.example.", "a.corp.example. 20 A 192.0.2.1"}},
      {"the first name is",
       "example.com",
       {"a.corp.example 20 A 10.0.0.5"},
       {"www.example.com. 60 CNAME a.corp.example.", "a.corp.example. 20 A 10.0.0.5"}},
  };
  const auto links = Read(UpstreamMessage("www.example.com", "A").Answer("www.example.com 60 CNAME a.corp.example"));
  for (const Case& c : cases) {
    UpstreamMessage message("a.corp.example", "A");
    for (const char* line : c.end) message.Answer(line);
    const ReplyRules rules{.rebind_protection = true, .rebind_allowed = {Ask(c.allowed, "A").name}};
    const auto joined = resolver::Join(*links.answer, *AnswerOf(message), rules);
    EXPECT_EQ(SeeAll(*joined).in_order, c.expected) << c.what;
    EXPECT_EQ(joined->ede, c.expected.size() == c.end.size() + 1 ? std::nullopt : std::optional(wire::Ede::kBlocked))
        << c.what;
    EXPECT_TRUE(joined->cacheable) << c.what;
    EXPECT_EQ(joined->expires_ms, c.expected.empty() ? kNow + 30'000 : kNow + 20'000) << c.what;
  }
}

TEST(ReplyJoinTest, TheProofsOfBothHalvesStay) {
  const auto half = [](const std::string& name) {
    return UpstreamMessage(Ask(name + ".example.com", "A", {.dnssec_ok = true}));
  };
  const auto links = Read(half("www")
                              .Answer("www.example.com 60 CNAME a.example.com")
                              .Answer("www.example.com 60 RRSIG CNAME")
                              .Authority("x.example.com 60 NSEC 0000"));
  const auto end = AnswerOf(half("a")
                                .Answer("a.example.com 60 A 192.0.2.1")
                                .Answer("a.example.com 60 RRSIG A")
                                .Authority("0.example.com 60 NSEC 0000"));
  EXPECT_EQ(SeeAll(*Join(*links.answer, *end)).authority.size(), 2U);
}

TEST(ReplyJoinTest, LoopsAndLongChainsEnd) {
  const auto tail = [](int first, int last) {
    UpstreamMessage message("c" + std::to_string(first) + ".example.com", "A");
    for (int i = first; i < last; ++i) {
      message.Answer("c" + std::to_string(i) + ".example.com 60 CNAME c" + std::to_string(i + 1) + ".example.com");
    }
    return AnswerOf(message.Answer("c" + std::to_string(last) + ".example.com 60 A 192.0.2.1"));
  };
  EXPECT_NE(Join(*Links(0, 8), *tail(8, 16)), nullptr);
  EXPECT_EQ(Join(*Links(0, 8), *tail(8, 17)), nullptr);
  const auto back = Read(UpstreamMessage("c1.example.com", "A").Answer("c1.example.com 60 CNAME C0.example.com"));
  EXPECT_EQ(Join(*Links(0, 1), *back.answer), nullptr);
}

}  // namespace
}  // namespace signpost::resolver
