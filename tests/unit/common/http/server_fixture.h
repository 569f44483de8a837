// Signpost. Apache-2.0; see LICENSE.
// A server under test, and clients that speak bytes to it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/http/server.h"
#include "tests/support/run_loop.h"

namespace signpost::http {

using test::RunTurns;
using test::RunUntil;

// A client that speaks bytes.
class RawClient {
 public:
  // `receive_buffer`: bytes that the kernel may take for it; 0 = as many as it likes.
  explicit RawClient(const net::SocketAddress& to, const char* from = nullptr, int receive_buffer = 0)
      : fd_(socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
      EXPECT_EQ(setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer), 0);
    }
    if (from != nullptr) {
      const net::SocketAddress source = net::SocketAddress::Parse(std::string(from) + ":0", 0).value();
      EXPECT_EQ(bind(fd_, source.get(), source.length()), 0);
    }
    EXPECT_EQ(connect(fd_, to.get(), to.length()), 0);
    fcntl(fd_, F_SETFL, O_NONBLOCK);
  }
  ~RawClient() { Close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void Send(std::string_view text) {
    EXPECT_EQ(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // Sends as much as the kernel takes.
  size_t SendSome(std::string_view text) {
    const ssize_t n = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    return n > 0 ? static_cast<size_t>(n) : 0;
  }
  void FinishSending() { shutdown(fd_, SHUT_WR); }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  // Takes what has come, up to `most` bytes; for RunUntil.
  bool Read(size_t most = SIZE_MAX) {
    char buffer[65536];
    ssize_t n = 1;
    while (most > 0 && n > 0) {
      n = recv(fd_, buffer, std::min(most, sizeof buffer), 0);
      if (n > 0) got.append(buffer, static_cast<size_t>(n));
      if (n > 0) most -= static_cast<size_t>(n);
    }
    if (n == 0 || (n < 0 && errno != EAGAIN)) closed = true;
    return true;
  }

  std::string got;
  bool closed = false;

 private:
  int fd_;
};

inline constexpr char kGet[] = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";

class ServerTest : public ::testing::Test {
 protected:
  void Listen(ServerOptions options = {}) {
    auto result = Server::Listen(loop, net::SocketAddress::Parse("127.0.0.1:0", 0).value(), options,
                                 [this](ServerRequest request, std::unique_ptr<Responder> responder) {
                                   ++handled;
                                   handler(std::move(request), std::move(responder));
                                 });
    ASSERT_TRUE(result.ok()) << result.status().text();
    server = std::move(result).value();
  }

  // Sends `bytes` and waits for the end of the connection, or for `answers` answers.
  std::string Talk(std::string_view bytes, int answers = 0) {
    RawClient client(server->local());
    client.Send(bytes);
    EXPECT_TRUE(RunUntil(loop,
                         [&] {
                           client.Read();
                           return client.closed || (answers > 0 && Count(client.got, "HTTP/1.1 ") == answers);
                         }))
        << bytes.substr(0, 100) << " -> " << client.got;
    return client.got;
  }

  static int Count(std::string_view text, std::string_view what) {
    int count = 0;
    for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
    return count;
  }

  // A handler that keeps the responder, for the test to answer.
  void HoldAnswers() {
    handler = [this](ServerRequest, std::unique_ptr<Responder> responder) { held.push_back(std::move(responder)); };
  }

  net::Loop loop;
  std::function<void(ServerRequest, std::unique_ptr<Responder>)> handler = [](ServerRequest request, auto responder) {
    responder->Send({.status = 200, .headers = {}, .body = request.method + " " + request.path + " " + request.body});
  };
  int handled = 0;
  std::vector<std::unique_ptr<Responder>> held;
  std::unique_ptr<Server> server;
};

}  // namespace signpost::http
