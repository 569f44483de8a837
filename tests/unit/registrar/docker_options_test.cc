// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker_options.h"

#include <gtest/gtest.h>

#include <map>

namespace signpost::registrar {
namespace {

using Environment = std::map<std::string, std::string>;

Result<EngineOptions> Try(std::vector<std::string> arguments, const Environment& environment = {}) {
  static const options::Rows rows = DockerRows();
  const auto values =
      options::Read(rows, {std::move(arguments), [&environment](const std::string& name) {
                             const auto found = environment.find(name);
                             return found == environment.end() ? std::nullopt : std::optional(found->second);
                           }});
  if (!values.ok()) return values.status();
  return ReadEngineOptions(values.value());
}

EngineOptions Must(std::vector<std::string> arguments, const Environment& environment = {}) {
  auto made = Try(std::move(arguments), environment);
  if (!made.ok()) Abort(made.status().text());
  return made.value();
}

TEST(DockerOptions, AddressFromOptionOrVariable) {
  EXPECT_EQ(Must({"--docker", "unix:///run/d.sock"}).address.unix_socket, "/run/d.sock");
  EXPECT_EQ(Must({}, {{"DOCKER_HOST", "tcp://192.0.2.1:2375"}}).address.base, "http://192.0.2.1:2375");
  EXPECT_EQ(Must({"--docker", "unix:///run/d.sock"}, {{"DOCKER_HOST", "tcp://h:1"}}).address.unix_socket,
            "/run/d.sock");
}

// Docker's own client takes any text for yes, "0" as well.
TEST(DockerOptions, AnyTextOfTheVariableTurnsTlsOn) {
  const EngineOptions engine = Must({}, {{"DOCKER_HOST", "tcp://h:2376"}, {"DOCKER_TLS_VERIFY", "0"}});
  EXPECT_EQ(engine.address.base, "https://h:2376");
  EXPECT_TRUE(engine.address.tls.verify);
  EXPECT_EQ(
      Must({"--docker-tls-verify=false"}, {{"DOCKER_HOST", "tcp://h:2375"}, {"DOCKER_TLS_VERIFY", "1"}}).address.base,
      "http://h:2375");
}

TEST(DockerOptions, ApiVersion) {
  EXPECT_EQ(Must({}, {{"DOCKER_API_VERSION", "1.40"}}).api_version, "1.40");
  for (const std::string text : {"1", "v1.40", "1.", ".4", "1.4.1"}) {
    EXPECT_FALSE(Try({"--docker-api-version", text}).ok()) << text;
  }
}

TEST(DockerOptions, WhatCannotBeUsedIsRefusedAtStart) {
  EXPECT_EQ(Try({"--docker", "ssh://h"}).status().kind(), ErrorKind::kConfig);
  EXPECT_TRUE(Try({"--docker", "ssh://h"}).status().text().starts_with("--docker "));
  const std::string text = Try({}, {{"DOCKER_HOST", "tcp://user:s3cret@h:2375"}}).status().text();
  EXPECT_TRUE(text.starts_with("DOCKER_HOST ")) << text;
  EXPECT_EQ(text.find("s3cret"), std::string::npos) << text;
  EXPECT_EQ(Try({"--docker", "tcp://h", "--docker-cert-path", "/nowhere"}).status().kind(), ErrorKind::kConfig);
}

}  // namespace
}  // namespace signpost::registrar
