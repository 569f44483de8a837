// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/node_table.h"

#include <gtest/gtest.h>

namespace signpost::consul {
namespace {

Node MakeNode(const std::string& name, const std::string& address) {
  Node node;
  node.name = name;
  node.address = address;
  return node;
}

TEST(NodeTable, EqualNodesAreOneObject) {
  NodeTable table;
  const auto first = table.Intern(MakeNode("n1", "10.0.0.1"));
  EXPECT_EQ(table.Intern(MakeNode("n1", "10.0.0.1")), first);
  EXPECT_NE(table.Intern(MakeNode("n1", "10.0.0.2")), first);
  EXPECT_EQ(first->name, "n1");
}

TEST(NodeTable, MetaAndTaggedAddressesTellNodesApart) {
  NodeTable table;
  const auto plain = table.Intern(MakeNode("n1", "a"));
  Node tagged = MakeNode("n1", "a");
  tagged.tagged_addresses = {{"wan", "b", 0}};
  Node with_meta = MakeNode("n1", "a");
  with_meta.meta = {{"k", "v"}};
  const auto second = table.Intern(tagged);
  EXPECT_NE(second, plain);
  EXPECT_NE(table.Intern(with_meta), plain);
  EXPECT_EQ(table.Intern(tagged), second);
}

TEST(NodeTable, ForgetsNodesThatNobodyUses) {
  NodeTable table;
  for (int i = 0; i < 10000; ++i) {
    const auto node = table.Intern(MakeNode("n" + std::to_string(i), "a"));
    ASSERT_NE(node, nullptr);
  }
  EXPECT_LE(table.size(), 64U);
}

TEST(NodeTable, StaysWithinItsBound) {
  NodeTable table(3);
  std::vector<std::shared_ptr<const Node>> alive;
  for (int i = 0; i < 10; ++i) alive.push_back(table.Intern(MakeNode("n" + std::to_string(i), "a")));
  EXPECT_LE(table.size(), 3U);
  EXPECT_EQ(alive[9]->name, "n9");
  EXPECT_EQ(table.Intern(MakeNode("n0", "a")), alive[0]);
}

}  // namespace
}  // namespace signpost::consul
