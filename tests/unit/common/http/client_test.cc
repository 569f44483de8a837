// Signpost. Apache-2.0; see LICENSE.
#include "common/http/client.h"

#include <gtest/gtest.h>

#include <map>

#include "common/http/server.h"
#include "tests/support/run_loop.h"

namespace signpost::http {
namespace {

using test::RunUntil;

TEST(Smoke, Get) {
  net::Loop loop;
  auto server = Server::Listen(loop, net::SocketAddress::Parse("127.0.0.1:0", 0).value(), {}, [](ServerRequest r, auto answer) {
    answer->Send({.status = 200, .headers = {}, .body = r.path + r.Param("x").value_or("-") + r.body});
  });
  ASSERT_TRUE(server.ok());
  const std::string base = "http://" + server.value()->local().ToString();
  Client client(loop, {.max_connections = 4});
  std::vector<std::unique_ptr<Client::Call>> calls;
  int done = 0;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(client.Send({.method = i % 2 ? "PUT" : "GET", .url = base + "/a?x=" + std::to_string(i), .headers = {}, .body = i % 2 ? "body" : ""}, [&, i](Result<Response> r) {
      ASSERT_TRUE(r.ok()) << r.status().text();
      EXPECT_EQ(r.value().body, "/a" + std::to_string(i) + (i % 2 ? "body" : ""));
      ++done;
    }));
  }
  EXPECT_TRUE(RunUntil(loop, [&] { return done == 100; }));
  EXPECT_EQ(client.connections(), 4U);
}

}  // namespace
}  // namespace signpost::http
