// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker_options.h"

#include <string>

#include "common/options/text.h"
#include "registrar/docker/engine_address.h"

namespace signpost::registrar {
namespace {

using options::Type;

std::string CheckVersion(std::string_view text) {
  const size_t dot = text.find('.');
  const auto number = [](std::string_view part) { return options::ParseInteger(part).value_or(-1) >= 0; };
  if (dot != std::string_view::npos && number(text.substr(0, dot)) && number(text.substr(dot + 1))) return "";
  return "must be an API version such as 1.41, not " + options::Quoted(text);
}

}  // namespace

options::Rows DockerRows() {
  return {
      {.name = "docker",
       .value = "URL",
       .help = "Docker Engine: unix:///path, tcp://host:port, http:// or https://",
       .default_note = "unix:///var/run/docker.sock; where that is absent, unix:///tmp/docker.sock",
       .environment = "DOCKER_HOST"},
      {.name = "docker-tls-verify",
       .type = Type::kBool,
       .help = "Use TLS and check the engine's certificate; any text of the variable means true",
       .defaults = {"false"},
       .bare = "true",
       .environment = "DOCKER_TLS_VERIFY",
       .variable_is_flag = true},
      {.name = "docker-cert-path",
       .value = "DIR",
       .help =
           "Folder with ca.pem, cert.pem and key.pem; alone it means TLS without a check of the engine's certificate",
       .default_note = "none",
       .environment = "DOCKER_CERT_PATH"},
      {.name = "docker-api-version",
       .value = "N.N",
       .help = "API version to speak",
       .default_note = "negotiated",
       .environment = "DOCKER_API_VERSION",
       .check = CheckVersion},
  };
}

Result<EngineOptions> ReadEngineOptions(const options::Values& values) {
  auto address = MakeEngineAddress({.url = values.String("docker"),
                                    .tls_verify = values.Flag("docker-tls-verify"),
                                    .cert_path = values.String("docker-cert-path")});
  if (!address.ok()) {
    const bool folder = address.status().text().starts_with("cannot read");
    return values.Refuse(folder ? "docker-cert-path" : "docker", "does not help: " + address.status().text());
  }
  EngineOptions engine;
  engine.address = std::move(address).value();
  engine.api_version = values.String("docker-api-version");
  return engine;
}

}  // namespace signpost::registrar
