// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry_options.h"

#include <unistd.h>

#include <array>

#include "common/net/interfaces.h"
#include "common/options/text.h"
#include "dnsd/registry/service_files.h"

namespace signpost::dnsd {
namespace {

using options::Type;
using options::Values;

// Wider than DNS allows, as in Consul: such a node is registered, and has no name in DNS.
constexpr size_t kMaxNode = 255;

std::string CheckNode(std::string_view text) {
  if (text.empty() || text.size() > kMaxNode) return "must have 1 to 255 characters";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '/') return "must not contain spaces or slashes";
  }
  return "";
}

std::string CheckIp(std::string_view text) {
  const auto address = net::SocketAddress::Parse(
      text.find(':') == std::string_view::npos ? std::string(text) : "[" + std::string(text) + "]", 1);
  if (!address.ok() || address.value().is_wildcard() || text.starts_with('[') || address.value().port() != 1) {
    return "must be an IP address that others can reach, not " + options::Quoted(text);
  }
  return "";
}

std::string CheckDocker(std::string_view text) {
  // DOCKER_HOST may name what only Docker's own client can use: a Docker check says so then.
  if (text.find("://") != std::string_view::npos) return "";
  return "must be like unix:///var/run/docker.sock or tcp://127.0.0.1:2375, not " + options::Quoted(text);
}

std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  const std::string text(name.data());
  return text.substr(0, text.find('.'));
}

}  // namespace

options::Rows RegistryRows() {
  return {
      {.name = "node",
       .value = "NAME",
       .help = "Name of this host's node in the embedded registry",
       .default_note = "the host name",
       .check = CheckNode},
      {.name = "advertise",
       .value = "ADDR",
       .help = "Address of this host's node: that of services registered without one",
       .default_note = "the first global address, else 127.0.0.1",
       .check = CheckIp},
      {.name = "service",
       .value = "FILE|DIR",
       .help = "Consul service definitions to load, *.json in a directory; read again on SIGHUP",
       .default_note = "none",
       .repeatable = true},
      {.name = "http-token-file",
       .type = Type::kFile,
       .value = "FILE",
       .help = "Token that writes to the registry's API need; a must when --http is beyond loopback",
       .default_note = "none"},
      {.name = "http-token-reads",
       .type = Type::kBool,
       .help = "Reads of the registry's API need the token too",
       .defaults = {"false"},
       .bare = "true"},
      {.name = "enable-script-checks",
       .type = Type::kBool,
       .help = "Run health checks that are programs: whoever may write to the API may then run programs",
       .defaults = {"false"},
       .bare = "true"},
      {.name = "docker",
       .value = "URL",
       .help = "Docker Engine in whose containers Docker checks run",
       .defaults = {"unix:///var/run/docker.sock"},
       .environment = "DOCKER_HOST",
       .check = CheckDocker},
  };
}

Result<RegistryOptions> ReadRegistryOptions(const Values& values, const net::SocketAddress& http) {
  RegistryOptions read;
  read.node = values.Given("node") ? values.String("node") : HostName();
  read.address = values.Given("advertise") ? values.String("advertise") : net::FirstGlobalAddress();
  if (read.address.empty()) read.address = "127.0.0.1";
  read.service_files = values.List("service");
  read.token_file = values.String("http-token-file");
  read.read_needs_token = values.Flag("http-token-reads");
  read.script_checks = values.Flag("enable-script-checks");
  read.docker_url = values.String("docker");
  if (read.read_needs_token && read.token_file.empty()) {
    return values.Refuse("http-token-reads", "needs --http-token-file");
  }
  if (auto files = registry::ReadServiceFiles(read.service_files); !files.ok()) return files.status();
  if (!http.is_loopback() && read.token_file.empty()) {
    return values.Refuse("http", "is beyond loopback: give --http-token-file as well, or everybody who reaches " +
                                     http.ToString() + " may write to the registry");
  }
  return read;
}

Status RefuseRegistryOptions(const Values& values) {
  for (const std::string_view name :
       {"node", "advertise", "service", "http-token-file", "http-token-reads", "enable-script-checks"}) {
    if (values.Given(name)) {
      return values.Refuse(name, "belongs to the embedded registry, which does not run with --consul");
    }
  }
  return Status::Ok();
}

}  // namespace signpost::dnsd
