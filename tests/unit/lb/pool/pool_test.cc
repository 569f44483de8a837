// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/pool.h"

#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

Instance At(std::string_view address, uint32_t weight = 1, uint16_t priority = 0, std::string version = "default") {
  return {.address = net::SocketAddress::Parse(address, 0).value(),
          .priority = priority,
          .weight = weight,
          .id = "of " + std::string(address),
          .version = std::move(version)};
}

class PoolTest : public testing::Test {
 protected:
  Pool Make(const std::vector<Instance>& instances, int64_t now = 1000) {
    return MakePool("web", 3, std::make_shared<ServiceSettings>(settings_), instances, book_, state_, Millis(now));
  }
  // "192.0.2.1:80 tier/weight ..."
  static std::string Text(const Pool& pool) {
    std::string text;
    for (const PoolMember& member : pool.members) {
      text += member.endpoint->name() + ' ' + std::to_string(member.tier) + '/' + std::to_string(member.weight) + ' ';
    }
    return text;
  }

  ServiceSettings settings_;
  EndpointBook book_;
  std::shared_ptr<PoolState> state_ = std::make_shared<PoolState>();
};

TEST_F(PoolTest, KeepsWhatItWasGiven) {
  const Pool pool = Make({At("192.0.2.1:80", 7)});
  EXPECT_EQ(pool.service, "web");
  EXPECT_EQ(pool.slot, 3U);
  EXPECT_EQ(pool.state, state_);
  EXPECT_EQ(*pool.settings, settings_);
  ASSERT_EQ(pool.members.size(), 1U);
  EXPECT_EQ(pool.members[0].id, "of 192.0.2.1:80");
  EXPECT_EQ(pool.tiers, 1);
}

TEST_F(PoolTest, Empty) {
  const Pool pool = Make({});
  EXPECT_TRUE(pool.members.empty());
  EXPECT_EQ(pool.tiers, 0);
}

TEST_F(PoolTest, PrioritiesBecomeDenseTiersInOrder) {
  const Pool pool = Make(
      {At("192.0.2.3:80", 1, 30), At("192.0.2.1:80", 2, 10), At("192.0.2.4:80", 3, 65535), At("192.0.2.2:80", 4, 10)});
  EXPECT_EQ(Text(pool), "192.0.2.1:80 0/2 192.0.2.2:80 0/4 192.0.2.3:80 1/1 192.0.2.4:80 2/3 ");
  EXPECT_EQ(pool.tiers, 3);
}

// D28, D29
TEST_F(PoolTest, D29_EqualAddressesAreMergedAndTheirWeightsAdded) {
  EXPECT_EQ(Text(Make({At("192.0.2.1:80", 10), At("192.0.2.2:80", 5), At("192.0.2.1:80", 10)})),
            "192.0.2.1:80 0/20 192.0.2.2:80 0/5 ");
  EXPECT_EQ(Text(Make({At("192.0.2.1:80", 65000), At("192.0.2.1:80", 65000)})), "192.0.2.1:80 0/65535 ");
  EXPECT_EQ(Text(Make({At("192.0.2.1:80"), At("192.0.2.1:81")})), "192.0.2.1:80 0/1 192.0.2.1:81 0/1 ") << "D28";
  EXPECT_EQ(Text(Make({At("192.0.2.1:80", 4'000'000'000), At("192.0.2.1:80", 4'000'000'000)})),
            "192.0.2.1:80 0/65535 ");
}

TEST_F(PoolTest, OfDifferentPrioritiesOfOneAddressTheLowestCounts) {
  EXPECT_EQ(Text(Make({At("192.0.2.1:80", 10, 20), At("192.0.2.1:80", 1, 10), At("192.0.2.2:80", 5, 20)})),
            "192.0.2.1:80 0/1 192.0.2.2:80 1/5 ");
}

TEST_F(PoolTest, AddressesWithoutPortAreLeftOut) {
  EXPECT_EQ(Text(Make({At("192.0.2.1:0"), Instance{}, At("[2001:db8::1]:80")})), "[2001:db8::1]:80 0/1 ");
}

TEST_F(PoolTest, VersionsOfTheSplitComeFirst) {
  settings_.split = ParseShares("v1:95,v2:5").value();
  const Pool pool = Make({At("192.0.2.1:80", 1, 0, "dark"), At("192.0.2.2:80", 1, 0, "v1")});
  EXPECT_EQ(pool.versions, (std::vector<std::string>{"v2", "v1", "dark"}));
  EXPECT_EQ(pool.members[0].version, 2);
  EXPECT_EQ(pool.members[1].version, 1);
}

TEST_F(PoolTest, MoreThan256VersionsShareTheLast) {
  std::vector<Instance> instances;
  instances.reserve(300);
  for (int i = 0; i < 300; ++i)
    instances.push_back(At("192.0.2.1:" + std::to_string(1000 + i), 1, 0, std::to_string(i)));
  const Pool pool = Make(instances);
  EXPECT_EQ(pool.versions.size(), 256U);
  EXPECT_EQ(pool.members[255].version, 255);
  EXPECT_EQ(pool.members[299].version, 255);
}

TEST_F(PoolTest, StickyValuesAreStableAndTellServicesApart) {
  const uint64_t web = Make({At("192.0.2.1:80"), At("192.0.2.2:80")}).members[0].sticky;
  EXPECT_EQ(Make({At("192.0.2.1:80")}).members[0].sticky, web);
  EXPECT_NE(Make({At("192.0.2.2:80")}).members[0].sticky, web);
  EndpointBook other_book;
  EXPECT_NE(MakePool("api", 0, std::make_shared<ServiceSettings>(), {At("192.0.2.1:80")}, other_book, state_, Millis(1))
                .members[0]
                .sticky,
            web);
}

// R03: who comes back keeps its counts.
TEST_F(PoolTest, R03_EndpointsAreKnownAgain) {
  const auto endpoint = Make({At("192.0.2.1:80")}).members[0].endpoint;
  ASSERT_TRUE(endpoint->Acquire(0));
  endpoint->SetRemoved(Millis(2000));
  const Pool again = Make({At("192.0.2.1:80")}, 3000);
  EXPECT_EQ(again.members[0].endpoint, endpoint);
  EXPECT_EQ(endpoint->in_use(), 1U);
  EXPECT_EQ(endpoint->removed(), Millis(0));
}

TEST_F(PoolTest, B06_WhoJoinsStartsSlowly) {
  const Pool first = Make({At("192.0.2.1:80"), At("192.0.2.2:80")}, 1000);
  for (const PoolMember& member : first.members) EXPECT_EQ(member.endpoint->usable_since(), Millis(0)) << "all are new";
  const Pool second = Make({At("192.0.2.1:80"), At("192.0.2.2:80"), At("192.0.2.3:80")}, 2000);
  EXPECT_EQ(second.members[0].endpoint->usable_since(), Millis(0));
  EXPECT_EQ(second.members[2].endpoint->usable_since(), Millis(2000));
  Make({At("192.0.2.1:80"), At("192.0.2.3:80")}, 5000);
  EXPECT_EQ(second.members[2].endpoint->usable_since(), Millis(2000)) << "who stays does not start again";
}

TEST_F(PoolTest, B06_WhoReturnsStartsSlowlyUnlessAllReturn) {
  const Pool pool = Make({At("192.0.2.1:80"), At("192.0.2.2:80")});
  pool.members[1].endpoint->SetRemoved(Millis(1500));
  Make({At("192.0.2.1:80"), At("192.0.2.2:80")}, 2000);
  EXPECT_EQ(pool.members[1].endpoint->usable_since(), Millis(2000));
  for (const PoolMember& member : pool.members) member.endpoint->SetRemoved(Millis(3000));
  Make({At("192.0.2.1:80"), At("192.0.2.2:80")}, 4000);
  EXPECT_EQ(pool.members[0].endpoint->usable_since(), Millis(0));
}

TEST(EndpointBook, KeepsServicesApart) {
  EndpointBook book;
  const auto address = net::SocketAddress::Parse("192.0.2.1:80", 0).value();
  const auto web = book.Get("web", address, Millis(1));
  EXPECT_EQ(book.Get("web", address, Millis(2)), web);
  EXPECT_NE(book.Get("api", address, Millis(2)), web);
  std::vector<std::string> services;
  book.ForEach([&](const std::string& service, const Endpoint& endpoint) {
    services.push_back(service);
    EXPECT_EQ(endpoint.name(), "192.0.2.1:80");
  });
  EXPECT_EQ(services, (std::vector<std::string>{"api", "web"}));
}

TEST(EndpointBook, ForgetsWhatIsRemovedForLongAndNotInUse) {
  EndpointBook book;
  const auto used = book.Get("web", net::SocketAddress::Parse("192.0.2.1:80", 0).value(), Millis(1));
  const auto present = book.Get("web", net::SocketAddress::Parse("192.0.2.2:80", 0).value(), Millis(1));
  book.Get("web", net::SocketAddress::Parse("192.0.2.3:80", 0).value(), Millis(1));
  present->SetRemoved(Millis(0));
  ASSERT_TRUE(used->Acquire(0));

  book.Expire(Millis(1001), Millis(1000));
  EXPECT_EQ(book.size(), 3U);
  book.Expire(Millis(1002), Millis(1000));
  EXPECT_EQ(book.size(), 2U);
  used->Release();
  book.Expire(Millis(1002), Millis(1000));
  EXPECT_EQ(book.size(), 1U);
}

}  // namespace
}  // namespace signpost::lb
