// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/query_log.h"

#include <gmock/gmock.h>

#include "tests/unit/dnsd/query/sources_side.h"

namespace signpost::query {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class QueryLogTest : public SourcesSide {
 protected:
  std::vector<std::string> Lines() {
    std::vector<std::string> lines;
    world.handler().log().Drain([&](const std::string& line) { lines.push_back(line); });
    return lines;
  }
};

TEST_F(QueryLogTest, IsOffAtFirst) {
  Ask("web.service.consul", "A");
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(QueryLogTest, TellsWhoAskedWhatAndWhoAnswered) {
  world.Follow([](Policy& policy) { policy.log.one_in = 1; });
  Ask("web.service.consul", "A");
  EXPECT_THAT(Lines(), ElementsAre("query web.service.consul. A from 127.0.0.1 over udp: NOERROR, from catalog"));
  EXPECT_THAT(Lines(), IsEmpty()) << "once";
}

TEST_F(QueryLogTest, TakesASample) {
  world.Follow([](Policy& policy) { policy.log.one_in = 10; });
  for (int i = 0; i < 100; ++i) Ask("web.service.consul", "A");
  EXPECT_EQ(Lines().size(), 10U);
}

TEST_F(QueryLogTest, OrNamesThatAreLookedFor) {
  world.Follow([](Policy& policy) { policy.log.names = {test::WireName("static.test")}; });
  Ask("web.service.consul", "A");
  Ask("ns.static.test", "A");
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr("query ns.static.test. A")));
}

TEST_F(QueryLogTest, HasRoomForSoMuchAndCountsTheRest) {
  world.Follow([](Policy& policy) { policy.log.one_in = 1; });
  for (size_t i = 0; i < QueryLog::kCapacity + 3; ++i) Ask("web.service.consul", "A");
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), QueryLog::kCapacity + 1);
  EXPECT_EQ(lines.back(), "query log: 3 more questions were not noted");
}

TEST_F(QueryLogTest, NoByteOfANamePassesForAnotherPartOfTheLine) {
  world.LastTry(true).Follow([](Policy& policy) { policy.log.one_in = 1; });
  const std::pair<const char*, const char*> cases[] = {
      {"a\\010b.test", "a\\010b.test."},
      {"\\027[0m\\000.test", "\\027[0m\\000.test."},
      {"\\226\\128\\168.test", "\\226\\128\\168.test."},
      {"x\\.test", "x\\.test."},
      {"x\\032A\\032from\\0321.test", "x\\032a\\032from\\0321.test."},
      {"back\\092slash.test", "back\\\\slash.test."},
      {".", "."},
  };
  for (const auto& [name, text] : cases) {
    Ask(name, "SOA");
    EXPECT_THAT(Lines(), ElementsAre(::testing::StartsWith(std::string("query ") + text + " SOA from 127"))) << name;
  }
}

}  // namespace
}  // namespace signpost::query
