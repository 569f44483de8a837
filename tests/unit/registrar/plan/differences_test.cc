// Signpost. Apache-2.0; see LICENSE.
#include "registrar/plan/differences.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "registrar/plan/registration.h"
#include "tests/unit/registrar/plan/plan_cases.h"

namespace signpost::registrar {
namespace {

struct Edit {
  const char* reason;
  std::function<void(ActualService&)> at_agent;
};

TEST(Differences, AreWordsForPeople) {
  const Edit edits[] = {
      {"", [](ActualService&) {}},
      {"name web instead of api", [](ActualService& a) { a.name = "api"; }},
      {"port 8080 instead of 80", [](ActualService& a) { a.port = 80; }},
      {"address 192.0.2.10 instead of (none)", [](ActualService& a) { a.address = ""; }},
      {"tags a,b instead of a,c",
       [](ActualService& a) {
         a.tags = {"a", "c"};
       }},
      {"tags a,b instead of b,a",
       [](ActualService& a) {
         a.tags = {"b", "a"};
       }},
      {"tags are cut differently", [](ActualService& a) { a.tags = {"a,b"}; }},
      {"meta region eu instead of us", [](ActualService& a) { a.meta[0].second = "us"; }},
      {"meta region is missing", [](ActualService& a) { a.meta.erase(a.meta.begin()); }},
      {"meta zone is too many", [](ActualService& a) { a.meta.emplace_back("zone", "1"); }},
      {"weight 1 instead of 5; warning weight 1 instead of 0",
       [](ActualService& a) { a.weight_passing = 5, a.weight_warning = 0; }},
      {"tag override is on", [](ActualService& a) { a.enable_tag_override = true; }},
      {"tagged addresses differ",
       [](ActualService& a) {
         a.tagged_addresses.push_back({"virtual", "192.0.2.9", 1});
       }},
      {"tagged addresses differ", [](ActualService& a) { a.tagged_addresses[0].address = "192.0.2.9"; }},
      {"", [](ActualService& a) { a.tagged_addresses.clear(); }},  // a registry that derives none
      {"check docker:node1:web.1:80 is missing", [](ActualService& a) { a.checks.erase(a.checks.begin()); }},
      {"", [](ActualService& a) { a.checks.push_back({.id = "theirs"}); }},
      {"", [](ActualService& a) { a.checks[0].status = "critical"; }}};
  for (const Edit& edit : edits) {
    ActualService actual = Registered(Web());
    edit.at_agent(actual);
    EXPECT_EQ(Differences(Registered(Web()), actual), edit.reason);
  }
}

TEST(Differences, ADefinitionThatShowsNowhereElseIsKnownByItsSpec) {
  Service before = Web();
  before.checks[0].interval = "20s";
  EXPECT_EQ(Differences(Registered(Web()), Registered(before)), "checks differ");
  ActualService edited = Registered(Web());
  for (auto& [key, value] : edited.meta) {
    if (key == kSpecKey) value[0] = value[0] == '0' ? '1' : '0';
  }
  EXPECT_EQ(Differences(Registered(Web()), edited), "the definition differs");
}

TEST(Differences, AnotherContainerIsOne) {
  Service before = Web();
  before.container_id = std::string(64, 'b');
  EXPECT_EQ(Differences(Registered(Web()), Registered(before)), "container aaaaaaaaaaaa instead of bbbbbbbbbbbb");
}

TEST(Differences, TagsAreFreeWhileTagOverrideIsOn) {
  Service service = Web();
  service.enable_tag_override = true;
  ActualService actual = Registered(service);
  actual.tags = {"theirs"};
  EXPECT_EQ(Differences(Registered(service), actual), "");
}

TEST(Shown, IsOneShortLine) {
  EXPECT_EQ(Shown(""), "(none)");
  EXPECT_EQ(Shown("a\nb\x1b[0m"), "a?b?[0m");
  EXPECT_EQ(Shown(std::string(59, 'x') + "\xC3\xA9y"), std::string(59, 'x') + "...");
  EXPECT_EQ(Shown(std::string(60, 'x')), std::string(60, 'x'));
}

}  // namespace
}  // namespace signpost::registrar
