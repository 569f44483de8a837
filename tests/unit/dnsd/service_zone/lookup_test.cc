// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/lookup.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/dns/world.h"

namespace signpost::service_zone {
namespace {

using catalog::Kind;
using test::Node;
using test::Service;
using test::World;

// The outcome for a name in "consul.": "service web", "wait query q dc1", "no data" ...
std::string Look(World& world, const std::string& left_of_domain, uint64_t now_ms = 1000) {
  static constexpr const char* kOutcomes[] = {"apex",    "service", "node", "address",
                                              "no data", "no name", "wait", "unavailable"};
  static constexpr const char* kKinds[] = {"service", "connect", "ingress", "query", "node"};
  const wire::Name name = test::WireName(left_of_domain.empty() ? "consul" : left_of_domain + ".consul");
  ZoneNameText text;
  const Found found = Lookup(world.data(), ParseZoneName(name, name.label_count() - 1, text), now_ms);
  std::string out = kOutcomes[static_cast<size_t>(found.outcome)];
  if (found.wanted)
    out += std::string(" ") + kKinds[static_cast<size_t>(found.wanted->kind)] + " " + found.wanted->name + " " +
           found.wanted->datacenter;
  if (found.outcome == Outcome::kService)
    out += " " + found.service->source->key.name + (found.set == &found.service->untagged ? "" : " tagged");
  if (found.outcome == Outcome::kNode) out += " " + found.node->node->name;
  return out;
}

TEST(LookupTest, ServicesOfTheOwnDatacenter) {
  World world;
  world.Add(Service("web").On("n1", "10.0.0.1").Tag("v1").Tag("a.b").On("n2", "10.0.0.2"));
  EXPECT_EQ(Look(world, "web.service"), "service web");
  EXPECT_EQ(Look(world, "web.service.dc1"), "service web");
  EXPECT_EQ(Look(world, "_web._tcp"), "service web");
  EXPECT_EQ(Look(world, "v1.web.service"), "service web tagged");
  EXPECT_EQ(Look(world, "a.b.web.service"), "service web tagged");
  EXPECT_EQ(Look(world, "b.web.service"), "no data") << "a.b.web.service exists below it";
  EXPECT_EQ(Look(world, "v2.web.service"), "no name");
  EXPECT_EQ(Look(world, "db.service"), "no name") << "the list of own services is complete";
  EXPECT_EQ(Look(world, "web.service.dc2"), "no name") << "there is no such datacenter";
}

TEST(LookupTest, AServiceWithoutInstancesExists) {
  World world;
  world.Add(Service("web").On("n1", "10.0.0.1").Critical());
  EXPECT_EQ(Look(world, "web.service"), "service web");
}

TEST(LookupTest, NamesWithoutData) {
  World world;
  world.Datacenters({"dc1", "dc2"});
  EXPECT_EQ(Look(world, ""), "apex");
  EXPECT_EQ(Look(world, "service"), "no data");
  EXPECT_EQ(Look(world, "node.dc2"), "no data");
  EXPECT_EQ(Look(world, "node.dc3"), "no name");
  EXPECT_EQ(Look(world, "dc1"), "no data");
  EXPECT_EQ(Look(world, "dc2"), "no data");
  EXPECT_EQ(Look(world, "dc3"), "no name");
  EXPECT_EQ(Look(world, "_tcp.service"), "no data");
  EXPECT_EQ(Look(world, "_tcp"), "no data");
  EXPECT_EQ(Look(world, "_udp.service"), "no name");
  EXPECT_EQ(Look(world, "a.b"), "no name");
}

TEST(LookupTest, NodesByNameOrFullId) {
  World world;
  world.Add(Node("N1", "10.0.0.1").Id("22000000-1111-2222-3333-444444444444")).Add(Node("a.b", "10.0.0.2"));
  EXPECT_EQ(Look(world, "n1.node"), "node N1");
  EXPECT_EQ(Look(world, "n1.node.dc1"), "node N1");
  EXPECT_EQ(Look(world, "a.b.node"), "node a.b");
  EXPECT_EQ(Look(world, "b.node"), "no data");
  EXPECT_EQ(Look(world, "22000000-1111-2222-3333-444444444444.node"), "node N1");
  EXPECT_EQ(Look(world, "22.node"), "no name");
  EXPECT_EQ(Look(world, "n2.node"), "no name");
}

TEST(LookupTest, AddressesOfEitherLength) {
  World world;
  world.Datacenters({"dc1", "dc2"});
  const std::string v6 = "20010db8000000000000000000000001";
  EXPECT_EQ(Look(world, "0a000001.addr"), "address");
  EXPECT_EQ(Look(world, v6 + ".addr.dc2"), "address");
  EXPECT_EQ(Look(world, "0a000001.addr.dc3"), "no name");
  for (const std::string& bad :
       {std::string("0a00000"), std::string("0a0000011"), std::string("0a00000g"), v6.substr(1), v6 + "0"}) {
    EXPECT_EQ(Look(world, bad + ".addr"), "no name") << bad;
  }
}

TEST(LookupTest, WhatIsNotListedMustBeAskedFor) {
  World world;
  world.Datacenters({"dc1", "dc2"});
  EXPECT_EQ(Look(world, "web.service.dc2"), "wait service web dc2");
  EXPECT_EQ(Look(world, "n1.node.dc2"), "wait node n1 dc2");
  EXPECT_EQ(Look(world, "web.connect"), "wait connect web dc1");
  EXPECT_EQ(Look(world, "web.ingress.dc2"), "wait ingress web dc2");
  EXPECT_EQ(Look(world, "my.q.query"), "wait query my.q dc1");
  world.NameOnly(Service("db"));
  EXPECT_EQ(Look(world, "db.service"), "wait service db dc1");
}

TEST(LookupTest, WhatWasAskedForAndIsNotThere) {
  World world;
  world.Datacenters({"dc1", "dc2"}).At(1000);
  world.Absent({Kind::kService, "dc2", "web"}).Absent({Kind::kNode, "dc2", "n1"}).Absent({Kind::kQuery, "dc1", "q"});
  for (const uint64_t soon : {1000, 1399}) {
    EXPECT_EQ(Look(world, "web.service.dc2", soon), "no name");
    EXPECT_EQ(Look(world, "n1.node.dc2", soon), "no name");
    EXPECT_EQ(Look(world, "q.query", soon), "no name");
  }
  EXPECT_EQ(Look(world, "web.service.dc2", 1400), "wait service web dc2") << "it may be there by now";
  EXPECT_EQ(Look(world, "n1.node.dc2", 1400), "wait node n1 dc2");
  EXPECT_EQ(Look(world, "q.query", 1400), "wait query q dc1");
}

TEST(LookupTest, QueriesAreAskedAnewWhenTheirAnswerExpires) {
  World world;
  world.At(1000).Add(Service("q", Kind::kQuery).OwnTtl(10).On("n1", "10.0.0.1"));
  EXPECT_EQ(Look(world, "q.query", 10999), "service q");
  EXPECT_EQ(Look(world, "q.query", 11000), "wait query q dc1");
}

TEST(LookupTest, WhatCannotBeFetchedIsNotAskedForAgainAtOnce) {
  World world;
  world.Datacenters({"dc1", "dc2"}).At(1000);
  world.Absent({Kind::kService, "dc2", "web"}).Absent({Kind::kNode, "dc2", "n1"});
  world.At(1400).Unavailable({Kind::kService, "dc2", "web"}).Unavailable({Kind::kNode, "dc2", "n1"});
  EXPECT_EQ(Look(world, "web.service.dc2", 2399), "unavailable");
  EXPECT_EQ(Look(world, "n1.node.dc2", 2399), "unavailable");
  EXPECT_EQ(Look(world, "web.service.dc2", 2400), "wait service web dc2");
}

TEST(LookupTest, NamesThatCannotBeFetchedTakeNoRoom) {
  World world;
  world.Datacenters({"dc1", "dc2"}).At(1000);
  const size_t before = world.data().size();
  for (int i = 0; i < 100; ++i) world.Unavailable({Kind::kService, "dc2", "random-" + std::to_string(i)});
  EXPECT_EQ(world.data().size(), before);
}

TEST(LookupTest, TheLastAnswerStandsInForAQueryThatCannotBeAsked) {
  World world;
  world.At(1000).Add(Service("q", Kind::kQuery).OwnTtl(1).On("n1", "10.0.0.1"));
  world.At(5000).Unavailable({Kind::kQuery, "dc1", "q"});
  EXPECT_EQ(Look(world, "q.query", 5500), "service q");
  EXPECT_EQ(Look(world, "q.query", 6000), "wait query q dc1");
}

TEST(LookupTest, NothingIsKnownBeforeTheFirstData) {
  for (const auto freshness : {catalog::Freshness::kStarting, catalog::Freshness::kExpired}) {
    World world;
    world.Add(Service("web").On("n1", "10.0.0.1")).Freshness(freshness);
    EXPECT_EQ(Look(world, "web.service"), "unavailable");
    EXPECT_EQ(Look(world, "n1.node"), "unavailable");
    EXPECT_EQ(Look(world, "absent.service"), "unavailable");
    // What does not depend on the catalog.
    EXPECT_EQ(Look(world, ""), "apex");
    EXPECT_EQ(Look(world, "service"), "no data");
    EXPECT_EQ(Look(world, "0a000001.addr"), "address");
    EXPECT_EQ(Look(world, "a.b"), "no name");
  }
}

TEST(LookupTest, AnotherDatacenterMayNotBeKnownYetAtTheStart) {
  World world;
  world.Freshness(catalog::Freshness::kStarting);
  EXPECT_EQ(Look(world, "web.service.dc2"), "unavailable");
  EXPECT_EQ(Look(world, "dc2"), "unavailable");
}

TEST(LookupTest, StaleDataIsStillData) {
  World world;
  world.Add(Service("web").On("n1", "10.0.0.1")).Freshness(catalog::Freshness::kStale);
  EXPECT_EQ(Look(world, "web.service"), "service web");
  EXPECT_EQ(Look(world, "absent.service"), "no name");
}

}  // namespace
}  // namespace signpost::service_zone
