// Signpost. Apache-2.0; see LICENSE.
#include "common/net/connect.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/run_loop.h"

namespace signpost::net {
namespace {

using test::RunTurns;
using test::RunUntil;

class ConnectTest : public ::testing::Test {
 protected:
  uint16_t Listen(const std::string& address) {
    auto result = TcpListener::Listen(loop, SocketAddress::Parse(address, 0).value(), {},
                                      [this](std::unique_ptr<TcpStream> s) { accepted.push_back(std::move(s)); });
    EXPECT_TRUE(result.ok()) << result.status().text();
    listener = std::move(result).value();
    return listener->local().port();
  }
  uint16_t ClosedPort() {
    const uint16_t port = Listen("127.0.0.1:0");
    listener.reset();
    return port;
  }
  std::string Connect(const std::string& host, uint16_t port, Millis limit = Millis(3000)) {
    std::optional<std::string> outcome;
    const auto connection = Connection::Start(loop, host, port, limit, [&](Result<std::unique_ptr<TcpStream>> result) {
      outcome = result.ok() ? "connected" : result.status().text();
      if (result.ok()) stream = std::move(result).value();
    });
    EXPECT_FALSE(outcome) << "called inside Start";
    EXPECT_TRUE(RunUntil(loop, [&] { return outcome.has_value(); }));
    return outcome.value_or("nothing");
  }

  Loop loop;
  std::unique_ptr<TcpListener> listener;
  std::vector<std::unique_ptr<TcpStream>> accepted;
  std::unique_ptr<TcpStream> stream;
};

TEST_F(ConnectTest, ConnectsToAddressesAndNames) {
  const uint16_t port = Listen("127.0.0.1:0");
  for (const char* host : {"127.0.0.1", "localhost", "0.0.0.0"}) {
    accepted.clear();
    EXPECT_EQ(Connect(host, port), "connected") << host;
    EXPECT_TRUE(RunUntil(loop, [&] { return accepted.size() == 1; })) << host;
  }
}

TEST_F(ConnectTest, TheStreamWorks) {
  const uint16_t port = Listen("[::1]:0");
  ASSERT_EQ(Connect("::1", port), "connected");
  ASSERT_TRUE(RunUntil(loop, [&] { return accepted.size() == 1; }));
  std::string received;
  accepted[0]->SetHandlers(
      {.on_data = [&](std::span<const uint8_t> data) { received.append(data.begin(), data.end()); },
       .on_end = nullptr,
       .on_drained = nullptr});
  accepted[0]->StartReading();
  const std::string_view text = "hello";
  stream->Write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  EXPECT_TRUE(RunUntil(loop, [&] { return received == "hello"; }));
  EXPECT_EQ(stream->peer().port(), port);
}

TEST_F(ConnectTest, SaysWhyNot) {
  const uint16_t port = ClosedPort();
  const std::string refused = ":" + std::to_string(port) + ": connect: connection refused";
  EXPECT_EQ(Connect("127.0.0.1", port), "127.0.0.1" + refused);
  EXPECT_EQ(Connect("::1", port), "[::1]" + refused);
  EXPECT_EQ(Connect("no-such-host.invalid", 80).substr(0, 30), "lookup no-such-host.invalid: n");
}

TEST_F(ConnectTest, AFullBacklogIsATimeout) {
  auto result = TcpListener::Listen(loop, SocketAddress::Parse("127.0.0.1:0", 0).value(),
                                    {.reuse_port = false, .backlog = 0}, [](std::unique_ptr<TcpStream> /*stream*/) {});
  const SocketAddress address = result.value()->local();
  // The kernel completes two handshakes for a backlog of 0; a loop that does not run accepts none of them.
  Loop other;
  std::vector<int> fds;
  for (int i = 0; i < 8; ++i) {
    fds.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    connect(fds.back(), address.get(), address.length());
  }
  std::optional<std::string> outcome;
  const auto connection = Connection::Start(other, "127.0.0.1", address.port(), Millis(200),
                                            [&](auto end) { outcome = end.ok() ? "connected" : end.status().text(); });
  EXPECT_TRUE(RunUntil(other, [&] { return outcome.has_value(); }));
  EXPECT_EQ(outcome, address.ToString() + ": i/o timeout");
  for (const int fd : fds) close(fd);
}

TEST_F(ConnectTest, DestroyingItCancelsSilently) {
  const uint16_t port = Listen("127.0.0.1:0");
  bool called = false;
  const auto note = [&](auto /*result*/) { called = true; };
  Connection::Start(loop, "127.0.0.1", port, Millis(1000), note).reset();
  Connection::Start(loop, "localhost", port, Millis(1000), note).reset();
  RunTurns(loop, 50);
  EXPECT_FALSE(called);
}

TEST_F(ConnectTest, MayBeDestroyedInItsCallback) {
  std::unique_ptr<Connection> connection;
  const uint16_t port = ClosedPort();
  connection = Connection::Start(loop, "127.0.0.1", port, Millis(1000), [&](auto /*result*/) { connection.reset(); });
  EXPECT_TRUE(RunUntil(loop, [&] { return !connection; }));
}

}  // namespace
}  // namespace signpost::net
