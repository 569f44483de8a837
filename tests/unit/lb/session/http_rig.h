// Signpost. Apache-2.0; see LICENSE.
// Clients, the connections under test, and origins, on one thread over loopback. Every wait has a deadline.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/net/loop.h"
#include "common/net/reactor.h"
#include "lb/session/exchange_pool.h"
#include "lb/session/http_connection.h"
#include "lb/session/session_context.h"
#include "tests/support/run_loop.h"

namespace signpost::lb::test {

// A plain socket that the test speaks through: a client's or an origin's end.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) { fcntl(fd_, F_SETFL, O_NONBLOCK); }
  ~Peer() { Close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // What the kernel takes of it.
  size_t Send(std::string_view bytes) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<size_t>(sent);
  }
  void Finish() { shutdown(fd_, SHUT_WR); }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  void Reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    Close();
  }

  // All that came so far.
  const std::string& Got() {
    std::array<char, 65536> buffer;  // NOLINT: filled by the kernel
    while (!over()) {
      const ssize_t size = recv(fd_, buffer.data(), buffer.size(), 0);
      if (size > 0) {
        got_.append(buffer.data(), static_cast<size_t>(size));
        continue;
      }
      if (size < 0 && errno == EAGAIN) break;
      (size == 0 ? ended_ : reset_) = true;
    }
    return got_;
  }
  bool Has(std::string_view text) { return Got().find(text) != std::string::npos; }
  std::string Take() {
    Got();
    return std::exchange(got_, std::string());
  }
  bool Ended() { return Got(), ended_; }
  bool WasReset() { return Got(), reset_; }
  bool Over() { return Got(), over(); }

 private:
  bool over() const { return ended_ || reset_ || fd_ < 0; }
  int fd_;
  bool ended_ = false;
  bool reset_ = false;
  std::string got_;
};

inline int ListenOnLoopback(net::SocketAddress& address, int backlog = 128) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
  EXPECT_EQ(listen(fd, backlog), 0);
  socklen_t length = sizeof any;
  getsockname(fd, reinterpret_cast<sockaddr*>(&any), &length);
  address = net::SocketAddress::From(reinterpret_cast<sockaddr*>(&any), length);
  return fd;
}

// A server that does what the test tells it.
class Origin {
 public:
  Origin() : fd_(ListenOnLoopback(address_)) {}
  ~Origin() { Close(); }
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;

  const net::SocketAddress& address() const { return address_; }
  // Refuses from now on.
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  size_t Connections() {
    for (int fd = 0; fd_ >= 0 && (fd = accept(fd_, nullptr, nullptr)) >= 0;) peers_.emplace_back(fd);
    return peers_.size();
  }
  Peer& operator[](size_t index) { return peers_.at(index); }

 private:
  net::SocketAddress address_;
  int fd_;
  std::deque<Peer> peers_;
};

struct RecordedAccess {
  int status;
  Termination termination;
  std::string method, target, service, endpoint, request_id;
  uint32_t attempts;
  uint64_t bytes_sent;
};

class Recorder final : public AccessSink {
 public:
  void Record(const AccessRecord& record) override {
    records.push_back({record.status, record.termination, std::string(record.method), std::string(record.target),
                       std::string(record.service), std::string(record.endpoint), std::string(record.request_id),
                       record.attempts, record.bytes_sent});
  }
  std::vector<RecordedAccess> records;
};

class Rig : public ::testing::Test {
 protected:
  Rig() {
    context.request_id_prefix = "id-";
    context.access = &log;
    rules.access_log = true;
    settings.slow_start = Millis(0);
    UseRules();
  }

  void UseRules() { context.rules = std::make_shared<const SessionRules>(rules); }

  // web.example goes to these origins.
  void Serve(const std::vector<Origin*>& origins, std::vector<HttpRoute> more = {}) {
    std::vector<net::SocketAddress> addresses;
    for (const Origin* origin : origins) addresses.push_back(origin->address());
    ServeAt(addresses, std::move(more));
  }
  void ServeAt(const std::vector<net::SocketAddress>& addresses, std::vector<HttpRoute> more = {}) {
    std::vector<Instance> instances;
    for (const net::SocketAddress& address : addresses) {
      Instance instance;
      instance.address = address;
      instance.id = address.ToString();
      instance.version = versions.empty() ? "default" : versions[instances.size() % versions.size()];
      instances.push_back(instance);
    }
    const Millis now = std::chrono::duration_cast<Millis>(reactor.Now());
    auto pool = std::make_shared<const Pool>(
        MakePool("web", 0, std::make_shared<const ServiceSettings>(settings), instances, book, state, now));
    HttpRoute web;
    web.host = "web.example";
    web.service = "web";
    more.push_back(web);
    auto routes = std::make_shared<Routes>();
    routes->http = std::make_shared<const HttpRouteTable>(more);
    routes->pools = {pool};
    context.Publish(routes, false);
  }

  // A connection to lb.
  std::unique_ptr<Peer> Connect(bool accept_proxy = false) {
    net::SocketAddress address;
    const int listener = ListenOnLoopback(address);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    if (socket_buffer > 0) {
      setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &socket_buffer, sizeof socket_buffer);
      setsockopt(client, SOL_SOCKET, SO_RCVBUF, &socket_buffer, sizeof socket_buffer);
    }
    EXPECT_EQ(connect(client, address.get(), address.length()), 0);
    sockaddr_in from{};
    socklen_t length = sizeof from;
    int fd = -1;
    while ((fd = accept4(listener, reinterpret_cast<sockaddr*>(&from), &length, SOCK_NONBLOCK)) < 0 &&
           errno == EAGAIN) {
    }
    close(listener);
    StartHttpConnection(context, net::UniqueFd(fd),
                        net::SocketAddress::From(reinterpret_cast<sockaddr*>(&from), length), address.port(),
                        accept_proxy);
    return std::make_unique<Peer>(client);
  }
  std::unique_ptr<Peer> Ask(std::string_view request) {
    auto client = Connect();
    EXPECT_EQ(client->Send(request), request.size());
    return client;
  }

  ::testing::AssertionResult Until(const std::function<bool()>& done) { return signpost::test::RunUntil(loop, done); }
  void Turns(int turns = 5) { signpost::test::RunTurns(loop, turns); }
  // Waits for text at a peer, and returns all that it got. The origin's or client's text so far is taken.
  std::string UntilGot(Peer& peer, std::string_view text) {
    EXPECT_TRUE(Until([&] { return peer.Has(text); })) << "no '" << text << "' in: " << peer.Got();
    return peer.Take();
  }
  // The connection number `index` of an origin, once it has read `text` on it.
  Peer& Served(Origin& origin, size_t index = 0, std::string_view text = "\r\n\r\n") {
    EXPECT_TRUE(Until([&] { return origin.Connections() > index && origin[index].Has(text); }));
    return origin[index];
  }
  // Sends, `most` bytes at most, until nothing is taken for so many turns (of a millisecond); how much was taken.
  size_t SendUntilFull(Peer& peer, size_t most = SIZE_MAX, int quiet_turns = 50) {
    const std::string piece(256 << 10, 'x');
    size_t sent = 0;
    int quiet = 0;
    EXPECT_TRUE(Until([&] {
      const size_t more = peer.Send(std::string_view(piece).substr(0, most - sent));
      sent += more;
      quiet = more == 0 ? quiet + 1 : 0;
      return quiet > quiet_turns;
    }));
    return sent;
  }

  net::Loop loop;
  net::Reactor reactor{loop};
  Recorder log;
  SessionRules rules;
  ServiceSettings settings;
  std::vector<std::string> versions;
  int socket_buffer = 0;  // between clients and lb; 0 = the kernel's own idea
  EndpointBook book;
  std::shared_ptr<PoolState> state = std::make_shared<PoolState>();
  SessionContext context{reactor, 1};
};

inline constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: web.example\r\n\r\n";
inline constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace signpost::lb::test
