// Signpost. Apache-2.0; see LICENSE.
#include "registrar/plan/registration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "common/json/json.h"
#include "tests/unit/registrar/plan/plan_cases.h"

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

TEST(Registration, SaysEverythingInConsulsWords) {
  const Service web = Web();
  EXPECT_EQ(RegistrationBody(web, "owner-1"),
            R"({"ID":"node1:web.1:80","Name":"web","Tags":["a","b"],"Address":"192.0.2.10","Port":8080,)"
            R"("Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,"Checks":[)"
            R"({"CheckID":"service:node1:web.1:80","HTTP":"http://192.0.2.10:8080/h","Interval":"10s"},)"
            R"({"CheckID":"docker:node1:web.1:80","Name":"Docker health","TTL":"90s","Status":"passing"}],)"
            R"("Meta":{"region":"eu","registrar-container":")" +
                web.container_id + R"(","registrar-owner":"owner-1","registrar-spec":")" + SpecOf(web) + R"("}})");
}

TEST(Registration, OfEveryKindOfCheckIsJsonWithoutEmptyFields) {
  const auto document = json::Document::Parse(RegistrationBody(AllKinds().at("node1:web.1:80").service, "o"));
  ASSERT_TRUE(document.ok());
  const json::Value checks = document->root()["Checks"];
  ASSERT_EQ(checks.size(), 10U);
  Strings first;
  checks.At(0).ForEachMember([&](std::string_view key, json::Value) { first.emplace_back(key); });
  EXPECT_THAT(
      first, ElementsAre("CheckID", "Name", "Notes", "HTTP", "Method", "Header", "Body", "Interval", "Timeout",
                         "Status", "DeregisterCriticalServiceAfter", "SuccessBeforePassing", "FailuresBeforeCritical"));
  EXPECT_EQ(checks.At(0)["Header"]["Host"].At(0).String(), "a.example");
  EXPECT_TRUE(checks.At(3)["GRPCUseTLS"].Bool() && checks.At(3)["TLSSkipVerify"].Bool());
  EXPECT_EQ(checks.At(4)["ScriptArgs"].At(1).String(), "a b");
  EXPECT_EQ(checks.At(5)["DockerContainerID"].String(), std::string(64, 'a'));
  EXPECT_EQ(checks.At(6)["AliasService"].String(), "other");
  EXPECT_FALSE(checks.At(8)["Status"].present());
}

TEST(Spec, IsAPromiseToEarlierVersions) {
  EXPECT_EQ(SpecOf({.id = "x", .name = "x"}), "c480f11c69079dd5-09612b07b5ecb5a5");
}

TEST(Spec, ChangesWithEverythingThatIsSent) {
  const std::vector<std::function<void(Service&)>> changes = {[](Service& s) { s.id = "x"; },
                                                              [](Service& s) { s.name = "x"; },
                                                              [](Service& s) { s.address = "192.0.2.11"; },
                                                              [](Service& s) { s.port = 1; },
                                                              [](Service& s) {
                                                                s.tags = {"b", "a"};
                                                              },
                                                              [](Service& s) { s.meta[0].second = "us"; },
                                                              [](Service& s) {
                                                                s.tagged_addresses = {{"lan_ipv6", "2001:db8::1", 1}};
                                                              },
                                                              [](Service& s) { s.weight_passing = 2; },
                                                              [](Service& s) { s.weight_warning = 2; },
                                                              [](Service& s) { s.enable_tag_override = true; },
                                                              [](Service& s) { s.checks.pop_back(); },
                                                              [](Service& s) { s.checks[0].interval = "11s"; },
                                                              [](Service& s) { s.checks[0].status = "passing"; }};
  std::set<std::string> specs = {SpecOf(Web())};
  for (const auto& change : changes) {
    Service service = Web();
    change(service);
    specs.insert(SpecOf(service));
  }
  EXPECT_EQ(specs.size(), changes.size() + 1);
}

TEST(Spec, DoesNotFollowTheContainersHealth) {
  Service sick = Web();
  sick.checks[1].status = "critical";
  EXPECT_EQ(SpecOf(sick), SpecOf(Web()));
}

TEST(Spec, DoesNotFollowTagsThatOthersMayChange) {
  Service open = Web();
  open.enable_tag_override = true;
  Service tagged = open;
  tagged.tags = {"theirs"};
  EXPECT_EQ(SpecOf(tagged), SpecOf(open));
  EXPECT_NE(RegistrationBody(tagged, "o"), RegistrationBody(open, "o"));
}

TEST(Spec, HasAHalfForTheChecks) {
  Service other = Web();
  other.name = "x";
  EXPECT_NE(SpecOf(other), SpecOf(Web()));
  EXPECT_EQ(ChecksOfSpec(SpecOf(other)), ChecksOfSpec(SpecOf(Web())));
  other.checks.pop_back();
  EXPECT_NE(ChecksOfSpec(SpecOf(other)), ChecksOfSpec(SpecOf(Web())));
  EXPECT_THAT(SpecOf(other), MatchesRegex("[0-9a-f]{16}-[0-9a-f]{16}"));
  for (const char* spec : {"", "-", "0123456789abcdef", "0123456789abcdef+0123456789abcdef"}) {
    EXPECT_EQ(ChecksOfSpec(spec), "") << spec;
  }
}

}  // namespace
}  // namespace signpost::registrar
