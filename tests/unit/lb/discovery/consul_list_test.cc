// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/consul_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;
using ::testing::Key;
using ::testing::Pair;

class ConsulListTest : public ::testing::Test {
 protected:
  Status Read(const std::string& body, int64_t now = 1, int64_t last_contact = 0) {
    consul::AgentReply reply;
    reply.body = body;
    reply.last_contact = Millis(last_contact);
    return list_.Read(reply, Millis(now));
  }

  ConsulList list_{Millis(10000)};
};

TEST_F(ConsulListTest, HasNamesWithFoldedTags) {
  EXPECT_TRUE(Read(R"({"consul":[],"Web":["HTTP","urlprefix-A/B"]})", 7).ok());
  EXPECT_THAT(list_.services(), ElementsAre(Pair("Web", ElementsAre("http", "urlprefix-A/B")), Key("consul")));
  EXPECT_TRUE(list_.known());
  EXPECT_EQ(list_.good_at(), Millis(7));
}

TEST_F(ConsulListTest, ALostRightIsNoNewsC21C22) {
  ASSERT_TRUE(Read(R"({"consul":[],"web":[]})", 5).ok());
  for (const char* body : {"{}", R"({"web":[]})"}) {
    EXPECT_EQ(Read(body, 6).kind(), ErrorKind::kDenied) << body;
    EXPECT_TRUE(list_.lost());
    EXPECT_EQ(list_.services().size(), 2U);
    EXPECT_EQ(list_.good_at(), Millis(5));
  }
  EXPECT_TRUE(Read(R"({"consul":[]})", 8).ok());
  EXPECT_FALSE(list_.lost());
  EXPECT_THAT(list_.services(), ElementsAre(Key("consul")));
}

TEST_F(ConsulListTest, ATokenThatNeverSawConsulIsBelievedAsLongAsItSeesAnything) {
  EXPECT_EQ(Read("{}").kind(), ErrorKind::kDenied);
  EXPECT_THAT(Read("{}").text(), ::testing::HasSubstr("nothing is registered there, or")) << "nothing was lost";
  EXPECT_FALSE(list_.known());
  EXPECT_TRUE(Read(R"({"web":[],"db":[]})").ok());
  EXPECT_TRUE(Read(R"({"web":[]})").ok());
  EXPECT_THAT(Read("{}").text(), ::testing::HasSubstr("has lost its rights"));
}

TEST_F(ConsulListTest, AStaleListOnlyAddsC24) {
  ASSERT_TRUE(Read(R"({"consul":[],"web":[]})", 5).ok());
  EXPECT_TRUE(Read(R"({"consul":[],"db":["tcp"]})", 6, 10001).ok());
  EXPECT_THAT(list_.services(), ElementsAre(Key("consul"), Key("db"), Key("web")));
  EXPECT_EQ(list_.good_at(), Millis(5));
  EXPECT_TRUE(Read(R"({"consul":[],"db":["tcp"]})", 7, 10000).ok());
  EXPECT_THAT(list_.services(), ElementsAre(Key("consul"), Key("db")));
}

TEST_F(ConsulListTest, WhatCannotBeReadChangesNothing) {
  ASSERT_TRUE(Read(R"({"consul":[],"web":[]})").ok());
  EXPECT_EQ(Read("[]").kind(), ErrorKind::kInvalid);
  EXPECT_EQ(Read(R"({"consul":[)").kind(), ErrorKind::kInvalid);
  EXPECT_EQ(list_.services().size(), 2U);
  EXPECT_FALSE(list_.lost());
}

}  // namespace
}  // namespace signpost::lb
