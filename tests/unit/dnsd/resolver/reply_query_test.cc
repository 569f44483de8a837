// Signpost. Apache-2.0; see LICENSE.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "dnsd/resolver/reply.h"
#include "tests/unit/dnsd/resolver/upstream_message.h"

namespace signpost::resolver {
namespace {

using ::testing::ElementsAreArray;

constexpr std::array<uint8_t, 8> kHop = {1, 2, 3, 4, 5, 6, 7, 8};

struct Asked {
  explicit Asked(Variant variant, bool with_edns, std::span<const uint8_t> hop = kHop) {
    const Question question = Ask("www.example.com", "AAAA", variant);
    packet = BuildQuery({.question = question, .id = 0xabcd, .with_edns = with_edns}, hop);
    verdict = wire::ParseQuery(packet, query);
  }
  Bytes packet;
  wire::Query query;
  wire::Verdict verdict;
};

TEST(ReplyQueryTest, AsksForRecursionWithOurSizeAndTheHopMark) {
  const Asked asked({}, true);
  ASSERT_EQ(asked.verdict, wire::Verdict::kQuery);
  EXPECT_EQ(asked.query.id, 0xabcd);
  EXPECT_EQ(asked.query.name.ToString(), "www.example.com.");
  EXPECT_EQ(asked.query.type, wire::type::kAaaa);
  EXPECT_EQ(asked.query.qclass, wire::dns_class::kIn);
  EXPECT_TRUE(asked.query.recursion_desired);
  EXPECT_FALSE(asked.query.checking_disabled);
  EXPECT_TRUE(asked.query.edns.present);
  EXPECT_FALSE(asked.query.edns.dnssec_ok);
  EXPECT_EQ(asked.query.edns.udp_size, 1232);
  EXPECT_THAT(asked.query.edns.hop, ElementsAreArray(kHop));
}

TEST(ReplyQueryTest, PassesOnDoAndCd) {
  EXPECT_TRUE(Asked({.dnssec_ok = true}, true).query.edns.dnssec_ok);
  EXPECT_TRUE(Asked({.checking_disabled = true}, true).query.checking_disabled);
  EXPECT_FALSE(Asked({.checking_disabled = true}, true).query.edns.dnssec_ok);
}

TEST(ReplyQueryTest, WithoutEdnsThereIsNothingBehindTheQuestion) {
  const Asked asked({.dnssec_ok = true}, false);
  EXPECT_EQ(asked.verdict, wire::Verdict::kQuery);
  EXPECT_FALSE(asked.query.edns.present);
  EXPECT_EQ(asked.packet.size(), 12u + 17 + 4);
}

TEST(ReplyQueryTest, HasTheLettersThatAreToBeSent) {
  const Question question = Ask("www.example.com", "A");
  const std::string spelling = WireName("wWw.eXamplE.com");
  const Bytes packet = BuildQuery({.question = question, .id = kId, .spelling = spelling}, kHop);
  EXPECT_EQ(std::string(packet.begin() + 12, packet.begin() + 12 + 17), spelling);
  EXPECT_EQ(packet.size(), BuildQuery({.question = question, .id = kId}, kHop).size());
}

TEST(ReplyQueryTest, HasACookieIfThereIsEdns) {
  const Question question = Ask("www.example.com", "A");
  const Cookie cookie = Cookie::OfReply(Bytes(24, 0xab));
  const auto sent = [&](bool with_edns, std::span<const uint8_t> hop) {
    return BuildQuery({.question = question, .id = kId, .with_edns = with_edns, .cookie = cookie}, hop);
  };
  wire::Query query;
  const Bytes with_hop = sent(true, kHop);
  EXPECT_EQ(wire::ParseQuery(with_hop, query), wire::Verdict::kQuery);
  EXPECT_THAT(query.edns.cookie, ElementsAreArray(cookie.wire()));
  EXPECT_THAT(query.edns.hop, ElementsAreArray(kHop));
  const Bytes alone = sent(true, {});
  EXPECT_EQ(wire::ParseQuery(alone, query), wire::Verdict::kQuery);
  EXPECT_THAT(query.edns.cookie, ElementsAreArray(cookie.wire()));
  EXPECT_EQ(sent(false, {}).size(), 12U + 17 + 4);
}

TEST(ReplyQueryTest, WithoutAMarkThereIsNoOption) {
  const Asked asked({}, true, {});
  EXPECT_EQ(asked.verdict, wire::Verdict::kQuery);
  EXPECT_EQ(asked.packet.size(), 12u + 17 + 4 + 11);
}

}  // namespace
}  // namespace signpost::resolver
