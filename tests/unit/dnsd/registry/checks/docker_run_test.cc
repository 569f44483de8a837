// Signpost. Apache-2.0; see LICENSE.
// Docker checks against an engine of the test's own, which may say anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/http/server.h"
#include "tests/unit/dnsd/registry/checks/run_fixture.h"

namespace signpost::registry {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Frame(char stream, const std::string& text) {
  return std::string(1, stream) + "\0\0\0\0\0\0"s + static_cast<char>(text.size()) + text;
}

class DockerRunTest : public RunTest {
 protected:
  DockerRunTest() {
    auto result = http::Server::Listen(loop, net::SocketAddress::Parse("127.0.0.1:0", 0).value(), {},
                                       [this](http::ServerRequest request, std::unique_ptr<http::Responder> responder) {
                                         Answer(request, std::move(responder));
                                       });
    EXPECT_TRUE(result.ok()) << result.status().text();
    server = std::move(result).value();
    options.enable_scripts = true;
    options.docker_url = "tcp://" + server->local().ToString();
  }

  void Answer(const http::ServerRequest& request, std::unique_ptr<http::Responder> responder) {
    requests.push_back(request.method + " " + request.raw_path + " " + request.body);
    if (requests.size() == silent_at) {
      waiting = std::move(responder);
      return;
    }
    http::ServerResponse& answer = requests.size() == 1 ? create : requests.size() == 2 ? start : inspect;
    responder->Send(answer);
  }

  Outcome Check(const std::string& container = "c1") {
    requests.clear();
    CheckDefinition definition = Define(Kind::kDocker);
    definition.docker_container_id = container;
    definition.script_args = {"check", "it"};
    definition.timeout = timeout;
    return RunToEnd(definition);
  }
  std::string Failure() {
    const Outcome end = Check();
    EXPECT_EQ(end.status, CheckStatus::kCritical);
    return end.output;
  }

  std::unique_ptr<http::Server> server;
  std::vector<std::string> requests;
  size_t silent_at = 0;
  std::unique_ptr<http::Responder> waiting;
  Millis timeout{3000};
  http::ServerResponse create{.status = 201, .headers = {}, .body = R"({"Id":"abc1"})", .shared_body = nullptr};
  http::ServerResponse start{
      .status = 200, .headers = {}, .body = Frame(1, "out") + Frame(2, "err"), .shared_body = nullptr};
  http::ServerResponse inspect{
      .status = 200, .headers = {}, .body = R"({"Running":false,"ExitCode":0})", .shared_body = nullptr};
};

TEST_F(DockerRunTest, ThreeRequestsMakeACheck) {
  EXPECT_EQ(Check("a/b?c"), (Outcome{CheckStatus::kPassing, "outerr"}));
  EXPECT_THAT(requests, ElementsAre(HasSubstr("POST /containers/a%2Fb%3Fc/exec {"),
                                    "POST /exec/abc1/start {\"Detach\":false,\"Tty\":false}", "GET /exec/abc1/json "));
  EXPECT_THAT(requests[0], HasSubstr(R"("Cmd":["check","it"])"));
  inspect.body = R"({"ExitCode":1})";
  EXPECT_EQ(Check(), (Outcome{CheckStatus::kWarning, "outerr"}));
  inspect.body = R"({"ExitCode":126})";
  EXPECT_EQ(Check(), (Outcome{CheckStatus::kCritical, "outerr"}));
}

TEST_F(DockerRunTest, LongOutputKeepsItsEnd) {
  start.body.clear();
  for (int i = 0; i < 3000; ++i) start.body += Frame(1, "0123456789");
  EXPECT_THAT(Check().output, HasSubstr("Captured 4096 of 30000 bytes\n...\n"));
}

TEST_F(DockerRunTest, WhatTheEngineRefusesIsSaid) {
  create = {.status = 404, .headers = {}, .body = R"({"message":"No such container: c1"})", .shared_body = nullptr};
  EXPECT_EQ(Failure(), "create exec failed for unknown container c1");
  create.status = 409;
  EXPECT_EQ(Failure(), "create exec failed since container c1 is paused or stopped");
  create.status = 500;
  EXPECT_EQ(Failure(), "create exec failed for container c1 with status 500: {\"message\":\"No such container: c1\"}");
}

TEST_F(DockerRunTest, AnEngineThatTalksNonsenseIsCritical) {
  start.body = "no frames at all, and rather long";
  EXPECT_EQ(Failure(), "start exec failed for container c1: garbled output");
  start.body = Frame(1, "whole").substr(0, 10);
  EXPECT_EQ(Failure(), "start exec failed for container c1: garbled output");
  start = {.status = 409, .headers = {}, .body = R"({"message":"stopped"})", .shared_body = nullptr};
  EXPECT_EQ(Failure(), "start exec failed since container c1 is paused or stopped");
  start = {.status = 200, .headers = {}, .body = "", .shared_body = nullptr};
  inspect.body = "[]";
  EXPECT_EQ(Failure(), "inspect exec failed: the engine gave no exit code");
  create.body = R"({"Id":"../version"})";
  EXPECT_EQ(Failure(), "create exec failed: the engine gave no exec ID");
  EXPECT_EQ(requests.size(), 1U);
  create.body = std::string(100 << 10, '{');
  EXPECT_THAT(Failure(), HasSubstr("create exec failed for container c1: "));
}

TEST_F(DockerRunTest, OneTimeIsAllThatAllStepsGet) {
  timeout = Millis(200);
  for (silent_at = 1; silent_at <= 3; ++silent_at) {
    EXPECT_EQ(Failure(), "Timed out (200ms) running check");
    EXPECT_EQ(requests.size(), silent_at);
  }
}

TEST_F(DockerRunTest, AnEngineThatIsNotThereIsCritical) {
  options.docker_url = "unix:///no/such/docker.sock";
  EXPECT_EQ(Failure(), "create exec failed for container c1: unix:/no/such/docker.sock: No such file or directory");
}

TEST_F(DockerRunTest, AUrlThatIsNoneIsCritical) {
  options.docker_url = "ssh://engine";
  EXPECT_THAT(Failure(), HasSubstr("'ssh://engine' is no Docker Engine"));
}

}  // namespace
}  // namespace signpost::registry
