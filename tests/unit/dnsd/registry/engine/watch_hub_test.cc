// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/engine/watch_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::registry {
namespace {

using Kind = Topic::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class WatchHubTest : public ::testing::Test {
 protected:
  std::unique_ptr<WatchHub::Watch> Add(const std::string& name, Topics topics) {
    return hub.Add(std::move(topics), [this, name] { woken.push_back(name); });
  }
  std::vector<std::string> Wake(const std::set<Topic>& touched) {
    woken.clear();
    hub.Wake(touched);
    return woken;
  }

  std::vector<std::string> woken;
  WatchHub hub;
};

TEST_F(WatchHubTest, WakesThoseOfTheTopicOnly) {
  const auto web = Add("web", {{Kind::kService, "web"}});
  const auto db = Add("db", {{Kind::kService, "db"}});
  const auto node = Add("node web", {{Kind::kNode, "web"}});
  EXPECT_THAT(Wake({{Kind::kService, "web"}}), ElementsAre("web"));
  EXPECT_THAT(Wake({{Kind::kService, "we"}}), IsEmpty());
  EXPECT_THAT(Wake({{Kind::kNode, "web"}, {Kind::kService, "db"}}), UnorderedElementsAre("db", "node web"));
}

TEST_F(WatchHubTest, WakesAWatchOnceForSeveralTopics) {
  const auto both = Add("both", {{Kind::kService, "web"}, {Kind::kNodes, ""}, {Kind::kNodes, ""}});
  EXPECT_THAT(Wake({{Kind::kService, "web"}, {Kind::kNodes, ""}}), ElementsAre("both"));
  EXPECT_THAT(Wake({{Kind::kNodes, ""}}), ElementsAre("both"));
}

TEST_F(WatchHubTest, AKeyWakesItsPrefixes) {
  const auto all = Add("all", {{Kind::kKvBelow, ""}});
  const auto app = Add("app/", {{Kind::kKvBelow, "app/"}});
  const auto other = Add("ap2", {{Kind::kKvBelow, "ap2"}});
  const auto longer = Add("app/ab", {{Kind::kKvBelow, "app/ab"}});
  const auto key = Add("key", {{Kind::kKv, "app/a"}});
  EXPECT_THAT(Wake({{Kind::kKv, "app/a"}}), UnorderedElementsAre("all", "app/", "key"));
  EXPECT_THAT(Wake({{Kind::kKv, "app/abc"}}), UnorderedElementsAre("all", "app/", "app/ab"));
  EXPECT_THAT(Wake({{Kind::kKv, "app/a"}, {Kind::kKv, "app/b"}}), UnorderedElementsAre("all", "app/", "key"));
}

TEST_F(WatchHubTest, PrefixesOfOneLengthComeAndGo) {
  auto first = Add("first", {{Kind::kKvBelow, "aa"}});
  const auto second = Add("second", {{Kind::kKvBelow, "bb"}});
  first.reset();
  EXPECT_THAT(Wake({{Kind::kKv, "bbb"}}), ElementsAre("second"));
  EXPECT_THAT(Wake({{Kind::kKv, "aaa"}}), IsEmpty());
}

TEST_F(WatchHubTest, AWatchEndsWhenItGoes) {
  auto watch = Add("web", {{Kind::kService, "web"}});
  EXPECT_EQ(hub.size(), 1U);
  watch.reset();
  EXPECT_EQ(hub.size(), 0U);
  EXPECT_THAT(Wake({{Kind::kService, "web"}}), IsEmpty());
}

TEST_F(WatchHubTest, AWokenWatchMayEndItselfAndOthersAndAddNewOnes) {
  std::vector<std::unique_ptr<WatchHub::Watch>> watches;
  const Topics web{{Kind::kService, "web"}};
  for (int i = 0; i < 5; ++i) {
    watches.push_back(hub.Add(web, [this, &watches, web] {
      woken.emplace_back("first");
      watches.clear();
      watches.push_back(Add("new", web));
    }));
  }
  hub.Wake({{Kind::kService, "web"}});
  // The new one may or may not be woken in this round, as it may have missed the change; those that ended are not.
  EXPECT_EQ(std::count(woken.begin(), woken.end(), "first"), 1);
  EXPECT_EQ(hub.size(), 1U);
  EXPECT_THAT(Wake({{Kind::kService, "web"}}), ElementsAre("new"));
}

}  // namespace
}  // namespace signpost::registry
