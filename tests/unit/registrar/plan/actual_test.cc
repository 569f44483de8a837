// Signpost. Apache-2.0; see LICENSE.
// Replies of a real agent (Consul 1.8.7, tests/cases/consul_agent) and of a broken one.
#include "registrar/plan/actual.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/unit/registrar/plan/plan_cases.h"

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

ActualServices Recorded(const std::string& name) {
  auto read = ReadAgentServices(AgentReplyText(name + ".services"), AgentReplyText(name + ".checks"));
  EXPECT_TRUE(read.ok()) << read.status().text();
  return read.ok() ? std::move(read).value() : ActualServices{};
}

TEST(AgentServices, AreWhatWasRegistered) {
  const ActualServices recorded = Recorded("registered");
  EXPECT_THAT(recorded, SizeIs(5));
  for (const auto& [id, desired] : AllKinds()) {
    ASSERT_TRUE(recorded.contains(id)) << id;
    ActualService expected = Registered(desired.service);
    // What the agent runs itself has a result already.
    for (const CheckDefinition& check : desired.service.checks) {
      const ActualCheck* known = recorded.at(id).FindCheck(check.check_id);
      const auto own = std::ranges::find(expected.checks, check.check_id, &ActualCheck::id);
      if (known && check.owner == CheckOwner::kAgent)
        *own = {own->id, known->status, known->output, own->notes, own->type};
    }
    EXPECT_EQ(recorded.at(id), expected) << id;
  }
}

TEST(AgentServices, MaintenanceIsAMarkAndNoCheck) {
  const ActualServices recorded = Recorded("drained");
  const ActualService& web = recorded.at("node1:web.1:80");
  EXPECT_TRUE(web.maintenance);
  EXPECT_EQ(web.maintenance_reason, "registrar: stopping");
  EXPECT_THAT(web.checks, SizeIs(10));
  EXPECT_EQ(web.FindCheck("docker:node1:web.1:80")->output, "probe said\nno");
  EXPECT_EQ(web.FindCheck("_service_maintenance:node1:web.1:80"), nullptr);
  EXPECT_TRUE(recorded.at("node1:bare:0").maintenance);
  EXPECT_FALSE(recorded.at("node1:dns:53:udp").maintenance);
}

TEST(AgentServices, OddFieldsCountAsAbsent) {
  const auto read = ReadAgentServices(
      R"({"a":{"Service":7,"Port":"x","Tags":"t","Meta":[1],"Weights":null,"TaggedAddresses":{"lan":3}},"b":null,"c":[]})",
      R"({"1":{"ServiceID":"a","Status":{}},"2":{"ServiceID":"gone"},"3":9,"4":{"ServiceID":""}})");
  ASSERT_TRUE(read.ok());
  EXPECT_THAT(read.value(), SizeIs(1));
  const ActualService& service = read.value().at("a");
  EXPECT_EQ(service.name, "");
  EXPECT_EQ(service.weight_passing, 1);
  EXPECT_THAT(service.tags, IsEmpty());
  EXPECT_THAT(service.checks, ElementsAre(ActualCheck{.id = "1"}));
}

TEST(AgentServices, WhatIsNoObjectIsRefused) {
  for (const char* text : {"", "[]", "null", "{", "\"x\"", "Permission denied"}) {
    EXPECT_FALSE(ReadAgentServices(text, "{}").ok()) << text;
    EXPECT_FALSE(ReadAgentServices("{}", text).ok()) << text;
  }
  EXPECT_TRUE(ReadAgentServices("{}", "{}").ok());
}

TEST(DerivedAddresses, FollowTheFamilyOfTheAddress) {
  EXPECT_THAT(DerivedAddresses("192.0.2.1", 80),
              ElementsAre(TaggedAddress{"lan_ipv4", "192.0.2.1", 80}, TaggedAddress{"wan_ipv4", "192.0.2.1", 80}));
  EXPECT_THAT(DerivedAddresses("2001:db8::1", 0),
              ElementsAre(TaggedAddress{"lan_ipv6", "2001:db8::1", 0}, TaggedAddress{"wan_ipv6", "2001:db8::1", 0}));
  for (const char* text : {"", "host.example", "192.0.2.1/24"})
    EXPECT_THAT(DerivedAddresses(text, 80), IsEmpty()) << text;
}

TEST(AfterRegistration, KeepsTheStatusOfKnownChecksOtherChecksAndTheMark) {
  ActualService before = Registered(Web());
  before.checks[1] = {.id = "service:node1:web.1:80", .status = "passing", .output = "200 OK", .type = "http"};
  before.checks.push_back({.id = "theirs", .status = "critical"});
  before.maintenance = true;
  before.maintenance_reason = "registrar: stopping";
  EXPECT_EQ(AfterRegistration(Web(), "owner-1", &before), before);
  Service without = Web();
  without.checks.clear();
  EXPECT_EQ(AfterRegistration(without, "owner-1", &before).checks, before.checks);
}

TEST(AfterRegistration, ANewCheckIsCriticalUnlessSaidOtherwise) {
  const ActualService after = Registered(Web());
  EXPECT_EQ(after.FindCheck("service:node1:web.1:80")->status, "critical");
  EXPECT_EQ(after.FindCheck("docker:node1:web.1:80")->status, "passing");
}

}  // namespace
}  // namespace signpost::registrar
