// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/explain.h"

#include "tests/unit/dnsd/query/sources_side.h"

namespace signpost::query {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ExplainTest : public SourcesSide {
 protected:
  Explained Of(std::string_view name, uint16_t type = wire::type::kA) {
    return ExplainName(world.handler().sources(), world.data(), test::WireName(name), type, now_ms);
  }
};

TEST_F(ExplainTest, NamesEveryCandidateAndWhyOthersAreNone) {
  world.Add(test::Service("mix")
                .On("n1", "10.0.0.1")
                .Id("m1")
                .Port(80)
                .Weights(10, 1)
                .Tag("v1")
                .On("n2", "10.0.0.2")
                .Id("m2")
                .Port(80)
                .Critical()
                .Tag("v1")
                .On("n3", "10.0.0.3")
                .Id("m3")
                .Port(80)
                .Maintenance()
                .On("n4", "10.0.0.4")
                .Id("m4")
                .Port(80)
                .Warning()
                .Weights(10, 0)
                .Tag("v1")
                .On("n5", "10.0.0.5")
                .Id("m5")
                .Port(80));
  const Explained explained = Of("v1.mix.service.consul");
  EXPECT_THAT(explained.lines[0], AllOf(HasSubstr("source: catalog"), HasSubstr("up to date"), HasSubstr("index 7")));
  EXPECT_THAT(explained.lines, Contains(AllOf(HasSubstr("service mix in dc1, tag v1"), HasSubstr("5 instances"))));
  EXPECT_THAT(explained.lines, Contains(AllOf(HasSubstr("m1 on n1, 10.0.0.1:80, weight 10, passing"))));
  EXPECT_THAT(explained.lines, Contains(AllOf(HasSubstr("m2"), HasSubstr("left out: critical"))));
  EXPECT_THAT(explained.lines, Contains(AllOf(HasSubstr("m3"), HasSubstr("left out: maintenance"))));
  EXPECT_THAT(explained.lines, Contains(AllOf(HasSubstr("m4"), HasSubstr("left out: weight 0"))));
  EXPECT_THAT(explained.lines, Contains(AllOf(HasSubstr("m5"), HasSubstr("left out: has no tag v1"))));
  EXPECT_EQ(explained.rcode, wire::Rcode::kNoError);
  EXPECT_FALSE(explained.message.empty());
}

TEST_F(ExplainTest, SaysWhichZoneOrRouteAnswers) {
  EXPECT_THAT(Of("ns.static.test").lines, ElementsAre(HasSubstr("source: static zone static.test.")));
  EXPECT_THAT(Of("x.local").lines, ElementsAre(HasSubstr("source: built-in zone local.")));
  const Explained forwarded = Of("www.example.com");
  EXPECT_THAT(forwarded.lines, ElementsAre("source: forwarded by the route for ."));
  ASSERT_TRUE(forwarded.forwarded);
  EXPECT_EQ(forwarded.forwarded->name, resolver::WireName("www.example.com"));
  EXPECT_TRUE(forwarded.message.empty()) << "not known yet";
}

TEST_F(ExplainTest, CountsNothing) {
  Of("web.service.consul");
  EXPECT_EQ(world.counters().answered[0].value() + world.counters().answered[1].value(), 0U);
}

TEST_F(ExplainTest, WhatIsAnsweredHereInSpiteOfARoute) {
  for (const auto& [name, type] : {std::pair("printer", wire::type::kA), std::pair("www.example.com", uint16_t{200})}) {
    const Explained explained = Of(name, type);
    EXPECT_THAT(explained.lines, ElementsAre(HasSubstr("source: this dnsd itself"))) << name;
    EXPECT_FALSE(explained.forwarded) << name;
  }
}

TEST_F(ExplainTest, SaysWhoAnswersTheRestOfAChain) {
  world.Add(test::Service("shop").On("n1", "10.0.0.1").Port(80).Tag("http"));
  world.Add(test::Service("lb").On("e1", "10.9.0.1").Port(80));
  world.Follow([](Policy& policy) {
    policy.exposure = Exposure{.domain = test::WireName("example.com"), .balancer = "lb"};
    auto zones = std::make_shared<static_zone::ZoneSet>(*policy.zones);
    zones->Add(
        Zone("corp.test", false, "@ 60 SOA ns h 1 2 3 4 30\n@ NS ns.invalid.\na CNAME b\nb CNAME shop.example.com.\n"));
    policy.zones = std::move(zones);
  });
  EXPECT_THAT(Of("a.corp.test").lines,
              ElementsAre(HasSubstr("source: static zone corp.test."),
                          "CNAME to shop.example.com.: exposed service; the addresses are those of service lb"));
  EXPECT_THAT(Of("in.static.test").lines,
              ElementsAre(HasSubstr("source: static zone"), HasSubstr("CNAME to web.service.consul.: catalog; up to")));
  EXPECT_THAT(Of("out.static.test").lines[1], "CNAME to www.example.com.: forwarded by the route for .");
  Settle(resolver::UpstreamMessage("www.partner.test", "A")
             .Answer("www.partner.test 60 CNAME a.partner.test")
             .Answer("a.partner.test 60 CNAME shop.example.com"));
  EXPECT_THAT(Of("www.partner.test").lines,
              ElementsAre("source: forwarded by the route for .", HasSubstr("CNAME to shop.example.com.: exposed")));
  Settle(resolver::UpstreamMessage("in.partner.test", "A").Answer("in.partner.test 60 CNAME web.service.consul"));
  EXPECT_THAT(Of("in.partner.test").lines[1],
              HasSubstr("CNAME to web.service.consul.: not followed, since an upstream led to a name of catalog;"));
}

}  // namespace
}  // namespace signpost::query
