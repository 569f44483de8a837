// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/service_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::feed {
namespace {

using ::testing::ElementsAre;

ServiceList Names(std::vector<consul::ServiceTags> services) { return MakeServiceList(services); }

TEST(ServiceList, FoldsCaseAndUnitesTags) {
  const ServiceList list = Names({{"up", {"a"}}, {"Web", {}}, {"Up", {"b"}}});
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].name, "up");
  EXPECT_EQ(list[1].name, "web");
  EXPECT_EQ(list, Names({{"UP", {"b"}}, {"up", {"a"}}, {"web", {}}}));
  EXPECT_TRUE(Contains(list, "web"));
  EXPECT_FALSE(Contains(list, "we"));
  EXPECT_FALSE(Contains({}, "web"));
}

TEST(ServiceList, CompareNamesWhatIsNewGoneAndRetagged) {
  const ServiceList before = Names({{"a", {}}, {"c", {"x", "y"}}, {"d", {"t"}}, {"e", {}}});
  const ServiceList after = Names({{"b", {}}, {"c", {"y", "x"}}, {"d", {"u"}}, {"f", {}}});
  const ServiceListDiff diff = Compare(before, after);
  EXPECT_THAT(diff.added, ElementsAre("b", "f"));
  EXPECT_THAT(diff.removed, ElementsAre("a", "e"));
  EXPECT_THAT(diff.retagged, ElementsAre("d"));
}

TEST(ServiceList, CompareWithEmptyAndEqualLists) {
  const ServiceList list = Names({{"a", {}}, {"b", {}}});
  EXPECT_THAT(Compare({}, list).added, ElementsAre("a", "b"));
  EXPECT_THAT(Compare(list, {}).removed, ElementsAre("a", "b"));
  EXPECT_EQ(Compare(list, list), ServiceListDiff{});
}

}  // namespace
}  // namespace signpost::feed
