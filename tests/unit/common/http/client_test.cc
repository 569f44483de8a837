// Signpost. Apache-2.0; see LICENSE.
#include "common/http/client.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

#include "common/net/poll.h"
#include "tests/unit/common/http/client_fixture.h"

namespace signpost::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(ClientTest, FetchesStatusHeadersAndBody) {
  Serve();
  const Result<Response> result = Fetch(Get(Url("/a")));
  ASSERT_TRUE(result.ok()) << result.status().text();
  EXPECT_EQ(result.value().status, 200);
  EXPECT_EQ(result.value().Header("x-consul-index"), "42");
  EXPECT_EQ(result.value().Header("absent"), "");
  EXPECT_EQ(result.value().body, "GET /a [] ||");
}

TEST_F(ClientTest, OneHandleServesEveryMethodInTurn) {
  Serve();
  client = std::make_unique<Client>(loop, ClientOptions{.max_connections = 1});
  EXPECT_EQ(Body({.method = "PUT", .url = Url("/p"), .headers = {}, .body = "data"}), "PUT /p [data] ||");
  EXPECT_EQ(Body(Get(Url("/g"))), "GET /g [] ||");
  EXPECT_EQ(Body({.method = "HEAD", .url = Url("/h"), .headers = {}, .body = ""}), "");
  EXPECT_EQ(Body(Get(Url("/g"))), "GET /g [] ||");
  EXPECT_EQ(Body({.method = "DELETE", .url = Url("/d"), .headers = {}, .body = ""}), "DELETE /d [] ||");
  EXPECT_EQ(Body({.method = "PUT", .url = Url("/empty"), .headers = {}, .body = ""}), "PUT /empty [] ||");
  EXPECT_EQ(Body({.method = "POST", .url = Url("/t"), .headers = {{"Content-Type", "application/json"}}, .body = "{}"}),
            "POST /t [{}] |application/json|");
  EXPECT_EQ(Body(Get(Url("/g"))), "GET /g [] ||");
  EXPECT_EQ(client->connections(), 1U);
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(ClientTest, HeadersAreThoseOfThisRequestOnly) {
  Serve();
  Request request = Get(Url("/"));
  request.headers = {{"X-Consul-Token", "one"}};
  EXPECT_EQ(Body(request), "GET / [] one||");
  EXPECT_EQ(Body(request), "GET / [] one||");
  request.headers = {{"X-Consul-Token", "two"}};
  EXPECT_EQ(Body(request), "GET / [] two||");
  request.headers = {{"X-Consul-Token", ""}};
  EXPECT_EQ(Body(request), "GET / [] ||");
  EXPECT_EQ(Body(Get(Url("/"))), "GET / [] ||");
}

TEST_F(ClientTest, LargeBodiesBothWays) {
  Serve();
  handler = [](ServerRequest request, auto responder) {
    responder->Send({.status = 200, .headers = {}, .body = request.body + request.body});
  };
  const std::string big(1000000, 'b');
  EXPECT_EQ(Body({.method = "PUT", .url = Url("/"), .headers = {}, .body = big}), big + big);
}

TEST_F(ClientTest, AnyStatusIsAnAnswer) {
  Serve();
  for (const int status : {204, 301, 404, 500}) {
    handler = [status](ServerRequest, auto responder) {
      responder->Send({.status = status, .headers = {{"Location", "/elsewhere"}}, .body = ""});
    };
    const Result<Response> result = Fetch(Get(Url("/")));
    ASSERT_TRUE(result.ok()) << result.status().text();
    EXPECT_EQ(result.value().status, status) << "redirects are not followed";
  }
}

TEST_F(ClientTest, InterimResponsesAndTrailersDoNotCount) {
  ScriptedServer script(loop,
                        "HTTP/1.1 103 Early Hints\r\nX-A: early\r\n\r\n"
                        "HTTP/1.1 200 OK\r\nX-A:  final \r\nTransfer-Encoding: chunked\r\n\r\n"
                        "3\r\nabc\r\n0\r\nX-A: trailer\r\nX-B: trailer\r\n\r\n",
                        false);
  const Result<Response> result = Fetch(Get(script.Url()));
  ASSERT_TRUE(result.ok()) << result.status().text();
  EXPECT_EQ(result.value().status, 200);
  EXPECT_EQ(result.value().Header("x-a"), "final");
  EXPECT_EQ(result.value().Header("x-b"), "");
  EXPECT_EQ(result.value().body, "abc");
}

TEST_F(ClientTest, NothingIsAskedToBeCompressed) {
  ScriptedServer script(loop, kOk, false);
  EXPECT_EQ(Body(Get(script.Url())), "ok");
  EXPECT_THAT(script.received, Not(HasSubstr("ccept-Encoding")));
}

TEST_F(ClientTest, RefusedConnectionIsUnavailable) {
  Serve();
  const std::string url = Url("/v1?token=SECRET");
  const std::string address = server->local().ToString();
  server.reset();
  RunTurns(loop);
  const Status status = Error(Get(url));
  EXPECT_EQ(status.kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(status.text(), address + ": Connection refused");
}

TEST_F(ClientTest, MessagesNeverHoldSecrets) {
  ScriptedServer script(loop, "", true);
  const size_t port = script.Url().rfind(':');
  Request request = Get("http://user:SECRET@127.0.0.1" + script.Url().substr(port) + "SECRET?token=SECRET");
  request.headers = {{"X-Consul-Token", "SECRET"}};
  const Status status = Error(request);
  EXPECT_THAT(status.text(), StartsWith("127.0.0.1:"));
  EXPECT_THAT(status.text(), Not(HasSubstr("SECRET")));
  EXPECT_THAT(script.received, HasSubstr("SECRET"));
}

TEST_F(ClientTest, BrokenExchangesAreUnavailable) {
  for (const char* reply :
       {"", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "not HTTP at all\r\n\r\n"}) {
    ScriptedServer script(loop, reply, true);
    const Status status = Error(Get(script.Url()));
    EXPECT_EQ(status.kind(), ErrorKind::kUnavailable) << reply;
    EXPECT_THAT(status.text(), StartsWith("127.0.0.1:")) << reply;
  }
}

TEST_F(ClientTest, TimeoutIsUnavailable) {
  ScriptedServer script(loop, "", false);
  Request request = Get(script.Url());
  request.timeout = Millis(30);
  const Status status = Error(request);
  EXPECT_EQ(status.kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(status.text(), HasSubstr("timed out"));
  request.timeout = Millis(0);
  int done = 0;
  const auto call = client->Send(request, [&](auto) { ++done; });
  RunTurns(loop, 50);
  EXPECT_EQ(done, 0) << "zero means no limit";
}

TEST_F(ClientTest, NonsenseIsInvalidAndToldLater) {
  Request smuggled = Get("http://127.0.0.1:1/");
  smuggled.headers = {{"X-Consul-Token", "a\r\nX-Evil: 1"}};
  EXPECT_EQ(Error(smuggled).kind(), ErrorKind::kInvalid);
  EXPECT_THAT(Error(smuggled).text(), Not(HasSubstr("Evil")));
  EXPECT_EQ(Error(Get("http://127.0.0.1:1/a\nb")).kind(), ErrorKind::kInvalid);
  EXPECT_EQ(Error({.method = "", .url = "http://127.0.0.1:1/", .headers = {}, .body = ""}).kind(), ErrorKind::kInvalid);
  EXPECT_EQ(Error(Get("ftp://127.0.0.1/")).kind(), ErrorKind::kInvalid);
  EXPECT_EQ(Error(Get("http://:port/")).kind(), ErrorKind::kInvalid);
}

TEST_F(ClientTest, CancelledNonsenseSaysNothing) {
  Request bad = Get("x\ny");
  int done = 0;
  client->Send(bad, [&](auto) { ++done; }).reset();
  RunTurns(loop);
  EXPECT_EQ(done, 0);
}

TEST_F(ClientTest, BodyOverTheLimitFails) {
  Serve();
  client = std::make_unique<Client>(loop, ClientOptions{.max_body = 10});
  size_t size = 10;
  handler = [&](ServerRequest, auto responder) {
    responder->Send({.status = 200, .headers = {}, .body = std::string(size, 'x')});
  };
  EXPECT_EQ(Body(Get(Url("/"))), "xxxxxxxxxx");
  size = 11;
  const Status status = Error(Get(Url("/")));
  EXPECT_EQ(status.kind(), ErrorKind::kLimit);
  EXPECT_THAT(status.text(), HasSubstr("larger than 10 bytes"));
}

TEST_F(ClientTest, PlainServerOnAnHttpsUrlIsUnavailable) {
  ScriptedServer script(loop, kOk, false);
  const Status status = Error(Get("https" + script.Url().substr(4)));
  EXPECT_EQ(status.kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(status.text(), StartsWith("127.0.0.1:"));
}

TEST_F(ClientTest, MissingCaFileIsUnavailable) {
  ScriptedServer script(loop, kOk, false);
  client = std::make_unique<Client>(loop, ClientOptions{.tls = {.ca_file = "/nonexistent/ca.pem"}});
  const Status status = Error(Get("https" + script.Url().substr(4)));
  EXPECT_EQ(status.kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(status.text(), HasSubstr("/nonexistent/ca.pem"));
}

// --- connections ---

TEST_F(ClientTest, NeverMoreConnectionsThanAllowed) {
  Serve();
  client = std::make_unique<Client>(loop, ClientOptions{.max_connections = 3});
  std::vector<std::unique_ptr<Responder>> open;
  std::vector<std::string> order;
  handler = [&](ServerRequest request, std::unique_ptr<Responder> responder) {
    order.push_back(request.path);
    open.push_back(std::move(responder));
  };
  std::vector<std::unique_ptr<Client::Call>> calls;
  int done = 0;
  for (int i = 0; i < 10; ++i) {
    calls.push_back(client->Send(Get(Url("/" + std::to_string(i))), [&](const Result<Response>& r) {
      EXPECT_TRUE(r.ok());
      ++done;
    }));
  }
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_TRUE(RunUntil(loop, [&] { return open.size() >= std::min<size_t>(i + 3, 10); }));
    EXPECT_LE(server->connections(), 3U);
    EXPECT_LE(open.size(), i + 3);
    open[i]->Send({});
  }
  EXPECT_TRUE(RunUntil(loop, [&] { return done == 10; }));
  EXPECT_EQ(client->connections(), 3U);
  EXPECT_EQ(order.size(), 10U);
}

TEST_F(ClientTest, ConnectionsAreReused) {
  Serve();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Body(Get(Url("/"))), "GET / [] ||");
  EXPECT_EQ(client->connections(), 1U);
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(ClientTest, ServerThatClosesIdleConnectionsIsNoError) {
  Serve();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Body(Get(Url("/"))), "GET / [] ||");
    const net::SocketAddress address = server->local();
    server.reset();
    RunTurns(loop);
    auto again =
        Server::Listen(loop, address, {}, [this](ServerRequest r, auto a) { handler(std::move(r), std::move(a)); });
    ASSERT_TRUE(again.ok()) << again.status().text();
    server = std::move(again).value();
  }
  EXPECT_LE(client->connections(), 2U);
}

TEST_F(ClientTest, ThousandsOfQueuedRequestsAllFinish) {
  Serve();
  client = std::make_unique<Client>(loop, ClientOptions{.max_connections = 16});
  constexpr int kMany = 3000;
  std::vector<std::unique_ptr<Client::Call>> calls;
  int good = 0;
  for (int i = 0; i < kMany; ++i) {
    const std::string path = "/" + std::to_string(i);
    calls.push_back(client->Send(Get(Url(path)), [&good, path](const Result<Response>& r) {
      if (r.ok() && r.value().body == "GET " + path + " [] ||") ++good;
    }));
  }
  EXPECT_TRUE(RunUntil(
      loop, [&] { return good == kMany; }, Millis(30000)))
      << good;
  EXPECT_EQ(server->connections(), 16U);
}

TEST_F(ClientTest, UnixSocket) {
  const std::string path = ::testing::TempDir() + "client_test." + std::to_string(getpid()) + ".sock";
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  client = std::make_unique<Client>(loop, ClientOptions{.unix_socket = path});
  {
    net::Poll accept_one(loop, listener, [&](unsigned) {
      const int fd = accept(listener, nullptr, nullptr);
      EXPECT_EQ(send(fd, kOk, sizeof kOk - 1, 0), static_cast<ssize_t>(sizeof kOk - 1));
      shutdown(fd, SHUT_WR);
      char request[4096];
      while (recv(fd, request, sizeof request, 0) > 0) break;
      close(fd);
    });
    accept_one.Start(net::kReadable);
    EXPECT_EQ(Body(Get("http://docker/v1.41/info")), "ok");
  }
  close(listener);
  unlink(path.c_str());
  const Status status = Error(Get("http://docker/v1.41/info"));
  EXPECT_EQ(status.kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(status.text(), StartsWith("unix:" + path + ": ")) << status.text();
}

}  // namespace
}  // namespace signpost::http
