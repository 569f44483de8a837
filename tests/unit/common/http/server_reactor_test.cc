// Signpost. Apache-2.0; see LICENSE.
// Server and client on a loop that has a reactor.
#include <gtest/gtest.h>

#include <optional>

#include "common/http/client.h"
#include "common/http/server.h"
#include "common/net/reactor.h"
#include "tests/support/run_loop.h"

namespace signpost::http {
namespace {

using test::RunUntil;

TEST(ServerReactorTest, ClientAndServerTalkOnALoopWithAReactor) {
  net::Loop loop;
  const net::Reactor reactor(loop);
  const auto handler = [](const ServerRequest& request, std::unique_ptr<Responder> responder) {
    responder->Send({.status = 200, .headers = {}, .body = request.path});
  };
  const auto server = Server::Listen(loop, net::SocketAddress::Parse("127.0.0.1:0", 1).value(), {}, handler).value();
  Client client(loop, {});
  for (int i = 0; i < 3; ++i) {
    std::optional<std::string> body;
    const auto call = client.Send(
        {.url = "http://" + server->local().ToString() + "/x"},
        [&](Result<Response> response) { body = response.ok() ? response->body : response.status().text(); });
    EXPECT_TRUE(RunUntil(loop, [&] { return body.has_value(); }));
    EXPECT_EQ(body, "/x");
  }
}

}  // namespace
}  // namespace signpost::http
