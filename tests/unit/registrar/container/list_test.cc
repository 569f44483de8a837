// Signpost. Apache-2.0; see LICENSE.
// The list of containers: what changes its fingerprint, and what does not.
#include <gtest/gtest.h>

#include "tests/unit/registrar/container/cases.h"

namespace signpost::registrar {
namespace {

using test::ReadCase;

std::vector<ListEntry> Listed(const std::string& json) {
  auto list = ParseList(json);
  EXPECT_TRUE(list.ok()) << list.status().text() << "\n" << json;
  return list.ok() ? list.value() : std::vector<ListEntry>();
}

ListEntry One(const std::string& entry) {
  const auto list = Listed("[" + entry + "]");
  EXPECT_EQ(list.size(), 1U) << entry;
  return list.empty() ? ListEntry() : list[0];
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(ListTest, RealLists) {
  const auto paused = Listed(ReadCase("list_paused.json"));
  ASSERT_EQ(paused.size(), 1U);
  EXPECT_EQ(paused[0].id, "6156a7e0ee0a395b3b8b6f5735500a35dcda378f43b12539daa7dfe12d439f88");
  EXPECT_TRUE(paused[0].running);
  EXPECT_EQ(paused[0].fingerprint.size(), 16U);
  ASSERT_EQ(Listed(ReadCase("list_backoff.json")).size(), 1U);
  EXPECT_TRUE(Listed(ReadCase("list_backoff.json"))[0].running) << "restarting counts as running";
  EXPECT_TRUE(Listed("[]").empty());
}

constexpr const char* kEntry = R"json({"Id":"c1","Names":["/web","/db/alias"],"Image":"i","State":"running",
    "Status":"Up 5 seconds (healthy)","Labels":{"a":"1","b":"2"},
    "Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},
             {"IP":"::","PrivatePort":80,"PublicPort":8081,"Type":"tcp"}],
    "NetworkSettings":{"Networks":{
        "n1":{"NetworkID":"i1","EndpointID":"e1","IPAddress":"198.51.100.2","GlobalIPv6Address":""},
        "n2":{"NetworkID":"i2","EndpointID":"e2","IPAddress":"198.51.100.66"}}}})json";

struct Change {
  const char* from;
  const char* to;
};

TEST(ListTest, NewsChangeTheFingerprint) {
  const Change news[] = {
      {"/web", "/web2"},
      {"\"/db/alias\"", "\"/x\""},
      {"\"running\"", "\"paused\""},
      {"(healthy)", "(unhealthy)"},
      {"(healthy)", "(health: starting)"},
      {" (healthy)", ""},
      {R"("a":"1")", R"("a":"2")"},
      {R"("b":"2")", R"("c":"2")"},
      {"8080", "8082"},
      {R"("tcp")", R"("udp")"},
      {R"("IP":"::")", R"("IP":"::1")"},
      {R"("IP":"0.0.0.0","PrivatePort":80,)", R"("IP":"0.0.0.0","PrivatePort":81,)"},
      {R"("n1":)", R"("n3":)"},
      {"i1", "i3"},
      {"e1", "e3"},  // restarted
      {"198.51.100.2", "198.51.100.3"},
      {R"("GlobalIPv6Address":"")", R"("GlobalIPv6Address":"2001:db8::2")"},
      {R"("Image":"i")", R"("Health":{"Status":"unhealthy","FailingStreak":1})"},  // API 1.52
  };
  for (const Change& change : news)
    EXPECT_NE(One(Replaced(kEntry, change.from, change.to)).fingerprint, One(kEntry).fingerprint) << change.to;
}

TEST(ListTest, NoNewsLeaveItAsItIs) {
  const Change same[] = {
      {"Up 5 seconds (healthy)", "Up About a minute (healthy)"},
      {R"(["/web","/db/alias"])", R"(["/db/alias","/web"])"},
      {R"("a":"1","b":"2")", R"("b":"2","a":"1")"},
      {R"("Image":"i")", R"("Image":"j","Created":7,"Command":"x")"},
  };
  for (const Change& change : same)
    EXPECT_EQ(One(Replaced(kEntry, change.from, change.to)).fingerprint, One(kEntry).fingerprint) << change.to;
}

TEST(ListTest, TheOrderOfPortsMeansNothing) {
  const std::string a = R"({"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"})";
  const std::string b = R"({"IP":"::","PrivatePort":"80","PublicPort":8081,"Type":"tcp"})";
  const auto with = [](const std::string& ports) { return One(R"({"Id":"c","Ports":[)" + ports + "]}").fingerprint; };
  EXPECT_EQ(with(a + "," + b), with(b + "," + a));
  EXPECT_NE(with(a + "," + b), with(a));
}

TEST(ListTest, TextsDoNotRunIntoEachOther) {
  EXPECT_NE(One(R"({"Id":"c","Labels":{"a":"bc"}})").fingerprint, One(R"({"Id":"c","Labels":{"ab":"c"}})").fingerprint);
  EXPECT_NE(One(R"({"Id":"c","Names":["a","b"]})").fingerprint, One(R"({"Id":"c","Names":["ab"]})").fingerprint);
  EXPECT_NE(One(R"({"Id":"c","Names":["a"]})").fingerprint, One(R"({"Id":"c","Labels":{"a":""}})").fingerprint);
}

TEST(ListTest, RunningIsWhatCouldBeAnswering) {
  const std::pair<const char*, bool> states[] = {{"running", true},  {"paused", true},  {"restarting", true},
                                                 {"created", false}, {"exited", false}, {"removing", false},
                                                 {"dead", false},    {"", false}};
  for (const auto& [state, running] : states)
    EXPECT_EQ(One(R"({"Id":"c","State":")" + std::string(state) + R"("})").running, running) << state;
}

TEST(ListTest, EntriesWithoutAnIdAreLeftOut) {  // case 98
  EXPECT_EQ(Listed(R"([null,7,"c1",[],{},{"Id":""},{"Id":null},{"Id":"a/b"},{"Id":"c1"}])").size(), 1U);
  for (const char* wrong : {"null", "7", "[]", "{}", R"("x")", R"([null,7,{}])", R"({"x":[7]})"}) {
    for (const char* field : {"Names", "State", "Status", "Labels", "Ports", "NetworkSettings", "Health"})
      EXPECT_EQ(One(R"({"Id":"c1",")" + std::string(field) + "\":" + wrong + "}").id, "c1") << field << wrong;
  }
}

TEST(ListTest, WhatIsNoArrayIsRefused) {  // case 98
  const std::string whole = ReadCase("list_unhealthy.json");
  for (size_t length = 0; length < whole.size(); ++length)
    ASSERT_FALSE(ParseList(std::string_view(whole).substr(0, length)).ok()) << length;
  for (const char* json : {"", "{}", "null", "7", R"({"message":"No such container: x"})"})
    EXPECT_EQ(ParseList(json).status().kind(), ErrorKind::kInvalid) << json;
}

}  // namespace
}  // namespace signpost::registrar
