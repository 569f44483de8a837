// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/node_list.h"

#include <gtest/gtest.h>

#include "dnsd/feed/node_index.h"

namespace signpost::feed {
namespace {

NodePointer MakeNode(const char* name, const char* address) {
  auto node = std::make_shared<consul::Node>();
  node->name = name;
  node->address = address;
  return node;
}

TEST(NodeList, ReportsOnlyWhatDiffers) {
  NodeList list;
  EXPECT_EQ(list.Replace({MakeNode("A", "1"), MakeNode("b", "2")}).size(), 2U);
  EXPECT_TRUE(list.Replace({MakeNode("b", "2"), MakeNode("A", "1")}).empty());
  const auto changes = list.Replace({MakeNode("A", "9")});
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].name, "a");
  EXPECT_EQ(changes[0].node->address, "9");
  EXPECT_EQ(changes[1].name, "b");
  EXPECT_EQ(changes[1].node, nullptr);
  EXPECT_EQ(list.Find("a")->address, "9");
  EXPECT_EQ(list.Find("b"), nullptr);
}

TEST(NodeList, NoticesWhatIsMissingBeforeItIsReplaced) {
  NodeList list;
  EXPECT_FALSE(list.HasMoreThan({}));
  list.Replace({MakeNode("A", "1"), MakeNode("b", "2")});
  EXPECT_FALSE(list.HasMoreThan({MakeNode("a", "9"), MakeNode("B", "2"), MakeNode("c", "3")}));
  EXPECT_TRUE(list.HasMoreThan({MakeNode("a", "1")}));
}

TEST(NodeIndex, FollowsTheInstances) {
  const auto on = [](std::vector<NodePointer> nodes) {
    catalog::Service service;
    for (auto& node : nodes) service.instances.emplace_back().node = std::move(node);
    return service;
  };
  const std::string web = "web";
  const std::string db = "db";
  const catalog::Service web_before = on({MakeNode("A", "1"), MakeNode("A", "1")});
  const catalog::Service web_after = on({MakeNode("b", "2")});
  const catalog::Service db_now = on({MakeNode("a", "1")});
  NodeIndex index;
  index.Replace(web, nullptr, &web_before);
  index.Replace(db, nullptr, &db_now);
  EXPECT_EQ(index.ServicesOn("a"), (std::vector<std::string>{"web", "web", "db"}));
  index.Replace(web, &web_before, &web_after);
  EXPECT_EQ(index.ServicesOn("a"), (std::vector<std::string>{"db"}));
  EXPECT_EQ(index.ServicesOn("b"), (std::vector<std::string>{"web"}));
  index.Replace(db, &db_now, nullptr);
  EXPECT_TRUE(index.ServicesOn("a").empty());
}

}  // namespace
}  // namespace signpost::feed
