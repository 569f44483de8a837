// Signpost. Apache-2.0; see LICENSE.
#include "common/http/operations.h"

#include <gtest/gtest.h>

namespace signpost::http {
namespace {

ServerResponse Ask(const std::string& method, const std::string& path, const Readiness& ready = {200, "ready"}) {
  ServerRequest request;
  request.method = method;
  request.path = path;
  return AnswerOperations({.ready = [ready] { return ready; },
                           .metrics = [] { return std::string("a 1\n"); },
                           .status = [] { return std::string("{}"); }},
                          request);
}

TEST(OperationsTest, ThePaths) {
  struct Row {
    const char* path;
    int status;
    const char* body;
    const char* type;
  };
  for (const Row& row : {Row{"/healthz", 200, "ok\n", "text/plain; charset=utf-8"},
                         Row{"/readyz", 200, "ready\n", "text/plain; charset=utf-8"},
                         Row{"/metrics", 200, "a 1\n", "text/plain; version=0.0.4; charset=utf-8"},
                         Row{"/status", 200, "{}", "application/json"}}) {
    const ServerResponse response = Ask("GET", row.path);
    EXPECT_EQ(response.status, row.status) << row.path;
    EXPECT_EQ(response.body, row.body) << row.path;
    EXPECT_EQ(response.headers.at(0).second, row.type) << row.path;
    EXPECT_EQ(Ask("HEAD", row.path).status, row.status) << row.path;
    EXPECT_TRUE(IsOperationsPath(row.path));
  }
  EXPECT_EQ(Ask("GET", "/").status, 404);
  EXPECT_FALSE(IsOperationsPath("/v1/status/leader"));
}

TEST(OperationsTest, NotReadySaysWhy) {
  const ServerResponse response = Ask("GET", "/readyz", {503, "Consul is away"});
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "Consul is away\n");
}

TEST(OperationsTest, OnlyReading) {
  const ServerResponse response = Ask("POST", "/healthz");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.at(1), (std::pair<std::string, std::string>{"Allow", "GET, HEAD"}));
}

}  // namespace
}  // namespace signpost::http
