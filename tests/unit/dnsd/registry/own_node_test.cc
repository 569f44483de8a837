// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/own_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dnsd/registry/model/catalog_writes.h"
#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

const OwnNode kHost1{"host1", "0a1b2c3d-0000-4000-8000-000000000001", "192.0.2.7", "dc1"};

TEST(OwnNodeTest, StandsInItsOwnCatalog) {
  State state;
  PutOwnNode(state, kHost1, "");
  const auto node = state.FindNode("host1");
  ASSERT_TRUE(node);
  EXPECT_EQ(node->node.address, "192.0.2.7");
  EXPECT_EQ(node->node.id, kHost1.id);
  EXPECT_EQ(node->node.tagged_addresses.at(1).tag, "lan_ipv4");
  ASSERT_TRUE(state.FindService("host1", "consul"));
  EXPECT_EQ(state.FindService("host1", "consul")->port, 8300);
  ASSERT_TRUE(state.FindCheck("host1", "serfHealth"));
  EXPECT_EQ(state.FindCheck("host1", "serfHealth")->status, "passing");
  EXPECT_EQ(state.index(), 2U) << "one write";
}

TEST(OwnNodeTest, ASecondTimeChangesNothing) {
  State state;
  PutOwnNode(state, kHost1, "");
  state.TakeJournal();
  PutOwnNode(state, kHost1, "host1");
  EXPECT_TRUE(state.TakeJournal().changes.empty());
  EXPECT_EQ(state.index(), 2U);
}

TEST(OwnNodeTest, FollowsItsAddress) {
  State state;
  PutOwnNode(state, kHost1, "");
  OwnNode moved = kHost1;
  moved.address = "2001:db8::7";
  PutOwnNode(state, moved, "host1");
  const auto node = state.FindNode("host1");
  EXPECT_EQ(node->node.address, "2001:db8::7");
  EXPECT_EQ(node->node.tagged_addresses.at(1).tag, "lan_ipv6");
}

TEST(OwnNodeTest, TakesWhatItHadToItsNewName) {
  State state;
  PutOwnNode(state, kHost1, "");
  PutService(state, TestService("host1", "web"));
  PutCheck(state, TestCheck("host1", "alive", "web", "critical"));
  PutCheck(state, TestCheck("host1", "disk"));
  state.Put(TestNode("other"));
  PutService(state, TestService("other", "web"));

  OwnNode renamed = kHost1;
  renamed.name = "host2";
  PutOwnNode(state, renamed, "host1");
  EXPECT_EQ(state.FindNode("host1"), nullptr);
  EXPECT_TRUE(state.ServicesOfNode("host1").empty());
  EXPECT_TRUE(state.ChecksOfNode("host1").empty());
  ASSERT_TRUE(state.FindService("host2", "web"));
  EXPECT_EQ(state.ServicesOfNode("host2").size(), 2U);
  EXPECT_EQ(state.ChecksOf("host2", "web").at(0)->status, "critical");
  EXPECT_TRUE(state.FindCheck("host2", "disk"));
  EXPECT_TRUE(state.FindService("other", "web"));
  ASSERT_TRUE(state.FindNodeById(kHost1.id));
  EXPECT_EQ(state.FindNodeById(kHost1.id)->node.name, "host2");
}

TEST(OwnNodeTest, AnotherLetterCaseIsTheSameName) {
  State state;
  PutOwnNode(state, kHost1, "");
  PutService(state, TestService("host1", "web"));
  OwnNode upper = kHost1;
  upper.name = "HOST1";
  PutOwnNode(state, upper, "host1");
  EXPECT_EQ(state.nodes().size(), 1U);
  EXPECT_EQ(state.FindNode("host1")->node.name, "HOST1");
  EXPECT_TRUE(state.FindService("host1", "web"));
}

}  // namespace
}  // namespace signpost::registry
