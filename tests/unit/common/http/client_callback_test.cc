// Signpost. Apache-2.0; see LICENSE.
// What callers may do while the client works for them: cancel, stream, destroy, send more.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "common/http/client.h"
#include "tests/unit/common/http/client_fixture.h"

namespace signpost::http {
namespace {

TEST_F(ClientTest, DestroyedCallSaysNothing) {
  Serve();
  std::vector<std::unique_ptr<Responder>> open;
  handler = [&](ServerRequest, std::unique_ptr<Responder> responder) { open.push_back(std::move(responder)); };
  const auto token = std::make_shared<int>(0);
  int done = 0;
  auto call = client->Send(Get(Url("/")), [&, token](auto) { ++done; });
  EXPECT_TRUE(RunUntil(loop, [&] { return open.size() == 1; }));
  call.reset();
  EXPECT_EQ(token.use_count(), 1) << "the callback is gone at once";
  EXPECT_EQ(client->connections(), 0U) << "and so is the connection";
  EXPECT_EQ(done, 0);
}

TEST_F(ClientTest, CancellingAQueuedCallSkipsIt) {
  Serve();
  client = std::make_unique<Client>(loop, ClientOptions{.max_connections = 1});
  std::string order;
  const auto note = [&](char c) { return [&order, c](auto) { order += c; }; };
  const auto a = client->Send(Get(Url("/a")), note('a'));
  auto b = client->Send(Get(Url("/b")), note('b'));
  const auto c = client->Send(Get(Url("/c")), note('c'));
  b.reset();
  EXPECT_TRUE(RunUntil(loop, [&] { return order.size() == 2; }));
  EXPECT_EQ(order, "ac");
  EXPECT_EQ(handled, 2);
}

TEST_F(ClientTest, CancellingAnActiveCallStartsTheNext) {
  Serve();
  client = std::make_unique<Client>(loop, ClientOptions{.max_connections = 1});
  std::vector<std::unique_ptr<Responder>> open;
  handler = [&](ServerRequest request, std::unique_ptr<Responder> responder) {
    if (request.path == "/hangs") {
      open.push_back(std::move(responder));
    } else {
      responder->Send({});
    }
  };
  bool done = false;
  auto hangs = client->Send(Get(Url("/hangs")), [](auto) { FAIL(); });
  const auto next = client->Send(Get(Url("/next")), [&](auto) { done = true; });
  EXPECT_TRUE(RunUntil(loop, [&] { return open.size() == 1; }));
  hangs.reset();
  EXPECT_TRUE(RunUntil(loop, [&] { return done; }));
}

TEST_F(ClientTest, CallbackMayDestroyItsCallAndSendMore) {
  Serve();
  int done = 0;
  std::unique_ptr<Client::Call> call;
  std::function<void(Result<Response>)> again = [&](const Result<Response>& r) {
    EXPECT_TRUE(r.ok());
    call.reset();
    if (++done < 5) call = client->Send(Get(Url("/")), again);
  };
  call = client->Send(Get(Url("/")), again);
  EXPECT_TRUE(RunUntil(loop, [&] { return done == 5; }));
}

TEST_F(ClientTest, CallbackMayDestroyOtherCalls) {
  Serve();
  std::vector<std::unique_ptr<Client::Call>> calls;
  int done = 0;
  for (int i = 0; i < 8; ++i) {
    calls.push_back(client->Send(Get(Url("/")), [&](auto) {
      ++done;
      calls.clear();
    }));
  }
  EXPECT_TRUE(RunUntil(loop, [&] { return done > 0; }));
  RunTurns(loop, 20);
  EXPECT_EQ(done, 1);
}

TEST_F(ClientTest, ClientMayDieInACallback) {
  Serve();
  std::vector<std::unique_ptr<Client::Call>> calls;
  int done = 0;
  for (int i = 0; i < 4; ++i) {
    calls.push_back(client->Send(Get(Url("/")), [&](auto) {
      ++done;
      client.reset();
    }));
  }
  EXPECT_TRUE(RunUntil(loop, [&] { return done > 0; }));
  EXPECT_TRUE(RunUntil(loop, [&] { return server->connections() == 0; }));
  EXPECT_EQ(done, 1);
}

TEST_F(ClientTest, DestroyedClientCancelsEverythingSilently) {
  Serve();
  handler = [](ServerRequest, std::unique_ptr<Responder> responder) { responder->Send({}); };
  client = std::make_unique<Client>(loop, ClientOptions{.max_connections = 1});
  const auto token = std::make_shared<int>(0);
  auto active = client->Send(Get(Url("/")), [token](auto) { FAIL(); });
  auto queued = client->Send(Get(Url("/")), [token](auto) { FAIL(); });
  client.reset();
  RunTurns(loop);
  active.reset();
  queued.reset();
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(ClientTest, MayOutliveItsLoop) {
  auto own = std::make_unique<net::Loop>();
  Client late(*own, {});
  int done = 0;
  ScriptedServer script(loop, kOk, false);
  auto call = late.Send(Get(script.Url()), [&](auto) { ++done; });
  RunTurns(*own);
  own.reset();
  EXPECT_EQ(done, 0);
}

// --- streams ---

constexpr char kStreamHead[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST_F(ClientTest, StreamsPiecesAsTheyCome) {
  ScriptedServer script(loop, kStreamHead, false);
  std::string got;
  std::optional<Result<Response>> end;
  Request request = Get(script.Url());
  request.timeout = Millis(0);
  const auto call = client->Stream(
      request,
      [&](std::string_view piece) {
        got += piece;
        return true;
      },
      [&](Result<Response> r) { end = std::move(r); });
  EXPECT_TRUE(RunUntil(loop, [&] { return !script.received.empty(); }));
  for (const std::string piece : {"one", "two", "six"}) {
    script.Say("3\r\n" + piece + "\r\n");
    EXPECT_TRUE(RunUntil(loop, [&] { return got.ends_with(piece); })) << got;
    EXPECT_FALSE(end);
  }
  script.Say("0\r\n\r\n");
  EXPECT_TRUE(RunUntil(loop, [&] { return end.has_value(); }));
  ASSERT_TRUE(end->ok());
  EXPECT_EQ(got, "onetwosix");
  EXPECT_EQ(end->value().status, 200);
  EXPECT_EQ(end->value().body, "");
}

TEST_F(ClientTest, StreamIsNotBoundByTheBodyLimit) {
  client = std::make_unique<Client>(loop, ClientOptions{.max_body = 4});
  ScriptedServer script(loop, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", false);
  size_t got = 0;
  bool ok = false;
  const auto call = client->Stream(
      Get(script.Url()),
      [&](std::string_view piece) {
        got += piece.size();
        return true;
      },
      [&](const Result<Response>& r) { ok = r.ok(); });
  EXPECT_TRUE(RunUntil(loop, [&] { return ok; }));
  EXPECT_EQ(got, 10U);
}

TEST_F(ClientTest, ReaderOfAStreamMaySayStop) {
  ScriptedServer script(loop, std::string(kStreamHead) + "3\r\none\r\n", false);
  std::optional<Status> end;
  int pieces = 0;
  const auto call = client->Stream(
      Get(script.Url()),
      [&](std::string_view) {
        ++pieces;
        return false;
      },
      [&](const Result<Response>& r) { end = r.status(); });
  EXPECT_TRUE(RunUntil(loop, [&] { return end.has_value(); }));
  EXPECT_EQ(end->kind(), ErrorKind::kInvalid);
  EXPECT_EQ(pieces, 1);
}

TEST_F(ClientTest, StreamMayBeDestroyedByItsReader) {
  ScriptedServer script(loop, std::string(kStreamHead) + "3\r\none\r\n", false);
  std::unique_ptr<Client::Call> call;
  bool called = false;
  call = client->Stream(
      Get(script.Url()),
      [&](std::string_view) {
        call.reset();
        return called = true;
      },
      [](auto) { FAIL(); });
  EXPECT_TRUE(RunUntil(loop, [&] { return called; }));
  RunTurns(loop);
  EXPECT_EQ(client->connections(), 0U);
}

TEST_F(ClientTest, ReaderMaySendAndCancelOthers) {
  Serve();
  ScriptedServer script(loop, std::string(kStreamHead) + "3\r\none\r\n", false);
  handler = [](ServerRequest request, std::unique_ptr<Responder> responder) {
    static std::vector<std::unique_ptr<Responder>> hanging;
    if (request.path == "/hangs") {
      hanging.push_back(std::move(responder));
    } else {
      hanging.clear();
      responder->Send({});
    }
  };
  auto hangs = client->Send(Get(Url("/hangs")), [](auto) { FAIL(); });
  EXPECT_TRUE(RunUntil(loop, [&] { return handled == 1; }));
  std::unique_ptr<Client::Call> more;
  bool done = false;
  const auto stream = client->Stream(
      Get(script.Url()),
      [&](std::string_view) {
        hangs.reset();
        more = client->Send(Get(Url("/more")), [&](const Result<Response>& r) { done = r.ok(); });
        return true;
      },
      [](auto) { FAIL(); });
  EXPECT_TRUE(RunUntil(loop, [&] { return done; }));
}

TEST_F(ClientTest, ReaderMayDestroyTheClient) {
  ScriptedServer script(loop, std::string(kStreamHead) + "3\r\none\r\n", false);
  bool called = false;
  auto call = client->Stream(
      Get(script.Url()),
      [&](std::string_view) {
        client.reset();
        return called = true;
      },
      [](auto) { FAIL(); });
  EXPECT_TRUE(RunUntil(loop, [&] { return called; }));
  RunTurns(loop);
}

TEST_F(ClientTest, TheHeadOfAStreamIsToldBeforeItsBody) {
  Serve();
  std::string order;
  handler = [](ServerRequest request, std::unique_ptr<Responder> responder) {
    const bool moved = request.path == "/moved";
    responder->Send({.status = moved ? 302 : 418, .headers = {{"Location", "/"}}, .body = "tea"});
  };
  Request request = Get(Url("/moved"));
  request.max_redirects = 1;
  const auto call = client->Stream(
      std::move(request), [&](const Response& head) { order += "head " + std::to_string(head.status); },
      [&](std::string_view piece) {
        order += " " + std::string(piece);
        return true;
      },
      [&](const Result<Response>& done) { order += done.ok() ? " done" : " failed"; });
  EXPECT_TRUE(RunUntil(loop, [&] { return order.ends_with("done"); })) << order;
  EXPECT_EQ(order, "head 418 tea done") << "a redirect that is followed has no say";
}

TEST_F(ClientTest, TheHeadComesWhileTheBodyIsSilent) {
  ScriptedServer silent(loop, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                        false);
  std::vector<int> heads;
  std::unique_ptr<Client::Call> call;
  call = client->Stream(
      Get(silent.Url()),
      [&](const Response& head) {
        heads.push_back(head.status);
        call.reset();  // allowed here
      },
      [](std::string_view) { return true; }, [](const Result<Response>&) { FAIL(); });
  EXPECT_TRUE(RunUntil(loop, [&] { return !heads.empty(); }));
  RunTurns(loop);
  EXPECT_EQ(heads, std::vector<int>{200});
}

// The descriptor of our connection to that port; -1 if there is none.
int ConnectionTo(uint16_t port) {
  for (int fd = 0; fd < 256; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof(peer);
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0 && ntohs(peer.sin_port) == port) return fd;
  }
  return -1;
}

// A peer that vanished under a silent stream: the kernel gives up after 10 + 3 * 5 seconds.
TEST_F(ClientTest, ConnectionsAreKeptAliveByTheKernel) {
  Serve();
  EXPECT_FALSE(Body(Get(Url("/"))).empty());
  const int fd = ConnectionTo(server->local().port());
  ASSERT_GE(fd, 0);
  const auto option = [fd](int level, int name) {
    int value = -1;
    socklen_t size = sizeof(value);
    getsockopt(fd, level, name, &value, &size);
    return value;
  };
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 10);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPINTVL), 5);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPCNT), 3);
}

}  // namespace
}  // namespace signpost::http
