// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/dnsd/registry/api/api_fixture.h"

namespace signpost::registry {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RegistryTest : public ::testing::Test {
 protected:
  RegistryTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "signpost_registry_XXXXXX";
    folder = mkdtemp(pattern.data());
    settings.datacenter = "dc1";
    settings.node = "own";
    settings.address = "192.0.2.1";
    settings.database = folder / "registry.db";
  }
  ~RegistryTest() override {
    registry.reset();
    std::filesystem::remove_all(folder);
  }

  // Ends what runs, starts again.
  void Start() {
    const std::string why = TryToStart();
    ASSERT_EQ(why, "");
  }
  // The sentence of a failure, or "".
  std::string TryToStart() {
    registry.reset();
    auto opened = Registry::Open(loop, SystemClock(), settings);
    if (!opened.ok()) return opened.status().text();
    registry = std::move(opened).value();
    registry->source().Start(sink);
    return "";
  }
  // The answer's body; its status before it unless that is 200.
  std::string Ask(const std::string& line, const std::string& body = "") {
    auto answer = std::make_shared<Received>();
    registry->Handle(Request(line, body), std::make_unique<KeptResponder>(answer));
    EXPECT_TRUE(RunUntil(loop, [&] { return answer->answered; })) << line;
    const int status = answer->response.status;
    return (status == 200 ? "" : std::to_string(status) + " ") + answer->Body();
  }
  uint64_t Index() const { return registry->status().index; }
  std::string WriteFile(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
    return folder / name;
  }

  std::filesystem::path folder;
  net::Loop loop;
  HeldSink sink;
  RegistrySettings settings;
  std::unique_ptr<Registry> registry;
};

TEST_F(RegistryTest, WhatWasAcknowledgedIsThereAfterAStart) {
  Start();
  Ask("PUT /v1/kv/a", "1");
  Ask("PUT /v1/agent/service/register", R"({"Name": "web", "Port": 80, "Check": {"TTL": "1h", "Status": "passing"}})");
  const uint64_t index = Index();
  const std::string id = Ask("GET /v1/catalog/node/own");
  Start();
  EXPECT_GE(Index(), index);
  EXPECT_EQ(Ask("GET /v1/kv/a?raw"), "1");
  EXPECT_THAT(Ask("GET /v1/health/service/web?passing"), HasSubstr("\"Port\":80"));
  const RegistryStatus status = registry->status();
  EXPECT_EQ(status.nodes, 1U);
  EXPECT_EQ(status.services, 2U) << "consul and web";
  EXPECT_EQ(status.checks, 2U);
  EXPECT_EQ(status.keys, 1U);
}

TEST_F(RegistryTest, WithoutADatabaseNothingIsKept) {
  settings.database = "";
  Start();
  Ask("PUT /v1/kv/a", "1");
  Start();
  EXPECT_EQ(Ask("GET /v1/kv/a"), "404 ");
}

TEST_F(RegistryTest, TheNodeKeepsItsIdAndTakesItsServicesToAnotherName) {
  Start();
  Ask("PUT /v1/agent/service/register", R"({"Name": "web"})");
  const std::string before = Ask("GET /v1/catalog/nodes");
  const std::string id = before.substr(before.find("\"ID\":"), 43);
  settings.node = "renamed";
  Start();
  EXPECT_THAT(Ask("GET /v1/catalog/nodes"), AllOf(HasSubstr(id), HasSubstr("renamed"), Not(HasSubstr("\"own\""))));
  EXPECT_THAT(Ask("GET /v1/agent/services"), HasSubstr("\"web\""));
}

TEST_F(RegistryTest, ServicesOfFilesGoWithTheirFilesEvenWhileItDidNotRun) {
  settings.service_files = {WriteFile("s.json", R"({"services": [{"name": "web"}, {"name": "db"}]})")};
  Start();
  EXPECT_THAT(Ask("GET /v1/agent/services"), AllOf(HasSubstr("\"web\""), HasSubstr("\"db\"")));
  WriteFile("s.json", R"({"services": [{"name": "db"}]})");
  Start();
  EXPECT_THAT(Ask("GET /v1/agent/services"), AllOf(Not(HasSubstr("\"web\"")), HasSubstr("\"db\"")));
  settings.service_files.clear();
  Start();
  EXPECT_THAT(Ask("GET /v1/agent/services"), Not(HasSubstr("\"db\"")));
}

TEST_F(RegistryTest, AServiceThatLeftTheFilesBelongsToWhoRegistersItNext) {
  settings.service_files = {WriteFile("s.json", R"({"service": {"name": "web"}})")};
  Start();
  WriteFile("s.json", R"({"services": []})");
  EXPECT_TRUE(registry->Reload().ok());
  EXPECT_THAT(Ask("GET /v1/agent/services"), Not(HasSubstr("\"web\"")));
  Ask("PUT /v1/agent/service/register", R"({"Name": "web"})");
  Start();
  EXPECT_THAT(Ask("GET /v1/agent/services"), HasSubstr("\"web\""));
}

TEST_F(RegistryTest, ABadFileRefusesStartAndReload) {
  settings.service_files = {WriteFile("s.json", R"({"service": {"name": "web"}})")};
  Start();
  WriteFile("s.json", "{");
  EXPECT_THAT(registry->Reload().text(), HasSubstr("s.json"));
  EXPECT_THAT(Ask("GET /v1/agent/services"), HasSubstr("\"web\""));
  EXPECT_THAT(TryToStart(), HasSubstr("s.json"));
}

TEST_F(RegistryTest, TheTokenIsReadAtStartAndOnReload) {
  settings.token_file = WriteFile("token", "first\n");
  Start();
  EXPECT_THAT(Ask("PUT /v1/kv/a", "1"), HasSubstr("403"));
  EXPECT_EQ(Ask("PUT /v1/kv/a?token=first", "1"), "true");
  WriteFile("token", "second");
  EXPECT_TRUE(registry->Reload().ok());
  EXPECT_THAT(Ask("PUT /v1/kv/a?token=first", "1"), HasSubstr("403"));
  EXPECT_EQ(Ask("PUT /v1/kv/a?token=second", "1"), "true");
  WriteFile("token", " \n");
  EXPECT_THAT(registry->Reload().text(), HasSubstr("holds no token"));
  EXPECT_EQ(Ask("PUT /v1/kv/a?token=second", "1"), "true");
  EXPECT_THAT(TryToStart(), HasSubstr("holds no token"));
}

TEST_F(RegistryTest, ASecondOneOnTheSameDirectoryIsRefused) {
  Start();
  const auto second = Registry::Open(loop, SystemClock(), settings);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().kind(), ErrorKind::kUnavailable);
}

TEST_F(RegistryTest, MetricsNameEveryNumberOfTheStatus) {
  MetricsText text;
  AppendMetrics({.index = 11,
                 .nodes = 12,
                 .services = 13,
                 .instances = 14,
                 .checks = 15,
                 .keys = 16,
                 .sessions = 17,
                 .blocked = 18,
                 .disk_fails = true},
                text);
  const std::string page = text.Render();
  for (const char* line : {"index 11", "nodes 12", "services 13", "instances 14", "checks 15", "keys 16", "sessions 17",
                           "blocked 18", "disk_fails 1"}) {
    EXPECT_THAT(page, HasSubstr("signpost_registry_" + std::string(line) + "\n"));
  }
}

}  // namespace
}  // namespace signpost::registry
