// Signpost. Apache-2.0; see LICENSE.
// Single fields of inspect: absent, null, empty, of a wrong type, in Podman's dialect.
#include <gtest/gtest.h>

#include "tests/unit/registrar/container/cases.h"

namespace signpost::registrar {
namespace {

using test::Inspected;

// A container whose members are these as well.
Container With(const std::string& members) { return Inspected(R"({"Id":"c1")" + ("," + members) + "}"); }
Container WithConfig(const std::string& members) { return With(R"("Config":{)" + members + "}"); }
Container WithState(const std::string& members) { return With(R"("State":{)" + members + "}"); }
Container WithPorts(const std::string& members) { return With(R"("NetworkSettings":{"Ports":{)" + members + "}}"); }

TEST(InspectFieldsTest, AnIdAloneIsAContainer) {
  Container expected;
  expected.id = "c1";
  EXPECT_EQ(Inspected(R"({"Id":"c1"})"), expected);
  EXPECT_FALSE(IsUp(expected));
}

// Case 22, and every other field that engines leave out, make null or leave empty; wrong types count as absent.
TEST(InspectFieldsTest, AbsentNullEmptyAndWrongAreTheSame) {
  const Container plain = Inspected(R"({"Id":"c1"})");
  const char* const fields[] = {"Name", "Created", "State", "Config", "HostConfig", "NetworkSettings"};
  const char* const config[] = {"Image",      "Hostname",    "Env",        "Labels", "ExposedPorts", "Healthcheck",
                                "StopSignal", "StopTimeout", "Entrypoint", "Cmd",    "Volumes"};
  const char* const state[] = {"Health",     "Healthcheck", "StartedAt", "Running",  "Paused",
                               "Restarting", "Dead",        "OOMKilled", "ExitCode", "Status"};
  const char* const network[] = {"Ports", "Networks", "SecondaryIPAddresses", "IPAddress"};
  const char* const host[] = {"PortBindings", "NetworkMode"};
  for (const char* value : {"null", "{}", "[]", "\"\"", "false", "1e99", "[[1]]", R"({"":null})", R"([{"a":{}}])"}) {
    const auto quoted = [&](const char* name) { return "\"" + std::string(name) + "\":" + value; };
    SCOPED_TRACE(value);
    for (const char* name : fields) EXPECT_EQ(With(quoted(name)), plain) << name;
    for (const char* name : config) EXPECT_EQ(WithConfig(quoted(name)), plain) << name;
    for (const char* name : state) EXPECT_EQ(WithState(quoted(name)), plain) << name;
    for (const char* name : network) EXPECT_EQ(With(R"("NetworkSettings":{)" + quoted(name) + "}"), plain) << name;
    for (const char* name : host) EXPECT_EQ(With(R"("HostConfig":{)" + quoted(name) + "}"), plain) << name;
  }
}

TEST(InspectFieldsTest, EnvironmentEntriesWithoutANameOrAValueAreLeftOut) {  // cases 20, 21
  const Container container = WithConfig(R"("Env":["SERVICE_X","A=b=c","=x","B=",null,7,["C=d"],"","E=\u00e9\n"])");
  EXPECT_EQ(container.environment, (StringPairs{{"A", "b=c"}, {"B", ""}, {"E", "\u00e9\n"}}));
}

TEST(InspectFieldsTest, LabelsAreSortedAndTheFirstOfTwoCounts) {
  const Container container = WithConfig(R"("Labels":{"b":"2","a":"1","b":"3","c":null,"d":4,"e":""})");
  EXPECT_EQ(container.labels, (StringPairs{{"a", "1"}, {"b", "2"}, {"e", ""}}));
}

// Case 61: any bytes that JSON can carry.
TEST(InspectFieldsTest, LabelValuesAreByteExact) {
  const Container container = WithConfig(R"("Labels":{"x":"\u003c\u0026\"'\\ \u00e9\u20ac\ud83d\ude00\n\t\u0000z"})");
  EXPECT_EQ(Label(container, "x"), std::string_view("<&\"'\\ \u00e9\u20ac\U0001F600\n\t\0z", 19));
}

TEST(InspectFieldsTest, TheNameLosesOneSlash) {
  EXPECT_EQ(With(R"("Name":"/web.1")").name, "web.1");
  EXPECT_EQ(With(R"("Name":"web.1")").name, "web.1");
  EXPECT_EQ(With(R"("Name":"//web")").name, "/web");
  EXPECT_EQ(With(R"("Name":"/")").name, "");
}

struct PortRow {
  const char* json;
  const char* expected;
};

TEST(InspectFieldsTest, PublishedPorts) {
  const PortRow rows[] = {
      {R"("80/tcp":null)", "80/tcp"},
      {R"("80/tcp":[])", "80/tcp"},
      {R"("80":[{"HostIp":"","HostPort":"8080"}])", "80/tcp :8080"},
      {R"("80/tcp":[{"HostPort":"8080"}])", "80/tcp :8080"},              // Podman leaves HostIp out
      {R"("80/tcp":[{"HostIp":null,"HostPort":8080}])", "80/tcp :8080"},  // a number
      {R"("80/tcp":[{"HostIp":"0.0.0.0","HostPort":""}])", "80/tcp"},
      {R"("80/tcp":[{"HostIp":"0.0.0.0","HostPort":"0"}])", "80/tcp"},
      {R"("80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080-8082"}])", "80/tcp"},  // a range is no port
      {R"("80/tcp":[{"HostPort":"65536"},{"HostPort":"-1"},{"HostPort":"8 "},{"HostPort":"0x50"}])", "80/tcp"},
      {R"("80/tcp":[{"HostPort":"65535"},null,7,"8080",[],{}])", "80/tcp :65535"},
      {R"("80/tcp":[{"HostPort":"81"},{"HostPort":"81"}])", "80/tcp :81"},
      {R"("80/tcp":{"HostPort":"8080"})", "80/tcp"},
      {R"("0/tcp":null,"65536/tcp":null,"-1/tcp":null,"/tcp":null,"80/icmp":null,"80/":null,"x":null,"":null)", ""},
      {R"("9/sctp":[{"HostIp":"::","HostPort":"9"}],"9/udp":null,"8/udp":null)", "8/udp, 9/udp, 9/sctp [::]:9"},
      {R"("100/tcp":[{"HostIp":"::","HostPort":"2"},{"HostIp":"192.0.2.2","HostPort":"2"},{"HostIp":"::1","HostPort":"1"},
          {"HostIp":"192.0.2.1","HostPort":"2"},{"HostIp":"0.0.0.0","HostPort":"1"}])",
       "100/tcp 0.0.0.0:1 192.0.2.1:2 192.0.2.2:2 [::1]:1 [::]:2"},
  };
  for (const PortRow& row : rows) EXPECT_EQ(test::PortsText(WithPorts(row.json)), row.expected) << row.json;
}

TEST(InspectFieldsTest, APortIsKnownByAnyOfThreePlaces) {
  const Container container = With(R"("Config":{"ExposedPorts":{"3/tcp":{},"1/tcp":null}},
      "HostConfig":{"PortBindings":{"2/tcp":null,"1/tcp":[{"HostPort":"8000-8010"}]}},
      "NetworkSettings":{"Ports":{"4/tcp":[{"HostIp":"0.0.0.0","HostPort":"44"}]}})");
  EXPECT_EQ(test::PortsText(container), "1/tcp er, 2/tcp r, 3/tcp e, 4/tcp 0.0.0.0:44");
}

TEST(InspectFieldsTest, NetworksAreSortedByNameAndMayHaveNoAddress) {
  const Container container = With(R"("NetworkSettings":{"IPAddress":"172.17.0.9","Networks":{
      "b":{"NetworkID":"id-b","IPAddress":"198.51.100.2","GlobalIPv6Address":"2001:db8::2","IPAMConfig":null},
      "a":null,"c":{"IPAddress":7},"":{"IPAddress":"198.51.100.3"}}})");
  EXPECT_EQ(test::NetworksText(container), "a, b 198.51.100.2 2001:db8::2, c");
  EXPECT_EQ(container.networks[1].id, "id-b");
}

struct StateRow {
  const char* json;
  const char* expected;
};

TEST(InspectFieldsTest, States) {
  const StateRow rows[] = {
      {R"("Running":true)", "up"},
      {R"("Running":true,"Paused":true)", "up paused"},
      {R"("Running":false,"Paused":true,"Status":"paused")", "up paused"},  // Podman
      {R"("Running":true,"Restarting":true,"Status":"restarting")", "down running restarting"},
      {R"("Status":"running")", "up"},
      {R"("Status":"exited","ExitCode":"3")", "down exit 3"},  // a number as text
      {R"("Running":"true","Status":"running")", "up"},
      {R"("Running":false,"Dead":true,"ExitCode":137)", "down dead exit 137"},
      {R"("Running":false,"OOMKilled":true,"ExitCode":99999999999)", "down oom exit 2147483647"},
      {R"("Running":false,"ExitCode":-1)", "down exit -1"},
  };
  for (const StateRow& row : rows) EXPECT_EQ(test::StateText(WithState(row.json)), row.expected) << row.json;
}

TEST(InspectFieldsTest, HealthInBothDialects) {
  const StateRow rows[] = {
      {R"("Health":{"Status":"starting"})", "starting"},
      {R"("Health":{"Status":"healthy","Log":null})", "healthy"},
      {R"("Healthcheck":{"Status":"unhealthy","FailingStreak":3,"Log":null})", "unhealthy"},  // Podman
      {R"("Health":null,"Healthcheck":{"Status":"healthy"})", "healthy"},
      {R"("Health":{"Status":"none"})", ""},
      {R"("Health":{"Status":""})", ""},
      {R"("Health":{"Status":"splendid"})", ""},
      {R"("Health":"healthy")", ""},
  };
  for (const StateRow& row : rows) EXPECT_EQ(test::HealthText(WithState(row.json)), row.expected) << row.json;
}

TEST(InspectFieldsTest, AHealthCheckOfNoneIsNoOpinion) {
  const Container container =
      With(R"("State":{"Health":{"Status":"unhealthy"}},"Config":{"Healthcheck":{"Test":["NONE"]}})");
  EXPECT_EQ(container.health, Health::kNone);
}

TEST(InspectFieldsTest, TheLastOutputIsCutBeforeACharacter) {
  const auto output = [](const std::string& text) {
    return WithState(R"("Health":{"Status":"healthy","Log":[{"Output":"old"},{"Output":")" + text + R"("}]})")
        .health_output;
  };
  EXPECT_EQ(output("new"), "new");
  EXPECT_EQ(output(std::string(4096, 'x')).size(), 4096U);
  EXPECT_EQ(output(std::string(5000, 'x')).size(), 4096U);
  EXPECT_EQ(output(std::string(4095, 'x') + "\u20ac").size(), 4095U);
  EXPECT_EQ(WithState(R"("Health":{"Status":"healthy","Log":[{"Output":"old"},null]})").health_output, "");
}

TEST(InspectFieldsTest, StopSignals) {
  const std::pair<const char*, int> rows[] = {
      {R"("SIGTERM")", 15},
      {R"("SIGINT")", 2},
      {R"("QUIT")", 3},
      {R"("sigusr1")", 10},
      {R"("15")", 15},
      {"9", 9},
      {R"("SIGRTMIN")", 34},
      {R"("SIGRTMIN+3")", 37},
      {R"("RTMAX-1")", 63},
      {R"("SIGNONE")", 15},
      {R"("")", 15},
      {"0", 15},
      {"65", 15},
      {R"("SIGRTMIN+31")", 15},
      {R"("SIG")", 15},
      {R"("-1")", 15},
      {R"("SIGRTMIN+-1")", 15},
      {R"("SIGWINCHSIGWINCHSIGWINCH")", 15},
      {"null", 15},
  };
  for (const auto& [json, signal] : rows)
    EXPECT_EQ(WithConfig(R"("StopSignal":)" + std::string(json)).stop_signal, signal) << json;
}

TEST(InspectFieldsTest, StopTimeouts) {
  const std::pair<const char*, int> rows[] = {{"33", 33},           {R"("33")", 33}, {"0", 0},   {"-1", 86400},
                                              {"999999999", 86400}, {"null", 10},    {"1.5", 10}};
  for (const auto& [json, seconds] : rows)
    EXPECT_EQ(WithConfig(R"("StopTimeout":)" + std::string(json)).stop_timeout, std::chrono::seconds(seconds)) << json;
}

TEST(InspectFieldsTest, TheIdMustBeUsable) {  // case 98
  for (const char* json :
       {"", "null", "7", "[]", "{}", R"("c1")", R"({"Id":null})", R"({"Id":""})", R"({"Id":7})", R"({"Id":"../x"})",
        R"({"Id":"a b"})", R"({"Id":"a/b"})", R"({"Id":"a?b"})", R"({"id":"c1"})"}) {
    const auto container = ParseInspect(json);
    ASSERT_FALSE(container.ok()) << json;
    EXPECT_EQ(container.status().kind(), ErrorKind::kInvalid) << json;
    EXPECT_NE(container.status().text(), "") << json;
  }
  EXPECT_FALSE(ParseInspect(R"({"Id":")" + std::string(129, 'a') + R"("})").ok());
}

}  // namespace
}  // namespace signpost::registrar
