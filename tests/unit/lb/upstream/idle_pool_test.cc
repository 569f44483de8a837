// Signpost. Apache-2.0; see LICENSE.
#include "lb/upstream/idle_pool.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/support/run_loop.h"
#include "tests/support/tcp_peer.h"

namespace signpost::lb {
namespace {

using test::RunTurns;
using test::RunUntil;
using test::TcpPair;

class NoOwner final : public net::SocketOwner {
  void OnReady(net::StreamSocket& /*socket*/) override {}
};

class IdlePoolTest : public testing::Test {
 protected:
  static std::shared_ptr<Endpoint> NewEndpoint(uint16_t port) {
    net::SocketAddress address = net::SocketAddress::Parse("192.0.2.1:1", 0).value();
    address.set_port(port);
    return std::make_shared<Endpoint>(address, Millis(1));
  }
  // A connection to `endpoint`; its other end is peers_[i].
  std::unique_ptr<UpstreamConnection> Open(const std::shared_ptr<Endpoint>& endpoint, uint32_t requests = 1) {
    peers_.push_back(std::make_unique<TcpPair>());
    auto connection = std::make_unique<UpstreamConnection>();
    connection->socket = net::StreamSocket::Adopt(reactor_, std::move(peers_.back()->end), nobody_);
    connection->endpoint = endpoint;
    connection->requests = requests;
    return connection;
  }
  // The socket that it had, to recognise it.
  const net::StreamSocket* Keep(const std::shared_ptr<Endpoint>& endpoint, const ServiceSettings& settings = {},
                                uint32_t requests = 1) {
    auto connection = Open(endpoint, requests);
    const net::StreamSocket* const socket = connection->socket.get();
    pool_.Keep(std::move(connection), settings);
    return socket;
  }
  const net::StreamSocket* Take(const std::shared_ptr<Endpoint>& endpoint) {
    taken_.push_back(pool_.Take(*endpoint));
    if (!taken_.back()) return nullptr;
    taken_.back()->socket->SetOwner(nobody_);
    return taken_.back()->socket.get();
  }
  test::TcpPeer& peer(size_t i) { return peers_[i]->peer; }

  net::Loop loop_;
  net::Reactor reactor_{loop_};
  NoOwner nobody_;
  std::vector<std::unique_ptr<TcpPair>> peers_;
  std::vector<std::unique_ptr<UpstreamConnection>> taken_;
  std::shared_ptr<Endpoint> one_ = NewEndpoint(1);
  std::shared_ptr<Endpoint> other_ = NewEndpoint(2);
  IdlePool pool_{reactor_};
};

TEST_F(IdlePoolTest, LastUsedFirst) {
  EXPECT_EQ(Take(one_), nullptr);
  const auto* const first = Keep(one_);
  const auto* const second = Keep(one_);
  const auto* const elsewhere = Keep(other_);
  EXPECT_EQ(pool_.size(), 3U);
  EXPECT_EQ(Take(one_), second);
  EXPECT_EQ(Take(one_), first);
  EXPECT_EQ(Take(one_), nullptr);
  EXPECT_EQ(Take(other_), elsewhere);
  EXPECT_EQ(pool_.size(), 0U);
  EXPECT_EQ(pool_.counters().reused.value(), 3U);
  EXPECT_EQ(pool_.counters().kept.value(), 3U);
}

TEST_F(IdlePoolTest, KeepsItsRequestsAndEndpoint) {
  Keep(one_, {}, 17);
  const auto connection = pool_.Take(*one_);
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->requests, 17U);
  EXPECT_EQ(connection->endpoint, one_);
}

TEST_F(IdlePoolTest, AgainAndAgain) {
  auto connection = Open(one_);
  for (int i = 0; i < 100; ++i) {
    pool_.Keep(std::move(connection), {});
    RunTurns(loop_, 1);
    connection = pool_.Take(*one_);
    ASSERT_TRUE(connection);
    connection->socket->SetOwner(nobody_);
  }
}

TEST_F(IdlePoolTest, F20ClosedByTheEndpointWhileIdle) {
  Keep(one_);
  const auto* const second = Keep(one_);
  Keep(one_);
  peer(0).Finish();
  peer(2).Reset();
  ASSERT_TRUE(RunUntil(loop_, [&] { return pool_.size() == 1; }));
  EXPECT_EQ(pool_.counters().lost.value(), 2U);
  EXPECT_EQ(Take(one_), second);
}

TEST_F(IdlePoolTest, F21UnsolicitedBytes) {
  Keep(one_);
  peer(0).Send("HTTP/1.1 200 OK\r\n\r\n");
  ASSERT_TRUE(RunUntil(loop_, [&] { return pool_.size() == 0; }));
  EXPECT_EQ(pool_.counters().unsolicited.value(), 1U);
  EXPECT_EQ(Take(one_), nullptr);
  EXPECT_TRUE(RunUntil(loop_, [&] { return !peer(0).end().empty(); }));
}

TEST_F(IdlePoolTest, F21BytesThatWereThereBefore) {
  auto connection = Open(one_);
  peer(0).Send("too much");
  RunTurns(loop_);
  pool_.Keep(std::move(connection), {});
  EXPECT_EQ(pool_.size(), 0U);
}

TEST_F(IdlePoolTest, OldestMakesRoom) {
  ServiceSettings settings;
  settings.keepalive = 2;
  Keep(one_, settings);
  const auto* const second = Keep(one_, settings);
  const auto* const third = Keep(one_, settings);
  EXPECT_EQ(pool_.size(), 2U);
  EXPECT_TRUE(RunUntil(loop_, [&] { return peer(0).end() == "fin"; }));
  EXPECT_EQ(Take(one_), third);
  EXPECT_EQ(Take(one_), second);
}

TEST_F(IdlePoolTest, NotKept) {
  ServiceSettings none;
  none.keepalive = 0;
  ServiceSettings few;
  few.keepalive_requests = 10;
  Keep(one_, none);
  Keep(one_, few, 10);
  EXPECT_EQ(pool_.size(), 0U);
  Keep(one_, few, 9);
  EXPECT_EQ(pool_.size(), 1U);
  EXPECT_TRUE(RunUntil(loop_, [&] { return peer(0).end() == "fin" && peer(1).end() == "fin"; }));
}

TEST_F(IdlePoolTest, IdleForTooLong) {
  ServiceSettings settings;
  settings.keepalive_idle = Millis(30);
  Keep(one_, settings);
  const auto* const used = Keep(other_, settings);
  EXPECT_EQ(Take(other_), used);
  EXPECT_TRUE(RunUntil(loop_, [&] { return pool_.size() == 0 && peer(0).end() == "fin"; }));
  RunTurns(loop_, 60);
  EXPECT_TRUE(peer(1).end().empty());  // its time did not go on while it was in use
}

TEST_F(IdlePoolTest, R01OfRemovedEndpoints) {
  Keep(one_);
  Keep(one_);
  const auto* const stays = Keep(other_);
  one_->SetRemoved(Millis(5));
  pool_.DropRemoved();
  EXPECT_EQ(pool_.size(), 1U);
  EXPECT_TRUE(RunUntil(loop_, [&] { return peer(0).end() == "fin" && peer(1).end() == "fin"; }));
  Keep(one_);
  EXPECT_EQ(pool_.size(), 1U);
  EXPECT_EQ(Take(other_), stays);
}

TEST_F(IdlePoolTest, OfEndpointsThatAreNoMore) {
  Keep(one_);
  EXPECT_NE(Take(one_), nullptr);
  taken_.clear();
  one_->SetRemoved(Millis(5));
  one_.reset();
  pool_.DropRemoved();
  EXPECT_EQ(pool_.size(), 0U);
}

TEST_F(IdlePoolTest, Clear) {
  Keep(one_);
  Keep(other_);
  pool_.Clear();
  EXPECT_EQ(pool_.size(), 0U);
  EXPECT_TRUE(RunUntil(loop_, [&] { return peer(0).end() == "fin" && peer(1).end() == "fin"; }));
}

}  // namespace
}  // namespace signpost::lb
