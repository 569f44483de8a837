// Signpost. Apache-2.0; see LICENSE.
#include "registrar/plan_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registrar/plan/registration.h"

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;

RegistrarOptions OptionsOf(std::vector<std::string> arguments) {
  const Invocation invocation = ReadInvocation({std::move(arguments), [](const std::string&) { return std::nullopt; }});
  auto values = ReadValues(invocation);
  if (!values.ok()) Abort(values.status().text());
  auto made = MakeRegistrarOptions(invocation, values.value());
  if (!made.ok()) Abort(made.status().text());
  return made.value();
}

Container Web(std::string_view name, uint16_t host_port) {
  Container container;
  container.id = std::string(63, 'a') + std::string(name.substr(name.size() - 1));
  container.name = name;
  container.image = "team/api:1.2";
  container.network_mode = "bridge";
  container.running = true;
  container.ports = {{.number = 80, .exposed = true, .bindings = {{"0.0.0.0", host_port}}}};
  return container;
}

ActualServices Registered(const Intent& intent) {
  ActualServices actual;
  for (const auto& [id, desired] : intent.desired) {
    actual[id] = AfterRegistration(desired.service, intent.options.owner, nullptr);
  }
  return actual;
}

const HostAddresses kHost{"192.0.2.10", ""};
const EngineInfo kEngine{.id = "ENGINE", .name = "node1"};

Intent Wanted(const std::vector<Container>& containers, const ActualServices& actual = {},
              std::vector<std::string> arguments = {}) {
  return FindIntent(OptionsOf(std::move(arguments)), kHost, kEngine, containers, actual);
}

PlanReport ReportOf(const Intent& intent, const ActualServices& actual) {
  return DescribePlan(intent.desired, actual, PlanOf(intent, actual), intent.warnings);
}

TEST(PlanText, NothingToDo) {
  const Intent intent = Wanted({Web("web.1", 8080)});
  EXPECT_EQ(intent.options.owner, "ENGINE");
  EXPECT_THAT(intent.desired, ElementsAre(Key("node1:web.1:80")));
  const PlanReport report = ReportOf(intent, Registered(intent));
  EXPECT_FALSE(report.differences) << report.text;
  EXPECT_EQ(report.text,
            "0 to add, 0 to change, 0 to remove, 0 to mark or report, 0 in conflict; 1 as they should be\n");
}

TEST(PlanText, EveryKindOfDifference) {
  const Intent before = Wanted({Web("web.1", 8080), Web("web.2", 8081)});
  const ActualServices actual = Registered(before);
  const PlanReport report = ReportOf(Wanted({Web("web.1", 9090), Web("web.3", 8083)}), actual);
  EXPECT_TRUE(report.differences);
  EXPECT_THAT(report.text, HasSubstr("+ add node1:web.3:80 api 192.0.2.10:8083"));
  EXPECT_THAT(report.text, HasSubstr("~ change node1:web.1:80 api 192.0.2.10:9090 ("));
  EXPECT_THAT(report.text, HasSubstr("- remove node1:web.2:80 api 192.0.2.10:8081"));
  EXPECT_THAT(report.text, HasSubstr("1 to add, 1 to change, 1 to remove, 0 to mark or report, 0 in conflict; 0 as"));
}

TEST(PlanText, ConflictsAreDifferences) {
  const Intent intent = Wanted({Web("web.1", 8080)});
  ActualServices actual = Registered(intent);
  actual["node1:web.1:80"].meta = {{std::string(kOwnerKey), "somebody"}};
  const PlanReport report = ReportOf(intent, actual);
  EXPECT_TRUE(report.differences);
  EXPECT_THAT(report.text, HasSubstr("! conflict: "));
  EXPECT_THAT(report.text, HasSubstr("1 in conflict; 0 as they should be"));
}

TEST(PlanText, NoTextOfAContainerMovesTheCursor) {
  Container container = Web("web.1", 8080);
  container.labels = {{"SERVICE_NAME", "a\x1b[2Jb\nc"}};
  const PlanReport report = ReportOf(Wanted({container}), {});
  EXPECT_EQ(report.text.find('\x1b'), std::string::npos);
  EXPECT_THAT(report.text, HasSubstr("a?[2Jb?c 192.0.2.10:8080"));
}

TEST(FindIntent, OwnerNodeAndAdoption) {
  EXPECT_EQ(FindIntent(OptionsOf({}), kHost, {.id = "", .name = "node1"}, {}, {}).options.owner, "host-node1");
  const Intent intent = Wanted({}, {}, {"--cleanup", "--node-id", "n", "--owner-id", "me", "--deregister", "never"});
  EXPECT_EQ(intent.options.owner, "me");
  EXPECT_EQ(intent.options.adopt_prefix, "n:");
  EXPECT_TRUE(intent.options.keep_unknown);
  EXPECT_EQ(Wanted({}, {}, {"--adopt-prefix", "old:"}).options.adopt_prefix, "old:");
}

// Case 86: kept by on-success, so not to be removed.
TEST(FindIntent, ServicesOfAFailedContainerStay) {
  const Intent before = Wanted({Web("web.1", 8080)});
  const ActualServices actual = Registered(before);
  Container ended = Web("web.1", 8080);
  ended.running = false;
  ended.started_at = "2026-01-01T00:00:00Z";
  ended.exit_code = 3;
  const std::vector<std::string> on_success = {"--deregister", "on-success"};
  EXPECT_THAT(ReportOf(Wanted({ended}, actual, on_success), actual).text, HasSubstr("0 to remove"));
  const std::string text = ReportOf(Wanted({ended}, actual), actual).text;
  EXPECT_THAT(text, HasSubstr("192.0.2.10:8080 (container web.1 does not run)"));
  EXPECT_THAT(text, HasSubstr("1 to remove"));
}

}  // namespace
}  // namespace signpost::registrar
