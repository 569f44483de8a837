// Signpost. Apache-2.0; see LICENSE.
// A Docker Engine and a Consul agent in the test's own loop, each a table of answers and a list of requests.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/http/server.h"
#include "common/net/loop.h"
#include "registrar/command_line.h"
#include "registrar/registrar_options.h"

namespace signpost::registrar {

class FakeNeighbour {
 public:
  struct Answer {
    int status = 200;
    std::string body;
  };

  explicit FakeNeighbour(net::Loop& loop) {
    auto server = http::Server::Listen(
        loop, net::SocketAddress::Parse("127.0.0.1:0", 1).value(), {},
        [this](const http::ServerRequest& request, const std::unique_ptr<http::Responder>& responder) {
          requests.push_back(request.method + " " + request.path + (request.query.empty() ? "" : "?" + request.query));
          const auto found = answers.find(request.method + " " + request.path);
          const Answer answer = found == answers.end() ? Answer{404, "{\"message\":\"unknown\"}"} : found->second;
          responder->Send({.status = answer.status, .headers = {{"Api-Version", "1.41"}}, .body = answer.body});
        });
    if (!server.ok()) Abort(server.status().text());
    server_ = std::move(server).value();
  }

  std::string address() const { return server_->local().ToString(); }
  // Requests that begin so.
  std::vector<std::string> Asked(std::string_view begin) const {
    std::vector<std::string> found;
    for (const std::string& request : requests) {
      if (request.starts_with(begin)) found.push_back(request);
    }
    return found;
  }

  std::map<std::string, Answer> answers;  // by "METHOD /path"
  std::vector<std::string> requests;

 private:
  std::unique_ptr<http::Server> server_;
};

inline std::string IdOf(char last) { return std::string(63, 'a') + last; }

inline std::string InspectJson(const std::string& id, const std::string& name, const std::string& status,
                               const std::string& labels = "{}") {
  const bool running = status == "running";
  return R"({"Id":")" + id + R"(","Name":"/)" + name + R"(","State":{"Status":")" + status + R"(","Running":)" +
         (running ? "true" : "false") + R"(},"Config":{"Image":"api","Labels":)" + labels +
         R"(,"ExposedPorts":{"80/tcp":{}}},"HostConfig":{"NetworkMode":"default"},"NetworkSettings":{"Ports":)" +
         (running ? R"({"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}]})" : "{}") + "}}";
}

// Without containers.
inline void MakeEngine(FakeNeighbour& engine) {
  engine.answers["GET /_ping"] = {200, "OK"};
  engine.answers["GET /version"] = {200, R"({"ApiVersion":"1.41","MinAPIVersion":"1.12"})"};
  engine.answers["GET /v1.41/info"] = {200, R"({"ID":"ENGINE","Name":"node1","SystemTime":"2026-01-01T00:00:00Z"})"};
  engine.answers["GET /v1.41/containers/json"] = {200, "[]"};
}

// Without services.
inline void MakeAgent(FakeNeighbour& agent) {
  agent.answers["GET /v1/agent/self"] = {200, R"({"Config":{"NodeID":"n","NodeName":"node1"}})"};
  agent.answers["GET /v1/agent/services"] = {200, "{}"};
  agent.answers["GET /v1/agent/checks"] = {200, "{}"};
}

// Those of `registrar drain web.1` between the two.
inline RegistrarOptions OptionsOfDrain(const FakeNeighbour& engine, const FakeNeighbour& agent,
                                       const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"drain",         "web.1", "--docker",  "http://" + engine.address(),
                                        agent.address(), "--ip",  "192.0.2.10"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Invocation invocation = ReadInvocation({std::move(arguments), [](const std::string&) { return std::nullopt; }});
  auto options = MakeRegistrarOptions(invocation, ReadValues(invocation).value());
  if (!options.ok()) Abort(options.status().text());
  return std::move(options).value();
}

}  // namespace signpost::registrar
