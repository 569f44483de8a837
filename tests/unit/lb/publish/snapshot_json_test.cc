// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/snapshot_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/lb/publish/services.h"

namespace signpost::lb {
namespace {

TEST(SnapshotJsonTest, WhatIsWrittenIsReadAsHeld) {
  auto service = std::make_shared<DiscoveredService>(
      *Service({.name = "Web\"1", .tags = {"http"}, .created = 42, .policy = R"({"split": "v1:1"})"}));
  Instance instance;
  instance.address = Address("[2001:db8::1]:80");
  instance.weight = 65535;
  instance.priority = 7;
  instance.id = "web-1";
  instance.version = "v2";
  instance.tags = {"http", "urlprefix-/A"};
  instance.meta = {{"lb.max_fails", "3"}};
  instance.modified = 99;
  service->instances = {instance, Service({.instances = {{"192.0.2.1:80"}}})->instances[0]};
  const auto read = ReadSnapshot(WriteSnapshot({{SourceKind::kConsul, service}, {SourceKind::kDns, service}}));
  ASSERT_TRUE(read.ok()) << read.status().text();
  ASSERT_EQ(read.value().size(), 2U);
  EXPECT_EQ(read.value()[1].kind, SourceKind::kDns);
  const DiscoveredService& back = *read.value()[0].service;
  EXPECT_EQ(read.value()[0].kind, SourceKind::kConsul);
  EXPECT_EQ(back.name, service->name);
  EXPECT_EQ(back.instances, service->instances);
  EXPECT_EQ(back.tags, service->tags);
  EXPECT_EQ(back.create_index, 42U);
  EXPECT_EQ(back.policy, service->policy);
  EXPECT_EQ(back.state, ServiceState::kHeld);
  EXPECT_FALSE(back.reason.empty());
}

TEST(SnapshotJsonTest, RefusesWhatIsNoSnapshot) {
  for (const char* text :
       {"", "{", "[]", "{}", R"({"version": 2, "services": []})", R"({"version": 1, "services": {}})"}) {
    EXPECT_FALSE(ReadSnapshot(text).ok()) << text;
  }
}

TEST(SnapshotJsonTest, LeavesOutWhatCannotBeUsed) {
  const auto read = ReadSnapshot(R"({"version": 1, "services": [
    1, {}, {"source": "static", "name": "a"}, {"source": "consul"},
    {"source": "consul", "name": "b", "tags": [1, "x"], "instances": [
      1, {"address": "host:80"}, {"address": "192.0.2.1:0"}, {"address": "192.0.2.1:80", "weight": 70000, "priority": -1}]}]})");
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read.value().size(), 1U);
  const DiscoveredService& service = *read.value()[0].service;
  EXPECT_THAT(service.tags, ::testing::ElementsAre("x"));
  ASSERT_EQ(service.instances.size(), 1U);
  EXPECT_EQ(service.instances[0].weight, 1U);
  EXPECT_EQ(service.instances[0].priority, 0U);
}

}  // namespace
}  // namespace signpost::lb
