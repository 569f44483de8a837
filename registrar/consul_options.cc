// Signpost. Apache-2.0; see LICENSE.
#include "registrar/consul_options.h"

#include <unistd.h>

#include <string>

#include "common/options/shared_rows.h"
#include "common/options/text.h"

namespace signpost::registrar {
namespace {

using options::Rows;
using options::Type;
using options::Values;

std::string CheckFolder(std::string_view text) {
  const bool usable = access(std::string(text).c_str(), R_OK | X_OK) == 0;
  return usable ? "" : "must name a folder that can be read, not " + options::Quoted(text);
}

std::string CheckAuth(std::string_view text) {
  return text.find(':') != std::string_view::npos ? "" : "must be USER:PASSWORD";
}

std::string CheckWord(std::string_view text) {
  for (const unsigned char c : text) {
    if (c <= ' ' || c >= 0x7f) return "must not hold blanks or control characters";
  }
  return text.empty() ? "must not be empty" : "";
}

Rows ExtraRows() {
  return {
      {.name = "consul-ca-path",
       .value = "DIR",
       .help = "Folder of such PEM files",
       .environment = "CONSUL_CAPATH",
       .check = CheckFolder},
      {.name = "consul-tls-server-name",
       .value = "NAME",
       .help = "Name that Consul's certificate must carry",
       .default_note = "the host of the address",
       .environment = "CONSUL_TLS_SERVER_NAME",
       .check = CheckWord},
      {.name = "consul-ssl",
       .type = Type::kBool,
       .help = "Use https where the address does not say so",
       .defaults = {"false"},
       .bare = "true",
       .environment = "CONSUL_HTTP_SSL"},
      {.name = "consul-ssl-verify",
       .type = Type::kBool,
       .help = "Check Consul's certificate",
       .defaults = {"true"},
       .bare = "true",
       .environment = "CONSUL_HTTP_SSL_VERIFY"},
      {.name = "consul-auth",
       .value = "USER:PASSWORD",
       .help = "User and password for a proxy in front of Consul (HTTP basic authentication)",
       .environment = "CONSUL_HTTP_AUTH",
       .secret = true,
       .check = CheckAuth},
      {.name = "consul-namespace",
       .value = "NAME",
       .help = "Namespace to register in (Consul Enterprise)",
       .default_note = "none",
       .environment = "CONSUL_NAMESPACE",
       .check = CheckWord},
  };
}

}  // namespace

Rows ConsulRows() {
  Rows rows = options::ConsulRows("ACL token for Consul; needs service:write for what it registers, and agent:read");
  rows.front().help =
      "Consul agent to write to, also as a word without --consul: consul://host:port, "
      "consul-tls://host:port, consul-unix:///path, or the same with http, https and unix";
  rows.front().default_note = "http://127.0.0.1:8500";
  const Rows extra = ExtraRows();
  rows.insert(rows.end(), extra.begin(), extra.end());
  return rows;
}

Result<consul::AgentOptions> ReadAgentOptions(const Values& values) {
  auto read = options::ReadConsulOptions(values);
  if (!read.ok()) return read.status();
  const options::ConsulOptions consul = read.value().value_or(options::ConsulOptions{.url = "http://127.0.0.1:8500"});
  consul::AgentOptions agent;
  agent.max_connections = 24;  // sixteen writes, two held reads, and what reads beside them
  agent.max_idle = Millis(5000);
  agent.url = consul.unix_socket.empty() ? consul.url : "unix://" + consul.unix_socket;
  if (values.Flag("consul-ssl") && agent.url.starts_with("http://")) agent.url.insert(4, "s");
  agent.token = consul.token;
  agent.token_file = consul.token_file;
  agent.tls = {.ca_file = consul.ca_file,
               .client_cert = consul.client_cert,
               .client_key = consul.client_key,
               .verify = values.Flag("consul-ssl-verify")};
  agent.tls.ca_path = values.String("consul-ca-path");
  agent.tls_server_name = values.String("consul-tls-server-name");
  agent.http_auth = values.String("consul-auth");
  agent.namespace_name = values.String("consul-namespace");
  return agent;
}

}  // namespace signpost::registrar
