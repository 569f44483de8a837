// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/docker_engine.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::registry {
namespace {

TEST(DockerEngineTest, UrlsAreUnderstood) {
  struct Case {
    const char* url;
    const char* base;
    const char* socket;
  };
  for (const Case& c :
       {Case{"unix:///var/run/docker.sock", "http://docker", "/var/run/docker.sock"},
        Case{"tcp://127.0.0.1:2375", "http://127.0.0.1:2375", ""}, Case{"tcp://engine:2375/", "http://engine:2375", ""},
        Case{"http://engine:2375", "http://engine:2375", ""},
        Case{"https://engine:2376/", "https://engine:2376", ""}}) {
    const Result<DockerAddress> address = ParseDockerUrl(c.url);
    ASSERT_TRUE(address.ok()) << c.url;
    EXPECT_EQ(address.value().base, c.base);
    EXPECT_EQ(address.value().unix_socket, c.socket);
  }
  for (const char* url : {"", "unix://", "tcp://", "http://", "https://", "ssh://host", "/var/run/docker.sock"}) {
    EXPECT_EQ(ParseDockerUrl(url).status().kind(), ErrorKind::kConfig) << url;
  }
}

TEST(DockerEngineTest, CommandsAreSentWordByWord) {
  EXPECT_EQ(ExecCreateBody({"sh", "-c", "echo \"$A\""}),
            R"({"AttachStdin":false,"AttachStdout":true,"AttachStderr":true,"Tty":false,)"
            R"("Cmd":["sh","-c","echo \"$A\""]})");
}

TEST(DockerEngineTest, ExecIdsAreHexadecimal) {
  EXPECT_EQ(ExecIdOf(R"({"Id":"0aff"})").value(), "0aff");
  for (const char* reply :
       {"", "[]", "{}", R"({"Id":""})", R"({"Id":7})", R"({"Id":"../../containers"})", R"({"Id":"0AFF"})"}) {
    EXPECT_FALSE(ExecIdOf(reply).ok()) << reply;
  }
  EXPECT_FALSE(ExecIdOf(R"({"Id":")" + std::string(129, 'a') + R"("})").ok());
}

TEST(DockerEngineTest, ExitCodesAreThoseOfEndedCommands) {
  EXPECT_EQ(ExitCodeOf(R"({"Running":false,"ExitCode":0})").value(), 0);
  EXPECT_EQ(ExitCodeOf(R"({"ExitCode":137})").value(), 137);
  EXPECT_NE(ExitCodeOf(R"({"ExitCode":4294967296})").value(), 0);
  EXPECT_NE(ExitCodeOf(R"({"ExitCode":1e300})").value(), 0);
  for (const char* reply :
       {"", "{}", "x", R"({"Running":true,"ExitCode":0})", R"({"Running":false,"ExitCode":null})"}) {
    EXPECT_FALSE(ExitCodeOf(reply).ok()) << reply;
  }
}

TEST(DockerEngineTest, FaultsNameTheContainer) {
  http::Response response;
  response.body = "no space left";
  const auto fault = [&](int status, const char* step) {
    response.status = status;
    return DockerFault(step, "c1", response);
  };
  EXPECT_EQ(fault(404, "create"), "create exec failed for unknown container c1");
  EXPECT_EQ(fault(409, "create"), "create exec failed since container c1 is paused or stopped");
  EXPECT_EQ(fault(409, "start"), "start exec failed since container c1 is paused or stopped");
  EXPECT_EQ(fault(500, "inspect"), "inspect exec failed for container c1 with status 500: no space left");
  response.body = std::string(100000, 'x');
  EXPECT_LT(fault(500, "create").size(), 1200U);
}

}  // namespace
}  // namespace signpost::registry
