// Signpost. Apache-2.0; see LICENSE.
// Events of Docker's and Podman's streams, one by one and in the sequences that operations cause.
#include "registrar/container/event.h"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

#include "tests/unit/registrar/container/cases.h"

namespace signpost::registrar {
namespace {

Event Parsed(const std::string& line) {
  auto event = ParseEvent(line);
  EXPECT_TRUE(event.ok()) << event.status().text() << "\n" << line;
  return event.ok() ? event.value() : Event();
}

// `attributes`: JSON members beside the two that are always there.
std::string ContainerLine(const std::string& action, const std::string& attributes = "") {
  return R"({"Type":"container","Action":")" + action +
         R"(","Actor":{"ID":"c1","Attributes":{"image":"i","name":"web")" +
         (attributes.empty() ? "" : "," + attributes) + R"(}},"scope":"local","time":2,"timeNano":2000000007})";
}

std::string NetworkLine(const std::string& action) {
  return R"({"Type":"network","Action":")" + action +
         R"(","Actor":{"ID":"n1","Attributes":{"container":"c1","name":"bridge","type":"bridge"}},"time":2})";
}

// "kill 15", "die", ...
std::string Text(const Event& event) {
  return EventKindName(event.kind) + (event.signal != 0 ? " " + std::to_string(event.signal) : "");
}

struct ActionRow {
  const char* action;
  const char* attributes;
  const char* expected;
};

TEST(EventTest, EveryActionOfAContainer) {
  const ActionRow rows[] = {
      {"create", "", "other"},
      {"start", "", "start"},
      {"restart", "", "start"},
      {"stop", "", "stop"},
      {"pause", "", "pause"},
      {"unpause", "", "unpause"},
      {"destroy", "", "destroy"},
      {"oom", "", "oom"},
      {"update", "", "update"},
      {"die", R"("exitCode":"137")", "die"},
      {"kill", R"("signal":"1")", "kill 1"},
      {"kill", R"("signal":"2")", "kill 2"},
      {"kill", R"("signal":"9")", "kill 9"},
      {"kill", R"("signal":"10")", "kill 10"},
      {"kill", R"("signal":"15")", "kill 15"},
      {"rename", R"("oldName":"/web.0")", "rename"},
      {"health_status: healthy", "", "health"},
      {"health_status: unhealthy", "", "health"},
      {"health_status: starting", "", "health"},
      {"exec_create: /bin/sh -c die", R"("execID":"e")", "other"},
      {"exec_start: start", R"("execID":"e")", "other"},
      {"exec_die", R"("execID":"e","exitCode":"0")", "other"},
      {"attach", "", "other"},
      {"resize", "", "other"},
      {"", "", "other"},
      // Podman
      {"died", R"("exitCode":"0")", "die"},
      {"remove", "", "destroy"},
      {"health_status", R"("health_status":"unhealthy")", "health"},
      {"init", "", "other"},
      {"cleanup", "", "other"},
      {"kill", R"("signal":15)", "kill 15"},
      {"kill", R"("signal":"SIGTERM")", "kill 15"},
  };
  for (const ActionRow& row : rows) {
    const Event event = Parsed(ContainerLine(row.action, row.attributes));
    EXPECT_EQ(Text(event), row.expected) << row.action;
    EXPECT_EQ(event.container_id, "c1") << row.action;
    EXPECT_EQ(event.time_nano, 2000000007) << row.action;
  }
}

TEST(EventTest, SignalsThatCannotBeRead) {
  for (const char* signal : {R"("")", R"("x")", R"("0")", R"("65")", R"("-9")", "null", "[]", "{}", "9.5", R"("9 ")"})
    EXPECT_EQ(Text(Parsed(ContainerLine("kill", R"("signal":)" + std::string(signal)))), "kill") << signal;
  EXPECT_EQ(Text(Parsed(ContainerLine("kill"))), "kill");
  EXPECT_EQ(Text(Parsed(ContainerLine("die", R"("signal":"9")"))), "die") << "of kills only";
}

// Case 62: labels are copied into the attributes, over the engine's own values. Nothing else is taken from there.
TEST(EventTest, LabelsDoNotMaskWhoOrWhat) {
  const char* labels =
      R"("exitCode":"99","name":"other","image":"foreign","container":"c9","ID":"c8","Action":"start")";
  EXPECT_EQ(Parsed(ContainerLine("die", labels)), Parsed(ContainerLine("die")));
  EXPECT_EQ(Parsed(ContainerLine("kill", R"("signal":"7")")).signal, 7) << "what inspect must be asked about";
}

TEST(EventTest, NetworkEventsNameTheirContainer) {
  for (const char* action : {"connect", "disconnect"}) {
    const Event event = Parsed(NetworkLine(action));
    EXPECT_EQ(event, (Event{EventKind::kNetwork, "c1", 0, 2000000000})) << action;
  }
  for (const char* action : {"create", "destroy", "remove", "prune"}) {
    EXPECT_EQ(Text(Parsed(NetworkLine(action))), "other") << action;
    EXPECT_EQ(Parsed(NetworkLine(action)).container_id, "") << action;
  }
  EXPECT_EQ(Parsed(R"({"Type":"network","Action":"connect","Actor":{"ID":"n1"}})").container_id, "");
}

TEST(EventTest, OtherThingsHaveActionsOfTheSameName) {
  for (const char* type : {"image", "volume", "daemon", "plugin", "service", "node", "pod", "", "Container"}) {
    const Event event = Parsed(R"({"Type":")" + std::string(type) + R"(","Action":"start","Actor":{"ID":"c1"}})");
    EXPECT_EQ(event, Event()) << type;
  }
}

// Case 114: the fields that old and new engines share are enough; the others are not looked at.
TEST(EventTest, LegacyFieldsDoNotMatter) {
  const std::string legacy = R"({"status":"start","id":"c9","from":"i",)";
  EXPECT_EQ(Parsed(legacy + ContainerLine("die").substr(1)), Parsed(ContainerLine("die")));
  EXPECT_EQ(Parsed(R"({"status":"start","id":"c9"})"), Event());
}

TEST(EventTest, Times) {
  const std::pair<const char*, int64_t> rows[] = {
      {R"("time":7,"timeNano":8)", 8},
      {R"("time":7)", 7000000000},
      {R"("time":"7")", 7000000000},
      {R"("time":7,"timeNano":"9000000001")", 9000000001},
      {R"("time":7,"timeNano":0)", 7000000000},
      {R"("time":-7,"timeNano":-1)", 0},
      {R"("time":9223372036854775807)", 0},
      {R"("time":null,"timeNano":[])", 0},
      {R"("time":1.5)", 0},
      {R"("timeNano":1e30)", 0},
  };
  for (const auto& [members, nano] : rows)
    EXPECT_EQ(Parsed("{" + std::string(members) + "}").time_nano, nano) << members;
}

TEST(EventTest, WrongTypesAreAbsent) {  // case 98
  for (const char* wrong : {"null", "7", "true", "[]", "{}", R"("x")", R"(["ID"])", R"({"ID":[]})"}) {
    for (const char* field : {"Type", "Action", "Actor", "time", "timeNano"}) {
      const std::string line = R"({"Type":"container","Action":"die","Actor":{"ID":"c1"}})";
      const Event event = Parsed(R"({")" + std::string(field) + "\":" + wrong + "," + line.substr(1));
      EXPECT_TRUE(event.container_id == "c1" || event.container_id.empty()) << field << wrong;
      EXPECT_EQ(event.time_nano == 0 || event.time_nano == 7 || event.time_nano == 7000000000, true) << field << wrong;
    }
  }
  EXPECT_EQ(Parsed(R"({"Type":"container","Action":"die","Actor":{"ID":"../x"}})").container_id, "");
  EXPECT_EQ(Parsed(R"({"Type":"network","Action":"connect","Actor":{"Attributes":{"container":7}}})").container_id, "");
}

TEST(EventTest, WhatIsNoObjectIsRefused) {  // cases 98, 99
  const std::string whole = ContainerLine("kill", R"("signal":"15")");
  for (size_t length = 0; length < whole.size(); ++length)
    ASSERT_EQ(ParseEvent(std::string_view(whole).substr(0, length)).status().kind(), ErrorKind::kInvalid) << length;
  for (const char* line : {"null", "7", "[]", R"("x")", "{}{}", "OK"}) EXPECT_FALSE(ParseEvent(line).ok()) << line;
}

struct Sequence {
  const char* operation;
  std::vector<std::string> lines;
  const char* expected;
};

std::string Kill(int signal) { return ContainerLine("kill", R"("signal":")" + std::to_string(signal) + "\""); }
std::string Plain(const char* action) { return ContainerLine(action); }
std::string Die(int code) { return ContainerLine("die", R"("exitCode":")" + std::to_string(code) + "\""); }

// What each operation of the engine sends, and what is seen of it. Cases 65 to 87.
TEST(EventTest, TheSequenceOfEveryOperation) {
  const std::string connect = NetworkLine("connect"), disconnect = NetworkLine("disconnect"), stop = Plain("stop");
  const Sequence rows[] = {
      {"run", {Plain("create"), connect, Plain("start")}, "other network start"},
      {"exits by itself", {Die(3), disconnect}, "die network"},
      {"--rm", {Die(0), disconnect, Plain("destroy")}, "die network destroy"},
      {"stop, obeys", {Kill(15), Die(0), disconnect, stop}, "kill 15 die network stop"},
      {"stop, times out", {Kill(15), Kill(9), Die(137), disconnect, stop}, "kill 15 kill 9 die network stop"},
      {"own stop signal", {Kill(2), Die(0), disconnect, stop}, "kill 2 die network stop"},
      {"stop of a paused one",
       {Kill(3), Plain("unpause"), Kill(9), Die(137), disconnect, stop},
       "kill 3 unpause kill 9 die network stop"},
      {"update", {Plain("update")}, "update"},
      {"kill -s HUP", {Kill(1)}, "kill 1"},
      {"kill -s USR1", {Kill(10)}, "kill 10"},
      {"killed from outside", {Die(137), disconnect}, "die network"},
      {"restart",
       {Kill(15), Die(0), disconnect, stop, connect, Plain("start"), Plain("restart")},
       "kill 15 die network stop network start start"},
      {"rm -f", {Kill(9), Die(137), disconnect, Plain("destroy")}, "kill 9 die network destroy"},
      {"out of memory", {Plain("oom"), Die(137), disconnect}, "oom die network"},
      {"restart policy", {Die(3), disconnect, connect, Plain("start")}, "die network network start"},
      {"bad command", {Plain("create"), connect, disconnect}, "other network network"},
      {"host port taken", {Plain("create"), disconnect}, "other network"},
      {"live disconnect", {disconnect, disconnect}, "network network"},
      {"rename", {ContainerLine("rename", R"("oldName":"/web.0")")}, "rename"},
      {"first healthy", {Plain("health_status: healthy")}, "health"},
      {"one probe",
       {Plain("exec_create: /bin/true"), Plain("exec_start: /bin/true"), Plain("exec_die")},
       "other other other"},
  };
  for (const Sequence& row : rows) {
    std::string seen;
    for (const std::string& line : row.lines) seen += (seen.empty() ? "" : " ") + Text(Parsed(line));
    EXPECT_EQ(seen, row.expected) << row.operation;
  }
}

// What a real engine sent; each line of the table is one container's life.
TEST(EventTest, ARealStream) {
  std::istringstream stream(test::ReadCase("events.ndjson"));
  std::string line;
  std::vector<std::pair<std::string, std::string>> lives;  // in the order of birth
  int64_t last = 0;
  while (std::getline(stream, line)) {
    const Event event = Parsed(line);
    EXPECT_EQ(event.container_id.size(), 64U) << line;
    EXPECT_GE(event.time_nano, last) << line;
    last = event.time_nano;
    if (lives.empty() || lives.back().first != event.container_id) lives.emplace_back(event.container_id, "");
    if (event.kind != EventKind::kOther) lives.back().second += Text(event) + ", ";
  }
  const std::string round = "network, start, die, ";
  const std::string expected_lives[] = {
      "network, start, network, ",
      "start, kill 9, die, destroy, ",  // in another one's network namespace
      "network, network, network, network, kill 9, die, destroy, ",
      "network, start, pause, unpause, rename, kill 15, kill 9, die, network, stop, destroy, ",
      round + "network, " + round + "network, " + round + "network, " + round + "network, " + round +
          "network, destroy, ",  // restarted again and again
      "network, start, health, health, kill 7, kill 7, kill 7, die, network, stop, destroy, ",  // labelled signal=7
      "network, start, oom, die, network, destroy, ",
      round + "network, destroy, ",
      "network, network, destroy, ",  // a command that does not exist
  };
  ASSERT_EQ(lives.size(), std::size(expected_lives));
  for (size_t i = 0; i < lives.size(); ++i) EXPECT_EQ(lives[i].second, expected_lives[i]) << i;
}

}  // namespace
}  // namespace signpost::registrar
