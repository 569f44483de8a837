// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/net/interfaces.h"
#include "dnsd/dnsd_options.h"

namespace signpost::dnsd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The sentence of a refusal, or "".
std::string Refusal(std::vector<std::string> arguments, RegistryOptions* made = nullptr) {
  auto values = options::Read(DnsdRows(), {std::move(arguments), [](const std::string&) { return std::nullopt; }});
  if (!values.ok()) return values.status().text();
  auto options = MakeDnsdOptions(values.value());
  if (!options.ok()) return options.status().text();
  if (made != nullptr) *made = options->start.registry;
  return "";
}

RegistryOptions Must(std::vector<std::string> arguments) {
  RegistryOptions made;
  EXPECT_EQ(Refusal(std::move(arguments), &made), "");
  return made;
}

TEST(RegistryOptionsTest, Defaults) {
  const RegistryOptions made = Must({});
  EXPECT_FALSE(made.node.empty());
  const std::string global = net::FirstGlobalAddress();
  EXPECT_EQ(made.address, global.empty() ? "127.0.0.1" : global);
  EXPECT_TRUE(made.service_files.empty());
  EXPECT_EQ(made.token_file, "");
  EXPECT_FALSE(made.read_needs_token);
  EXPECT_FALSE(made.script_checks);
  EXPECT_EQ(made.docker_url, "unix:///var/run/docker.sock");
}

TEST(RegistryOptionsTest, EveryValueArrives) {
  const std::string folder = ::testing::TempDir() + "signpost_registry_options";
  std::filesystem::create_directory(folder);
  const std::string file = folder + "/web.json";
  std::filesystem::create_directory(folder + "/none");
  std::ofstream(file) << R"({"service": {"name": "web"}})";
  const RegistryOptions made = Must({"--node", "host1", "--advertise", "2001:db8::1", "--service", "docs", "--service",
                                     "tools", "--http-token-file", "/dev/null", "--http-token-reads",
                                     "--enable-script-checks", "--docker", "tcp://127.0.0.1:2375"});
  EXPECT_EQ(made.node, "host1");
  EXPECT_EQ(made.address, "2001:db8::1");
  EXPECT_THAT(made.service_files, ElementsAre("docs", "tools"));
  EXPECT_EQ(made.token_file, "/dev/null");
  EXPECT_TRUE(made.read_needs_token);
  EXPECT_TRUE(made.script_checks);
  EXPECT_EQ(made.docker_url, "tcp://127.0.0.1:2375");
}

TEST(RegistryOptionsTest, WhatIsRefused) {
  const struct {
    std::vector<std::string> arguments;
    std::string says;
  } cases[] = {
      {{"--node", ""}, "node"},
      {{"--node", "two words"}, "must not contain spaces"},
      {{"--node", std::string(256, 'n')}, "1 to 255 characters"},
      {{"--advertise", "host.example"}, "must be an IP address"},
      {{"--advertise", "0.0.0.0"}, "must be an IP address"},
      {{"--advertise", "::"}, "must be an IP address"},
      {{"--advertise", "[::1]"}, "must be an IP address"},
      {{"--advertise", "10.0.0.1:80"}, "must be an IP address"},
      {{"--docker", "socket"}, "docker"},
      {{"--service", "/nothing/here.json"}, "here.json"},
      {{"--http-token-reads"}, "needs --http-token-file"},
      {{"--http", "0.0.0.0:8500"}, "beyond loopback"},
      {{"--http", "[::]:8500"}, "beyond loopback"},
      {{"--http", "192.0.2.1:8500"}, "--http-token-file"},
  };
  for (const auto& each : cases) EXPECT_THAT(Refusal(each.arguments), HasSubstr(each.says));
}

TEST(RegistryOptionsTest, BeyondLoopbackWithATokenOrWithConsul) {
  EXPECT_EQ(Refusal({"--http", "0.0.0.0:8500", "--http-token-file", "/dev/null"}), "");
  EXPECT_EQ(Refusal({"--http", "127.0.0.2:8500"}), "");
  EXPECT_EQ(Refusal({"--http", "0.0.0.0:9153", "--consul", "127.0.0.1:8500"}), "") << "carries operations only";
}

TEST(RegistryOptionsTest, ConsulAndTheRegistrysOptionsExcludeEachOther) {
  for (const std::vector<std::string>& option : {std::vector<std::string>{"--node", "n"},
                                                 {"--advertise", "10.0.0.1"},
                                                 {"--service", "x"},
                                                 {"--http-token-file", "/dev/null"},
                                                 {"--enable-script-checks"}}) {
    std::vector<std::string> arguments = option;
    arguments.insert(arguments.end(), {"--consul", "127.0.0.1:8500"});
    EXPECT_THAT(Refusal(arguments), HasSubstr("belongs to the embedded registry")) << option[0];
  }
}

}  // namespace
}  // namespace signpost::dnsd
