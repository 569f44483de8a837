// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/chaos.h"

#include "tests/unit/dnsd/query/sources_side.h"

namespace signpost::query {
namespace {

using ::testing::ElementsAre;

class ChaosTest : public SourcesSide {
 protected:
  test::Reply AskChaos(std::string_view name, std::string_view type = "TXT") {
    return world.Ask(test::Question(name, type).Class(3));
  }
};

TEST_F(ChaosTest, TellsWhatTheOperatorChose) {
  world.Follow([](Policy& policy) { policy.identity = "ns1", policy.version = "dnsd 1"; });
  EXPECT_THAT(AskChaos("id.server").answer, ElementsAre(::testing::HasSubstr("ns1")));
  EXPECT_THAT(AskChaos("HOSTNAME.bind").answer, ElementsAre(::testing::HasSubstr("ns1")));
  EXPECT_THAT(AskChaos("version.bind").answer, ElementsAre(::testing::HasSubstr("dnsd 1")));
  EXPECT_EQ(AskChaos("version.server").bytes[12 + 16 + 2 + 2 + 4 + 1], 3) << "the record's class";
}

TEST_F(ChaosTest, RefusesEverythingElse) {
  EXPECT_EQ(AskChaos("id.server").rcode, "REFUSED") << "not configured";
  world.Follow([](Policy& policy) { policy.identity = "ns1"; });
  EXPECT_EQ(AskChaos("version.bind").rcode, "REFUSED");
  EXPECT_EQ(AskChaos("id.server", "A").rcode, "REFUSED");
  EXPECT_EQ(AskChaos("web.service.consul", "A").rcode, "REFUSED");
}

}  // namespace
}  // namespace signpost::query
