// Signpost. Apache-2.0; see LICENSE.
#include "registrar/consul_options.h"

#include <gtest/gtest.h>

#include <map>

namespace signpost::registrar {
namespace {

const options::Rows& Table() {
  static const options::Rows rows = ConsulRows();
  return rows;
}

using Environment = std::map<std::string, std::string>;

Result<consul::AgentOptions> Try(std::vector<std::string> arguments, const Environment& environment = {}) {
  const auto values =
      options::Read(Table(), {std::move(arguments), [&environment](const std::string& name) {
                                const auto found = environment.find(name);
                                return found == environment.end() ? std::nullopt : std::optional(found->second);
                              }});
  if (!values.ok()) return values.status();
  return ReadAgentOptions(values.value());
}

consul::AgentOptions Must(std::vector<std::string> arguments, const Environment& environment = {}) {
  auto made = Try(std::move(arguments), environment);
  if (!made.ok()) Abort(made.status().text());
  return made.value();
}

TEST(ConsulOptions, SchemesOfTheAddress) {
  EXPECT_EQ(Must({}).url, "http://127.0.0.1:8500");
  EXPECT_EQ(Must({"--consul", "consul-tls://h"}).url, "https://h:8501");
  EXPECT_EQ(Must({"--consul", "consul-unix:///run/consul.sock"}).url, "unix:///run/consul.sock");
}

TEST(ConsulOptions, VariablesOfConsulsTools) {
  const consul::AgentOptions agent = Must({}, {{"CONSUL_HTTP_ADDR", "h:8500"},
                                               {"CONSUL_HTTP_SSL", "1"},
                                               {"CONSUL_HTTP_SSL_VERIFY", "false"},
                                               {"CONSUL_HTTP_AUTH", "user:hush"},
                                               {"CONSUL_HTTP_TOKEN", "secret"},
                                               {"CONSUL_CAPATH", "/"},
                                               {"CONSUL_TLS_SERVER_NAME", "consul.example"},
                                               {"CONSUL_NAMESPACE", "team"}});
  EXPECT_EQ(agent.url, "https://h:8500");
  EXPECT_FALSE(agent.tls.verify);
  EXPECT_EQ(agent.http_auth, "user:hush");
  EXPECT_EQ(agent.token, "secret");
  EXPECT_EQ(agent.tls.ca_path, "/");
  EXPECT_EQ(agent.tls_server_name, "consul.example");
  EXPECT_EQ(agent.namespace_name, "team");
}

TEST(ConsulOptions, TlsIsNotTakenBack) {
  EXPECT_EQ(Must({"--consul", "https://h:1"}, {{"CONSUL_HTTP_SSL", "true"}}).url, "https://h:1");
  EXPECT_EQ(Must({"--consul", "unix:///run/c"}, {{"CONSUL_HTTP_SSL", "true"}}).url, "unix:///run/c");
}

TEST(ConsulOptions, SecretsAreNotRepeated) {
  EXPECT_EQ(Try({}, {{"CONSUL_HTTP_AUTH", "hush"}}).status().text(), "CONSUL_HTTP_AUTH must be USER:PASSWORD");
  EXPECT_FALSE(Try({"--consul-auth", "user:hush"}).ok());
}

TEST(ConsulOptions, FoldersMustBeThere) {
  EXPECT_EQ(Try({"--consul-ca-path", "/nowhere"}).status().text(),
            "--consul-ca-path must name a folder that can be read, not '/nowhere'");
}

}  // namespace
}  // namespace signpost::registrar
