// Signpost. Apache-2.0; see LICENSE.
// Servers to test the HTTP client against: a scripted one, and our own.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/http/client.h"
#include "common/http/server.h"
#include "common/net/tcp.h"
#include "tests/support/run_loop.h"

namespace signpost::http {

using test::RunTurns;
using test::RunUntil;

inline constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// A server that says `reply` once something has come, and perhaps closes then.
class ScriptedServer {
 public:
  ScriptedServer(net::Loop& loop, std::string reply, bool close) : reply_(std::move(reply)), close_(close) {
    auto result = net::TcpListener::Listen(loop, net::SocketAddress::Parse("127.0.0.1:0", 0).value(), {},
                                           [this](std::unique_ptr<net::TcpStream> s) { Accept(std::move(s)); });
    EXPECT_TRUE(result.ok()) << result.status().text();
    listener_ = std::move(result).value();
  }

  std::string Url(std::string_view path = "/") const {
    return "http://" + listener_->local().ToString() + std::string(path);
  }
  void Say(std::string_view text) {
    streams.back()->Write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }

  std::vector<std::unique_ptr<net::TcpStream>> streams;
  std::string received;

 private:
  void Accept(std::unique_ptr<net::TcpStream> stream) {
    streams.push_back(std::move(stream));
    streams.back()->SetHandlers({.on_data =
                                     [this, i = streams.size() - 1](std::span<const uint8_t> data) {
                                       received.append(data.begin(), data.end());
                                       Say(reply_);
                                       if (close_) net::TcpStream::CloseAfterDrain(std::move(streams[i]));
                                     },
                                 .on_end = nullptr,
                                 .on_drained = nullptr});
    streams.back()->StartReading();
  }

  const std::string reply_;
  const bool close_;
  std::unique_ptr<net::TcpListener> listener_;
};

// Our own server, which echoes the request; and a client.
class ClientTest : public ::testing::Test {
 protected:
  void Serve() {
    auto result = Server::Listen(loop, net::SocketAddress::Parse("127.0.0.1:0", 0).value(), {},
                                 [this](ServerRequest request, std::unique_ptr<Responder> responder) {
                                   ++handled;
                                   handler(std::move(request), std::move(responder));
                                 });
    ASSERT_TRUE(result.ok()) << result.status().text();
    server = std::move(result).value();
  }

  std::string Url(std::string_view path) const { return "http://" + server->local().ToString() + std::string(path); }

  // Sends and waits.
  Result<Response> Fetch(Request request) {
    std::optional<Result<Response>> result;
    const auto call = client->Send(std::move(request), [&](Result<Response> r) { result = std::move(r); });
    EXPECT_FALSE(result) << "called inside Send";
    EXPECT_TRUE(RunUntil(loop, [&] { return result.has_value(); }));
    return result ? *std::move(result) : Result<Response>(Status::Unavailable("no answer at all"));
  }
  std::string Body(Request request) {
    const Result<Response> result = Fetch(std::move(request));
    return result.ok() ? result.value().body : result.status().text();
  }
  Status Error(Request request) {
    const Result<Response> result = Fetch(std::move(request));
    EXPECT_FALSE(result.ok());
    return result.status();
  }
  static Request Get(std::string url) { return {.method = "GET", .url = std::move(url), .headers = {}, .body = ""}; }

  net::Loop loop;
  std::function<void(ServerRequest, std::unique_ptr<Responder>)> handler = [](ServerRequest request, auto responder) {
    responder->Send({.status = 200,
                     .headers = {{"X-Consul-Index", "42"}},
                     .body = request.method + " " + request.path + " [" + request.body + "] " +
                             std::string(request.Header("x-consul-token")) + "|" +
                             std::string(request.Header("content-type")) + "|" +
                             std::string(request.Header("expect"))});
  };
  int handled = 0;
  std::unique_ptr<Server> server;
  std::unique_ptr<Client> client = std::make_unique<Client>(loop, ClientOptions{});
};

}  // namespace signpost::http
