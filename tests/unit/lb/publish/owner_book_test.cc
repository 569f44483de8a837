// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/owner_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Millis kLinger{60000};

class OwnerBookTest : public ::testing::Test {
 protected:
  void Claims(const std::string& service, uint64_t since, const std::vector<std::string>& resources) {
    std::vector<Claim> claims;
    for (const std::string& resource : resources) {
      Claim& claim = claims.emplace_back();
      claim.resource = resource;
      claim.tag = "tcp";
    }
    book_.SetClaims(service, since, claims);
  }
  bool At(int64_t seconds) { return book_.Elect(Millis(seconds * 1000), kLinger); }
  // "service", "service (lingers)" or "-".
  std::string Owner(const std::string& resource) {
    const auto held = book_.holdings().find(resource);
    if (held == book_.holdings().end()) return "-";
    return held->second.service + (held->second.released ? " (lingers)" : "");
  }
  std::vector<std::string> Losers() {
    std::vector<std::string> texts;
    for (const auto& loser : book_.Losers())
      texts.push_back(loser.resource + ": " + loser.loser + " to " + loser.winner);
    return texts;
  }

  OwnerBook book_;
};

TEST_F(OwnerBookTest, TheOlderServiceWinsWhoeverComesFirstAtTheStart) {
  Claims("b", 20, {"port 7000"});
  EXPECT_TRUE(At(0));
  EXPECT_EQ(Owner("port 7000"), "b");
  Claims("a", 10, {"port 7000"});
  EXPECT_TRUE(At(0));
  EXPECT_EQ(Owner("port 7000"), "a");
  EXPECT_THAT(Losers(), ElementsAre("port 7000: b to a"));
}

TEST_F(OwnerBookTest, EquallyOldServicesAreDecidedByName) {
  Claims("web", 5, {"host w"});
  Claims("Web", 5, {"host w"});
  At(0);
  EXPECT_EQ(Owner("host w"), "Web") << "C14";
}

TEST_F(OwnerBookTest, WhoHasItKeepsItOnceSettled) {
  book_.Settle(true);
  Claims("b", 20, {"port 7000"});
  At(0);
  Claims("a", 10, {"port 7000"});
  EXPECT_FALSE(At(1));
  EXPECT_EQ(Owner("port 7000"), "b");
  EXPECT_THAT(Losers(), ElementsAre("port 7000: a to b"));
  Claims("b", 30, {"port 7000"});  // its oldest instance went
  EXPECT_FALSE(At(2));
  EXPECT_EQ(Owner("port 7000"), "b");
}

TEST_F(OwnerBookTest, TheLoserTakesOverAfterTheLinger) {
  book_.Settle(true);
  Claims("a", 10, {"port 7000"});
  Claims("b", 20, {"port 7000"});
  At(0);
  Claims("a", 10, {});
  EXPECT_TRUE(At(1)) << "C11";
  EXPECT_EQ(Owner("port 7000"), "a (lingers)");
  EXPECT_EQ(book_.NextExpiry(kLinger), Millis(61000));
  EXPECT_FALSE(At(60));
  EXPECT_EQ(Owner("port 7000"), "a (lingers)");
  EXPECT_TRUE(At(61));
  EXPECT_EQ(Owner("port 7000"), "b");
  EXPECT_EQ(book_.NextExpiry(kLinger), std::nullopt);
  EXPECT_THAT(Losers(), IsEmpty());
}

TEST_F(OwnerBookTest, ComingBackWithinTheLingerChangesNothingElse) {
  book_.Settle(true);
  Claims("a", 10, {"port 7000"});
  At(0);
  Claims("a", 10, {});
  At(1);
  Claims("a", 99, {"port 7000"});
  EXPECT_TRUE(At(30)) << "C10";
  EXPECT_EQ(Owner("port 7000"), "a");
  EXPECT_FALSE(At(100));
  EXPECT_EQ(Owner("port 7000"), "a");
}

TEST_F(OwnerBookTest, WhatNobodyWantsAnyMoreEnds) {
  Claims("a", 10, {"port 7000", "host a"});
  At(0);
  Claims("a", 10, {"host a"});
  At(1);
  EXPECT_EQ(Owner("port 7000"), "a (lingers)") << "C09";
  EXPECT_EQ(Owner("host a"), "a");
  EXPECT_TRUE(At(61));
  EXPECT_EQ(Owner("port 7000"), "-");
}

TEST_F(OwnerBookTest, AChangedClaimIsAChange) {
  Claims("a", 10, {"host a"});
  At(0);
  Claim claim;
  claim.resource = "host a";
  claim.tag = "urlprefix-a/";
  book_.SetClaims("a", 10, {claim});
  EXPECT_TRUE(At(1));
  EXPECT_EQ(book_.holdings().at("host a").claim.tag, "urlprefix-a/");
  book_.SetClaims("a", 10, {claim});
  EXPECT_FALSE(At(2));
}

TEST_F(OwnerBookTest, TheConfigFileTakesAndGivesBack) {
  Claims("a", 10, {"host a"});
  At(0);
  book_.Reserve({"host a"});
  EXPECT_TRUE(At(1));
  EXPECT_EQ(Owner("host a"), "-");
  EXPECT_THAT(Losers(), ElementsAre("host a: a to "));
  book_.Reserve({});
  EXPECT_TRUE(At(2));
  EXPECT_EQ(Owner("host a"), "a");
}

TEST_F(OwnerBookTest, ManyServicesComeAndGoWithoutTraces) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 50; ++i)
      Claims("s" + std::to_string(i), static_cast<uint64_t>(50 - i), {"r" + std::to_string(i % 7)});
    At(round * 100);
    EXPECT_EQ(book_.holdings().size(), 7U);
    EXPECT_EQ(Losers().size(), 43U);
    for (int i = 0; i < 50; ++i) Claims("s" + std::to_string(i), static_cast<uint64_t>(50 - i), {});
    At(round * 100 + 1);
    At(round * 100 + 62);
    EXPECT_THAT(book_.holdings(), IsEmpty());
  }
}

}  // namespace
}  // namespace signpost::lb
