// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/prepared.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns/world.h"

namespace signpost::service_zone {
namespace {

using test::Lines;
using test::MakeSettings;
using test::Node;
using test::Service;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::shared_ptr<const PreparedService> Prepare(const Service& service,
                                               const std::function<void(Settings&)>& change = {}) {
  return Preparer(MakeSettings(change)).Prepare(service.Build());
}

// "10.0.0.1 *3": an item and its weight.
Lines A(const AnswerSet& set) {
  Lines out;
  for (size_t i = 0; i < set.a.size(); ++i) {
    char buffer[INET_ADDRSTRLEN];
    const auto weights = set.a.weights();
    const uint64_t weight = weights.empty() ? set.a.summary().total / set.a.size() : weights[i];
    out.push_back(std::string(inet_ntop(AF_INET, set.a[i].data(), buffer, sizeof buffer)) + " *" +
                  std::to_string(weight));
  }
  return out;
}

// "NODE:PORT *WEIGHT" of each SRV record.
Lines Srv(const PreparedService& service, const AnswerSet& set) {
  Lines out;
  for (const uint32_t i : set.srv.items()) {
    const Endpoint& e = service.endpoints[i];
    out.push_back(e.node->node->name + ":" + std::to_string(e.port) + " *" + std::to_string(e.weight));
  }
  return out;
}

TEST(PreparedTest, EqualAddressesMergeAndAddTheirWeights) {
  const auto web = Prepare(Service("web")
                               .On("n1", "10.0.0.1")
                               .Port(80)
                               .Weights(2, 1)
                               .On("n2", "10.0.0.2")
                               .Port(80)
                               .On("n1", "10.0.0.1")
                               .Port(81)
                               .Weights(5, 1)
                               .On("n3", "10.0.0.3")
                               .Port(80)
                               .Address("10.0.0.2")
                               .Weights(3, 1));
  EXPECT_THAT(A(web->untagged), ElementsAre("10.0.0.1 *7", "10.0.0.2 *4"));
  EXPECT_THAT(Srv(*web, web->untagged), UnorderedElementsAre("n1:80 *2", "n1:81 *5", "n2:80 *1", "n3:80 *3"));
}

TEST(PreparedTest, AddressesOfWeightZeroAppearOnlyWhenThereIsNothingElse) {
  const auto mixed =
      Prepare(Service("web").On("n1", "10.0.0.1").Weights(4, 0).On("n2", "10.0.0.2").Weights(4, 0).Warning());
  EXPECT_THAT(A(mixed->untagged), ElementsAre("10.0.0.1 *4"));
  EXPECT_THAT(Srv(*mixed, mixed->untagged), ElementsAre("n1:0 *4", "n2:0 *0"));
  const auto zeros =
      Prepare(Service("web").On("n1", "10.0.0.1").Weights(4, 0).Warning().On("n2", "10.0.0.2").Weights(4, 0).Warning());
  EXPECT_THAT(A(zeros->untagged), ElementsAre("10.0.0.1 *1", "10.0.0.2 *1"));
  EXPECT_THAT(Srv(*zeros, zeros->untagged), ElementsAre("n1:0 *0", "n2:0 *0"));
}

TEST(PreparedTest, ASharedAddressKeepsTheWeightOfItsHealthyHalf) {
  const auto web =
      Prepare(Service("web").On("n1", "10.0.0.1").Weights(4, 0).On("n1", "10.0.0.1").Port(2).Weights(4, 0).Warning());
  EXPECT_THAT(A(web->untagged), ElementsAre("10.0.0.1 *4"));
}

TEST(PreparedTest, HealthDecidesWhoIsUsable) {
  Service service("web");
  service.On("n1", "10.0.0.1").On("n2", "10.0.0.2").Warning().On("n3", "10.0.0.3").OddStatus().Weights(9, 9);
  service.On("n4", "10.0.0.4").Critical().On("n5", "10.0.0.5").Maintenance();
  EXPECT_THAT(A(Prepare(service)->untagged), ElementsAre("10.0.0.1 *1", "10.0.0.2 *1", "10.0.0.3 *1"));
  const auto only_passing = [](Settings& s) { s.only_passing = true; };
  EXPECT_THAT(A(Prepare(service, only_passing)->untagged), ElementsAre("10.0.0.1 *1"));
}

TEST(PreparedTest, APreparedQueryHasItsOwnOnlyPassing) {
  const Service query = Service("q", catalog::Kind::kQuery).On("n1", "10.0.0.1").Warning();
  EXPECT_THAT(A(Prepare(query, [](Settings& s) { s.only_passing = true; })->untagged), ElementsAre("10.0.0.1 *1"));
}

TEST(PreparedTest, TagsFoldCaseAndKnowTheirInstances) {
  const auto web = Prepare(Service("web")
                               .On("n1", "10.0.0.1")
                               .Tag("V1")
                               .Tag("v1")
                               .Tag("all")
                               .On("n2", "10.0.0.2")
                               .Tag("v2")
                               .Tag("All")
                               .On("n3", "10.0.0.3")
                               .Tag("dead")
                               .Critical());
  ASSERT_NE(web->FindTag("v1"), nullptr);
  EXPECT_THAT(A(*web->FindTag("v1")), ElementsAre("10.0.0.1 *1"));
  EXPECT_THAT(A(*web->FindTag("v2")), ElementsAre("10.0.0.2 *1"));
  EXPECT_EQ(web->FindTag("all"), &web->untagged) << "a tag that all usable instances carry needs no set of its own";
  EXPECT_EQ(web->FindTag(""), &web->untagged);
  EXPECT_EQ(web->FindTag("v3"), nullptr);
  EXPECT_EQ(web->FindTag("V1"), nullptr) << "tags are asked for in lower case";
  ASSERT_NE(web->FindTag("dead"), nullptr) << "known, with nothing behind it";
  EXPECT_THAT(A(*web->FindTag("dead")), IsEmpty());
}

TEST(PreparedTest, ADeadServiceStillKnowsItsTags) {
  const auto web = Prepare(Service("web").On("n1", "10.0.0.1").Tag("v1").Critical());
  ASSERT_NE(web->FindTag("v1"), nullptr);
  EXPECT_THAT(A(*web->FindTag("v1")), IsEmpty());
  EXPECT_EQ(web->largest_set(), 0U);
}

TEST(PreparedTest, TagsWithDotsHaveNonTerminalsAbove) {
  const auto web = Prepare(Service("web").On("n1", "10.0.0.1").Tag("a.b.c"));
  EXPECT_TRUE(web->HasTagBelow("c"));
  EXPECT_TRUE(web->HasTagBelow("b.c"));
  EXPECT_FALSE(web->HasTagBelow("a.b.c"));
  EXPECT_FALSE(web->HasTagBelow(".c"));
  EXPECT_FALSE(web->HasTagBelow("xc"));
  EXPECT_FALSE(web->HasTagBelow("a"));
}

TEST(PreparedTest, SrvRecordsAreDistinctAndTheHealthiestStays) {
  const auto web = Prepare(Service("web")
                               .On("n1", "10.0.0.1")
                               .Port(100)
                               .Weights(5, 2)
                               .Warning()
                               .On("n1", "10.0.0.1")
                               .Port(100)
                               .Weights(5, 2));
  EXPECT_THAT(Srv(*web, web->untagged), ElementsAre("n1:100 *5"));
}

TEST(PreparedTest, TheSameAddressTargetOnTwoNodesIsOneRecord) {
  const auto web = Prepare(Service("web")
                               .On("n1", "10.0.0.1")
                               .Port(100)
                               .Address("10.0.3.9")
                               .On("n2", "10.0.0.2")
                               .Port(100)
                               .Address("10.0.3.9"));
  EXPECT_THAT(Srv(*web, web->untagged), ElementsAre("n1:100 *1"));
  EXPECT_EQ(web->endpoints[1].same_target, 0U);
  EXPECT_THAT(A(web->untagged), ElementsAre("10.0.3.9 *2"));
}

TEST(PreparedTest, SrvTargetsNameWhatTheAddressComesFrom) {
  using Target = Endpoint::Target;
  const auto target = [](const Service& service) { return Prepare(service)->endpoints.at(0).target; };
  EXPECT_EQ(target(Service("s").On("n", "10.0.0.1")), Target::kNode);
  EXPECT_EQ(target(Service("s").On("n", "2001:db8::1")), Target::kNode);
  EXPECT_EQ(target(Service("s").On("n", "10.0.0.1").Address("10.0.0.1")), Target::kAddress4);
  EXPECT_EQ(target(Service("s").On("n", "10.0.0.1").Address("2001:db8::2")), Target::kAddress6);
  EXPECT_EQ(target(Service("s").On(Node("n", "10.0.0.1").Tagged("lan_ipv4", "10.0.0.2"))), Target::kAddress4);
  EXPECT_EQ(target(Service("s").On("n", "10.0.0.1").Address("db.example")), Target::kHost);
  EXPECT_EQ(target(Service("s").On("n", "host.example")), Target::kHost);
}

TEST(PreparedTest, WhatDnsCannotShowIsLeftOut) {
  const std::string long_label(64, 'x');
  EXPECT_THAT(Prepare(Service("s").On("n", "bad..name"))->endpoints, IsEmpty());
  EXPECT_THAT(Prepare(Service("s").On("n", long_label + ".example"))->endpoints, IsEmpty());
  EXPECT_THAT(Prepare(Service("s").On("n", ""))->endpoints, IsEmpty());
  // A node whose name is no label has addresses but no SRV target and no TXT owner.
  const auto odd = Prepare(Service("s").On(long_label, "10.0.0.1"));
  EXPECT_THAT(A(odd->untagged), ElementsAre("10.0.0.1 *1"));
  EXPECT_EQ(odd->untagged.srv.size(), 0U);
}

TEST(PreparedTest, AnAliasOfItselfShowsItsNode) {
  for (const char* own : {"web.service.consul", "WEB.Service.Consul.", "web.service.dc1.consul"}) {
    const auto web = Prepare(Service("web").On("n1", "10.0.0.1").Address(own));
    EXPECT_THAT(A(web->untagged), ElementsAre("10.0.0.1 *1")) << own;
    EXPECT_EQ(web->endpoints.at(0).target, Endpoint::Target::kNode) << own;
  }
  const auto other = Prepare(Service("web").On("n1", "10.0.0.1").Address("db.service.consul"));
  EXPECT_EQ(other->endpoints.at(0).target, Endpoint::Target::kHost);
  const auto both = Prepare(Service("web").On("n1", "web.service.consul").Address("web.service.consul"));
  EXPECT_EQ(both->endpoints.at(0).target, Endpoint::Target::kHost) << "the node is of no help";
}

TEST(PreparedTest, TtlsAndLimitsFollowTheRules) {
  const auto rules = [](Settings& s) {
    s.service_ttl.Set("web", 10);
    s.service_ttl.Set("*", 3);
    s.answer_limit.Set("web", 2);
  };
  EXPECT_EQ(Prepare(Service("Web").On("n", "10.0.0.1"), rules)->ttl, 10U);
  EXPECT_EQ(Prepare(Service("Web").On("n", "10.0.0.1"), rules)->answer_limit, 2U);
  EXPECT_EQ(Prepare(Service("db").On("n", "10.0.0.1"), rules)->ttl, 3U);
  EXPECT_EQ(Prepare(Service("db").On("n", "10.0.0.1"), rules)->answer_limit, 0U);
  EXPECT_EQ(Prepare(Service("db").On("n", "10.0.0.1"))->ttl, 0U);
  const Service query = Service("q", catalog::Kind::kQuery).Of("Web").On("n", "10.0.0.1");
  EXPECT_EQ(Prepare(query, rules)->ttl, 10U);
  EXPECT_EQ(Prepare(Service(query).OwnTtl(77), rules)->ttl, 77U);
  EXPECT_EQ(Prepare(Service(query).OwnTtl(0), rules)->ttl, 0U);
}

TEST(PreparedTest, NodesHaveOwnersAddressesAndText) {
  Preparer preparer(MakeSettings());
  const auto node =
      preparer.Prepare(Node("A.Node", "10.0.0.1", "DC1").Meta("k", "v").Meta("rfc1035-x", "y").Build(), false);
  EXPECT_EQ(node->owner, std::string("\1A\4Node\4node\3dc1\6consul\0", 24));
  EXPECT_THAT(node->txt, ElementsAre("\3k=v", "\1y"));
  EXPECT_EQ(node->host, "");
  EXPECT_EQ(preparer.Prepare(Node(std::string(64, 'x'), "10.0.0.1").Build(), false)->owner, "");
  EXPECT_EQ(preparer.Prepare(Node("a..b", "10.0.0.1").Build(), false)->owner, "");
  EXPECT_EQ(preparer.Prepare(Node("n", "Www.example.").Build(), false)->host, std::string("\3Www\7example\0", 13));
}

TEST(PreparedTest, EqualNodesArePreparedOnce) {
  Preparer preparer(MakeSettings());
  const auto node = Node("n1", "10.0.0.1").Build();
  const auto first = preparer.Prepare(node, false);
  EXPECT_EQ(preparer.Prepare(node, false), first);
  EXPECT_NE(preparer.Prepare(node, true), first);
  EXPECT_NE(preparer.Prepare(Node("n1", "10.0.0.1").Build(), false), first);
}

TEST(PreparedTest, NodesThatAreGoneAreForgotten) {
  Preparer preparer(MakeSettings());
  std::weak_ptr<const PreparedNode> gone;
  for (int i = 0; i < 5000; ++i) gone = preparer.Prepare(Node("n", "10.0.0.1").Build(), false);
  EXPECT_TRUE(gone.expired());
}

TEST(PreparedTest, InstancesOfOneNodeShareItsPlace) {
  // As a prepared query may bring them: not sorted by node.
  const auto web =
      Prepare(Service("web").On("n1", "10.0.0.1").Port(1).On("n2", "10.0.0.2").Port(2).On("n1", "10.0.0.1").Port(3));
  ASSERT_EQ(web->endpoints.size(), 3U);
  EXPECT_EQ(web->endpoints[0].node_index, web->endpoints[2].node_index);
  EXPECT_NE(web->endpoints[0].node_index, web->endpoints[1].node_index);
}

TEST(PreparedTest, TheDatacenterIsTheOneThatAnswered) {
  const Service query = Service("q", catalog::Kind::kQuery).On("n", "10.0.0.1");
  EXPECT_EQ(Prepare(query)->datacenter, "dc1");
  EXPECT_EQ(Prepare(Service(query).AnsweredBy("dc2"))->datacenter, "dc2");
}

}  // namespace
}  // namespace signpost::service_zone
