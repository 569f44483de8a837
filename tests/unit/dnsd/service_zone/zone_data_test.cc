// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/zone_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns/world.h"

namespace signpost::service_zone {
namespace {

using catalog::Kind;
using test::Lines;
using test::Node;
using test::Service;
using test::World;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using State = Entry::State;

// Who has an IPv4 address: "node n1", "service web".
Lines Reverse(World& world, const char* address) {
  Lines out;
  const ZoneData::IpKey key = ToIpKey(*ParseIpv4(address));
  for (auto at = world.data().FindReverse(key); at != world.data().ReverseEnd() && at->address == key; ++at) {
    const ZoneData::ReverseTarget& target = *at;
    out.push_back(target.node != nullptr ? "node " + target.node->node->name
                                         : "service " + target.service->source->key.name);
  }
  return out;
}

TEST(ZoneDataTest, FindsServicesOfTheOwnDatacenterUnderEitherName) {
  World world;
  world.Add(Service("Web").On("n1", "10.0.0.1"));
  ZoneData& data = world.data();
  Entry* entry = data.Find(Kind::kService, "", "web");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->state, State::kKnown);
  EXPECT_EQ(data.Find(Kind::kService, "dc1", "web"), entry);
  EXPECT_EQ(data.Find(Kind::kService, "dc2", "web"), nullptr);
  EXPECT_EQ(data.Find(Kind::kConnect, "", "web"), nullptr);
  EXPECT_EQ(data.Find(Kind::kNode, "", "web"), nullptr);
  ASSERT_NE(data.Find(Kind::kNode, "", "n1"), nullptr);
}

TEST(ZoneDataTest, KindsAndDatacentersDoNotMix) {
  World world;
  world.Add(Service("x").On("n1", "10.0.0.1"));
  world.Add(Service("x", Kind::kConnect).On("n2", "10.0.0.2"));
  world.Add(Service("x", Kind::kService, "dc2").On("n3", "10.0.0.3"));
  ZoneData& data = world.data();
  EXPECT_NE(data.Find(Kind::kService, "", "x"), data.Find(Kind::kConnect, "", "x"));
  EXPECT_NE(data.Find(Kind::kService, "", "x"), data.Find(Kind::kService, "dc2", "x"));
}

TEST(ZoneDataTest, ADatacenterCannotBeFakedInAName) {
  World world;
  world.Add(Service("x", Kind::kService, "dc2").On("n3", "10.0.0.3"));
  // The bytes of another datacenter's key, as a hostile question may carry them.
  EXPECT_EQ(world.Ask(test::Question("x\\000dc2.service.consul", "A")).rcode, "NXDOMAIN");
}

TEST(ZoneDataTest, OwnServicesThatAreGoneLeaveNothing) {
  World world;
  const Service web = Service("web").On("n1", "10.0.0.1").Address("10.9.9.9");
  world.Add(web).Remove(web);
  EXPECT_EQ(world.data().Find(Kind::kService, "", "web"), nullptr);
  EXPECT_THAT(Reverse(world, "10.9.9.9"), IsEmpty());
  world.Remove(web);
  EXPECT_EQ(world.data().Find(Kind::kService, "", "web"), nullptr);
}

TEST(ZoneDataTest, ForeignServicesThatAreGoneAreRememberedAsAbsent) {
  World world;
  world.Absent({Kind::kService, "dc2", "web"}).Absent({Kind::kQuery, "dc1", "q"}).Absent({Kind::kNode, "dc2", "n"});
  EXPECT_EQ(world.data().Find(Kind::kService, "dc2", "web")->state, State::kAbsent);
  EXPECT_EQ(world.data().Find(Kind::kQuery, "", "q")->state, State::kAbsent);
  EXPECT_EQ(world.data().Find(Kind::kNode, "dc2", "n")->state, State::kAbsent);
}

TEST(ZoneDataTest, ANameOnlyWaitsForItsInstances) {
  World world;
  const Service web = Service("web").On("n1", "10.0.0.1");
  world.NameOnly(web);
  EXPECT_EQ(world.data().Find(Kind::kService, "", "web")->state, State::kNamed);
  world.Add(web).NameOnly(web);
  EXPECT_EQ(world.data().Find(Kind::kService, "", "web")->state, State::kKnown) << "news of the name take nothing away";
}

TEST(ZoneDataTest, ForgetTakesAKeyAway) {
  World world;
  world.Add(Service("web", Kind::kService, "dc2").On("n1", "10.0.0.1"));
  world.Forget({Kind::kService, "dc2", "web"});
  EXPECT_EQ(world.data().Find(Kind::kService, "dc2", "web"), nullptr);
}

TEST(ZoneDataTest, AnUnavailableKeyIsLeftAloneForASecond) {
  World world;
  const catalog::Key key{Kind::kService, "dc2", "web"};
  world.At(5000).Unavailable(key);
  EXPECT_EQ(world.data().Find(Kind::kService, "dc2", "web"), nullptr) << "names that clients make up take no room";
  world.Absent(key).Unavailable(key);
  ASSERT_NE(world.data().Find(Kind::kService, "dc2", "web"), nullptr);
  EXPECT_EQ(world.data().Find(Kind::kService, "dc2", "web")->retry_after_ms, 6000U);
  world.Add(Service("web", Kind::kService, "dc2").On("n1", "10.0.0.1"));
  EXPECT_EQ(world.data().Find(Kind::kService, "dc2", "web")->retry_after_ms, 0U);
}

TEST(ZoneDataTest, AnswersOfQueriesExpire) {
  World world;
  world.At(5000).Add(Service("q", Kind::kQuery).OwnTtl(11).On("n1", "10.0.0.1"));
  EXPECT_EQ(world.data().Find(Kind::kQuery, "", "q")->expires_ms, 16000U);
  world.Add(Service("q", Kind::kQuery).OwnTtl(0).On("n1", "10.0.0.1"));
  EXPECT_EQ(world.data().Find(Kind::kQuery, "", "q")->expires_ms, 6000U);
  world.Absent({Kind::kQuery, "dc1", "q"});
  EXPECT_EQ(world.data().Find(Kind::kQuery, "", "q")->expires_ms, 5400U);
  world.Add(Service("web").On("n1", "10.0.0.1"));
  EXPECT_EQ(world.data().Find(Kind::kService, "", "web")->expires_ms, 0U);
}

TEST(ZoneDataTest, AbsenceHoldsAShortWhileWhereNoListTells) {
  World world;
  world.At(5000).Absent({Kind::kService, "dc2", "web"}).Absent({Kind::kNode, "dc2", "n"});
  EXPECT_EQ(world.data().Find(Kind::kService, "dc2", "web")->expires_ms, 5400U);
  EXPECT_EQ(world.data().Find(Kind::kNode, "dc2", "n")->expires_ms, 5400U);
  world.Add(Service("web", Kind::kService, "dc2").On("n1", "10.0.0.1")).Add(Node("n", "10.0.0.1", "dc2"));
  EXPECT_EQ(world.data().Find(Kind::kService, "dc2", "web")->expires_ms, 0U);
  EXPECT_EQ(world.data().Find(Kind::kNode, "dc2", "n")->expires_ms, 0U);
}

TEST(ZoneDataTest, ReverseKnowsNodesAndServiceAddresses) {
  World world;
  world.Add(Service("web").On("n1", "10.0.0.1").On("n2", "10.0.0.2").Address("10.9.9.9"));
  EXPECT_THAT(Reverse(world, "10.0.0.1"), ElementsAre("node n1"));
  EXPECT_THAT(Reverse(world, "10.9.9.9"), ElementsAre("service web"));
  EXPECT_THAT(Reverse(world, "10.9.9.8"), IsEmpty());
  world.Add(Node("n3", "10.9.9.9"));
  EXPECT_THAT(Reverse(world, "10.9.9.9"), UnorderedElementsAre("node n3", "service web"));
}

TEST(ZoneDataTest, ReverseFollowsChanges) {
  World world;
  world.Add(Service("web").On("n1", "10.0.0.1").Address("10.9.9.1"));
  world.Add(Service("web").On("n1", "10.0.0.7").Address("10.9.9.2"));
  EXPECT_THAT(Reverse(world, "10.9.9.1"), IsEmpty());
  EXPECT_THAT(Reverse(world, "10.9.9.2"), ElementsAre("service web"));
  EXPECT_THAT(Reverse(world, "10.0.0.1"), IsEmpty());
  EXPECT_THAT(Reverse(world, "10.0.0.7"), ElementsAre("node n1"));
  world.Remove(Node("n1", ""));
  EXPECT_THAT(Reverse(world, "10.0.0.7"), IsEmpty());
}

TEST(ZoneDataTest, ReverseLeavesOtherDatacentersOut) {
  World world;
  world.Add(Service("web", Kind::kService, "dc2").On("n1", "10.0.0.1").Address("10.9.9.9"));
  world.Add(Node("n2", "10.0.0.2", "dc2"));
  EXPECT_THAT(Reverse(world, "10.9.9.9"), IsEmpty());
  EXPECT_THAT(Reverse(world, "10.0.0.2"), IsEmpty());
}

TEST(ZoneDataTest, AServiceOwnsAnAddressOnceHoweverManyInstancesShareIt) {
  World world;
  const Service web = Service("web").On("n1", "10.0.0.1").Address("10.9.9.9").On("n2", "10.0.0.2").Address("10.9.9.9");
  world.Add(web).Add(Service("db").On("n1", "10.0.0.1").Address("10.9.9.9")).Add(web);
  EXPECT_THAT(Reverse(world, "10.9.9.9"), UnorderedElementsAre("service db", "service web"));
  world.Remove(web);
  EXPECT_THAT(Reverse(world, "10.9.9.9"), ElementsAre("service db"));
}

TEST(ZoneDataTest, NodesAreFoundByTheirId) {
  constexpr char kId[] = "22000000-1111-2222-3333-444444444444";
  World world;
  world.Add(Node("Ided", "10.0.0.1").Id(kId));
  ASSERT_NE(world.data().FindNodeById(kId), nullptr);
  EXPECT_EQ(world.data().FindNodeById(kId)->node->node->name, "Ided");
  EXPECT_EQ(world.data().FindNodeById("22"), nullptr);
  EXPECT_EQ(world.data().FindNodeById(""), nullptr);
  world.Remove(Node("Ided", ""));
  EXPECT_EQ(world.data().FindNodeById(kId), nullptr);
}

TEST(ZoneDataTest, ARenamedNodeKeepsItsId) {
  constexpr char kId[] = "22000000-1111-2222-3333-444444444444";
  World world;
  world.Add(Node("old", "10.0.0.1").Id(kId)).Add(Node("new", "10.0.0.1").Id(kId)).Remove(Node("old", ""));
  ASSERT_NE(world.data().FindNodeById(kId), nullptr);
  EXPECT_EQ(world.data().FindNodeById(kId)->node->node->name, "new");
}

TEST(ZoneDataTest, ANodeCanGetAnotherId) {
  World world;
  world.Add(Node("n", "10.0.0.1").Id("id-1")).Add(Node("n", "10.0.0.1").Id("id-2"));
  EXPECT_EQ(world.data().FindNodeById("id-1"), nullptr);
  EXPECT_NE(world.data().FindNodeById("id-2"), nullptr);
}

TEST(ZoneDataTest, NodeNamesWithDotsHaveNonTerminalsAbove) {
  World world;
  world.Add(Node("a.B.c", "10.0.0.1")).Add(Node("x.c", "10.0.0.2"));
  EXPECT_TRUE(world.data().HasNodeBelow("c"));
  EXPECT_TRUE(world.data().HasNodeBelow("b.c"));
  EXPECT_FALSE(world.data().HasNodeBelow("a.b.c"));
  world.Remove(Node("a.B.c", ""));
  EXPECT_FALSE(world.data().HasNodeBelow("b.c"));
  EXPECT_TRUE(world.data().HasNodeBelow("c")) << "x.c is still there";
  world.Remove(Node("x.c", ""));
  EXPECT_FALSE(world.data().HasNodeBelow("c"));
}

TEST(ZoneDataTest, KnowsItsDatacenters) {
  World world;
  EXPECT_TRUE(world.data().HasDatacenter(""));
  EXPECT_TRUE(world.data().HasDatacenter("dc1"));
  EXPECT_FALSE(world.data().HasDatacenter("dc2"));
  world.Datacenters({"dc1", "dc2"});
  EXPECT_TRUE(world.data().HasDatacenter("dc2"));
}

TEST(ZoneDataTest, TellsTheLargestSet) {
  World world;
  world.Add(test::ManyInstances("many", 9)).Add(Service("web").On("n1", "10.0.0.1"));
  EXPECT_EQ(world.data().largest_set(), 9U);
}

TEST(ZoneDataTest, EverythingButFreshIsStale) {
  World world;
  EXPECT_FALSE(world.data().stale());
  for (const auto freshness :
       {catalog::Freshness::kStarting, catalog::Freshness::kStale, catalog::Freshness::kExpired}) {
    world.Freshness(freshness);
    EXPECT_TRUE(world.data().stale());
  }
}

// "web ntp/udp": the types of own services at a time.
std::string Types(World& world, uint64_t now_ms = 1000) {
  std::string out;
  for (const auto& [name, udp] : world.data().ServiceTypes(now_ms)) {
    out += (out.empty() ? "" : " ") + name + (udp ? "/udp" : "");
  }
  return out;
}

TEST(ZoneDataTest, ServiceTypesFollowEveryChange) {
  World world;
  EXPECT_EQ(Types(world), "");
  world.Add(Service("web").On("n1", "10.0.0.1"));
  EXPECT_EQ(Types(world), "web");
  world.NameOnly(Service("ntp"));
  EXPECT_EQ(Types(world), "ntp web");
  world.Add(Service("ntp").On("n1", "10.0.0.1").Meta("proto", "udp"));
  EXPECT_EQ(Types(world), "ntp/udp web");
  world.Add(Service("web").On("n1", "10.0.0.1").Meta("dns-sd", "no"));
  EXPECT_EQ(Types(world), "ntp/udp");
  world.Add(Service("web").On("n1", "10.0.0.1").Critical());
  EXPECT_EQ(Types(world), "ntp/udp web");
  world.Remove(Service("ntp"));
  EXPECT_EQ(Types(world), "web");
}

TEST(ZoneDataTest, OnlyOwnServicesAreTypes) {
  World world;
  world.Datacenters({"dc1", "dc2"});
  world.Add(Service("far", Kind::kService, "dc2").On("n1", "10.0.0.1")).Add(Node("node", "10.0.0.2"));
  world.Add(Service("mesh", Kind::kConnect).On("n1", "10.0.0.1")).NameOnly(Service(std::string(63, 'x')));
  EXPECT_EQ(Types(world), "");
}

TEST(ZoneDataTest, TheTypesOfALargeCatalogMayBeASecondOld) {
  World world;
  for (int i = 0; i < 5001; ++i) world.NameOnly(Service("s" + std::to_string(10000 + i)));
  EXPECT_EQ(world.data().ServiceTypes(1000).size(), ZoneData::kMaxTypes);
  world.NameOnly(Service("a"));
  EXPECT_EQ(world.data().ServiceTypes(1999).front().name, "s10000");
  EXPECT_EQ(world.data().ServiceTypes(2000).front().name, "a");
}

}  // namespace
}  // namespace signpost::service_zone
