// Signpost. Apache-2.0; see LICENSE.
// CNAMEs among reverse names, and to those of the catalog (RFC 2317).
#include "tests/unit/dnsd/query/sources_side.h"

namespace signpost::query {
namespace {

using resolver::UpstreamMessage;
using ::testing::ElementsAre;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

// Chains into the reverse names of the catalog, as RFC 2317 has them.
class ChaseToReverseTest : public SourcesSide {
 protected:
  ChaseToReverseTest() {
    world.Add(test::Node("n5", "192.0.2.5"));
    world.Follow([](Policy& policy) {
      auto zones = std::make_shared<static_zone::ZoneSet>();
      zones->Add(Zone("2.0.192.in-addr.arpa", false,
                      "@ 60 SOA ns h 1 2 3 4 30\n@ NS ns.invalid.\n1 CNAME 1.0-25\n1.0-25 PTR host.corp.test.\n"
                      "2 CNAME 2.0-25.2.0.192.in-addr.arpa.\n6 CNAME 5\n7 CNAME 8\n9 CNAME 1.0.0.10.in-addr.arpa.\n"
                      "5 CNAME none.invalid.\n"));
      policy.zones = std::move(zones);
    });
  }
};

TEST_F(ChaseToReverseTest, ClasslessDelegationsAreTheZones) {
  EXPECT_THAT(AskPlain("1.2.0.192.in-addr.arpa", "PTR").answer,
              UnorderedElementsAre("1.2.0.192.in-addr.arpa. 60 CNAME 1.0-25.2.0.192.in-addr.arpa.",
                                   "1.0-25.2.0.192.in-addr.arpa. 60 PTR host.corp.test."));
  EXPECT_EQ(AskPlain("2.2.0.192.in-addr.arpa", "PTR").rcode, "NXDOMAIN");
}

TEST_F(ChaseToReverseTest, AnotherAddressOfTheCatalog) {
  EXPECT_THAT(AskPlain("9.2.0.192.in-addr.arpa", "PTR").answer,
              UnorderedElementsAre("9.2.0.192.in-addr.arpa. 60 CNAME 1.0.0.10.in-addr.arpa.",
                                   "1.0.0.10.in-addr.arpa. 0 PTR n1.node.dc1.consul."));
}

TEST_F(ChaseToReverseTest, AnAddressOfTheCatalogInTheSameZone) {
  EXPECT_THAT(AskPlain("6.2.0.192.in-addr.arpa", "PTR").answer,
              UnorderedElementsAre("6.2.0.192.in-addr.arpa. 60 CNAME 5.2.0.192.in-addr.arpa.",
                                   "5.2.0.192.in-addr.arpa. 0 PTR n5.node.dc1.consul."));
  const auto none = AskPlain("7.2.0.192.in-addr.arpa", "PTR");
  EXPECT_EQ(none.rcode, "NXDOMAIN");
  EXPECT_THAT(none.authority, ElementsAre(StartsWith("2.0.192.in-addr.arpa. 30 SOA")));
}

TEST_F(ChaseToReverseTest, OtherTypesAreNotDenied) {
  world.Add(test::Node("n8", "192.0.2.8"));
  EXPECT_EQ(AskPlain("7.2.0.192.in-addr.arpa", "TXT").rcode, "NOERROR") << "the catalog has the name (RFC 8020)";
  EXPECT_EQ(Ask("5.2.0.192.in-addr.arpa", "TXT").rcode, "wait upstream none.invalid. TXT");
}

TEST_F(ChaseToReverseTest, TheChainsEndDeniesWhatItDenies) {
  Settle(UpstreamMessage("none.invalid", "TXT").Rcode(3).Authority("invalid 60 SOA 30"));
  EXPECT_EQ(Ask("5.2.0.192.in-addr.arpa", "TXT").rcode, "NXDOMAIN") << "the name exists, the CNAME's target does not";
}

TEST_F(ChaseToReverseTest, AnUpstreamsCnameLeadsToThem) {
  world.Add(test::Node("pub", "203.0.113.4"));
  Settle(UpstreamMessage("4.0-25.113.0.203.in-addr.arpa", "PTR")
             .Answer("4.0-25.113.0.203.in-addr.arpa 50 CNAME 4.113.0.203.in-addr.arpa")
             .Answer("4.113.0.203.in-addr.arpa 30 PTR foreign.partner.test"));
  EXPECT_THAT(Ask("4.0-25.113.0.203.in-addr.arpa", "PTR").answer,
              UnorderedElementsAre("4.0-25.113.0.203.in-addr.arpa. 50 CNAME 4.113.0.203.in-addr.arpa.",
                                   "4.113.0.203.in-addr.arpa. 0 PTR pub.node.dc1.consul."));
}

TEST_F(ChaseToReverseTest, TooManyNamesAreCut) {
  for (int i = 0; i < 60; ++i) world.Add(test::Node("node" + std::to_string(i), "10.0.0.1"));
  EXPECT_TRUE(world.At(now_ms).Ask(test::Question("9.2.0.192.in-addr.arpa", "PTR")).truncated());
  EXPECT_EQ(world.At(now_ms).Ask(test::Question("9.2.0.192.in-addr.arpa", "PTR").Tcp()).answer.size(), 62U);
}

}  // namespace
}  // namespace signpost::query
