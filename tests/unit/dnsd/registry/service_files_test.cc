// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/service_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ServiceFilesTest : public ::testing::Test {
 protected:
  ServiceFilesTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "signpost_files_XXXXXX";
    folder = mkdtemp(pattern.data());
    state.Put(TestNode("own"));
  }
  ~ServiceFilesTest() override { std::filesystem::remove_all(folder); }

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
    return folder / name;
  }
  // Loads `paths` as a start or a reload does.
  void Load(const std::vector<std::string>& paths) {
    auto definitions = ReadServiceFiles(paths);
    ASSERT_TRUE(definitions.ok()) << definitions.status().text();
    const FileOwned now = OwnedBy(definitions.value());
    state.BeginWrite();
    ApplyServiceFiles(state, "own", std::move(definitions).value(), before);
    before = now;
  }
  static std::string ErrorOf(const std::vector<std::string>& paths) {
    const auto definitions = ReadServiceFiles(paths);
    return definitions.ok() ? "" : definitions.status().text();
  }
  std::vector<std::string> Services() const {
    std::vector<std::string> ids;
    for (const auto& row : state.ServicesOfNode("own")) ids.push_back(row->id);
    return ids;
  }
  std::vector<std::string> Checks() const {
    std::vector<std::string> ids;
    for (const auto& row : state.ChecksOfNode("own")) ids.push_back(row->check_id);
    return ids;
  }

  std::filesystem::path folder;
  State state;
  FileOwned before;
};

TEST_F(ServiceFilesTest, ADirectoryGivesItsJsonFilesInOrder) {
  Write("b.json", R"({"service": {"name": "b"}})");
  Write("a.json", R"({"services": [{"name": "z"}, {"name": "a"}]})");
  Write("notes.txt", "not JSON");
  std::filesystem::create_directory(folder / "below");
  const auto definitions = ReadServiceFiles({folder});
  ASSERT_TRUE(definitions.ok()) << definitions.status().text();
  std::vector<std::string> ids;
  for (const AgentService& service : definitions->services) ids.push_back(service.service.id);
  EXPECT_THAT(ids, ElementsAre("z", "a", "b"));
}

TEST_F(ServiceFilesTest, AnErrorNamesItsFile) {
  const std::string good = Write("good.json", R"({"service": {"name": "a"}})");
  const struct {
    std::string path, says;
  } cases[] = {
      {Write("broken.json", "{"), "broken.json: "},
      {Write("nameless.json", R"({"service": {"port": 80}})"), "nameless.json: "},
      {Write("twice.json", R"({"service": {"id": "A", "name": "other"}})"),
       "twice.json: the service ID 'A' is defined twice"},
      {folder / "absent.json", "absent.json"},
  };
  for (const auto& each : cases) EXPECT_THAT(ErrorOf({good, each.path}), HasSubstr(each.says));
  const std::string one = Write("one.json", R"({"check": {"id": "c", "name": "c", "ttl": "10s"}})");
  const std::string two = Write("two.json", R"({"check": {"id": "C", "name": "d", "ttl": "10s"}})");
  EXPECT_THAT(ErrorOf({one, two}), HasSubstr("two.json: the check ID 'C' is defined twice"));
}

TEST_F(ServiceFilesTest, ServicesComeChangeAndGo) {
  const std::string path = Write("web.json", R"({"services": [{"name": "web", "port": 80}, {"name": "old"}]})");
  Load({path});
  EXPECT_THAT(Services(), ElementsAre("old", "web"));
  Write("web.json", R"({"services": [{"name": "web", "port": 81}, {"name": "new"}]})");
  Load({path});
  EXPECT_THAT(Services(), ElementsAre("new", "web"));
  EXPECT_EQ(state.FindService("own", "web")->port, 81);
  Load({});
  EXPECT_THAT(Services(), IsEmpty());
}

TEST_F(ServiceFilesTest, AnEqualFileChangesNothing) {
  const std::string path = Write("web.json", R"({"service": {"name": "web", "check": {"ttl": "10s"}}})");
  Load({path});
  const uint64_t index = state.index();
  Load({path});
  EXPECT_EQ(state.index(), index);
}

TEST_F(ServiceFilesTest, WhatOthersRegisteredStays) {
  RegisterAgentService(state, "own", {.service = TestService("own", "api"), .checks = {}}, true);
  RegisterAgentCheck(state, "own", TestCheck("own", "api-check"));
  const std::string path = Write("web.json", R"({"service": {"name": "web", "check": {"ttl": "10s"}}})");
  Load({path});
  RegisterAgentCheck(state, "own", TestCheck("own", "more", "web"));
  Load({path});
  EXPECT_THAT(Services(), ElementsAre("api", "web"));
  EXPECT_THAT(Checks(), ElementsAre("api-check", "more", "service:web"));
  Load({});
  EXPECT_THAT(Services(), ElementsAre("api"));
  EXPECT_THAT(Checks(), ElementsAre("api-check"));
}

TEST_F(ServiceFilesTest, ChecksComeChangeAndGo) {
  const std::string path = Write("web.json", R"({"service": {"name": "web", "checks": [
      {"id": "one", "ttl": "10s"}, {"id": "two", "ttl": "10s"}]}, "check": {"id": "node", "name": "n", "ttl": "10s"}})");
  Load({path});
  EXPECT_THAT(Checks(), ElementsAre("node", "one", "two"));
  Write("web.json", R"({"service": {"name": "web", "checks": [{"id": "one", "ttl": "20s"}]}})");
  Load({path});
  EXPECT_THAT(Checks(), ElementsAre("one"));
  EXPECT_EQ(state.FindCheck("own", "one")->run->ttl, Millis(20000));
}

TEST(FileOwnedTest, SurvivesAsText) {
  FileOwned owned;
  owned.services = {"web", "a service with spaces"};
  owned.checks = {"service:web"};
  const FileOwned read = FileOwned::FromText(owned.ToText());
  EXPECT_EQ(read.services, owned.services);
  EXPECT_EQ(read.checks, owned.checks);
  EXPECT_TRUE(FileOwned::FromText("").services.empty());
  EXPECT_TRUE(FileOwned::FromText("nonsense\n").services.empty());
}

}  // namespace
}  // namespace signpost::registry
