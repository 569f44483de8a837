// Signpost. Apache-2.0; see LICENSE.
#include "common/net/udp_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/net/udp.h"
#include "tests/support/run_loop.h"

namespace signpost::net {
namespace {

using test::RunUntil;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Text(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

std::vector<uint8_t> Octets(std::string_view text) { return {text.begin(), text.end()}; }

class UdpClientTest : public ::testing::Test {
 protected:
  UdpClientTest() {
    auto bound =
        UdpSocket::Bind(loop, SocketAddress::Parse("127.0.0.1:0", 0).value(), [this](std::span<UdpDatagram> batch) {
          for (UdpDatagram& datagram : batch) {
            askers.push_back(datagram.peer);
            std::copy(datagram.payload.begin(), datagram.payload.end(), datagram.reply.begin());
            datagram.reply_size = datagram.payload.size();
          }
        });
    echo = std::move(bound).value();
  }

  std::unique_ptr<UdpClient> Connect(const SocketAddress& peer) {
    auto client =
        UdpClient::Connect(loop, peer,
                           {.on_datagram = [this](std::span<const uint8_t> bytes) { received.push_back(Text(bytes)); },
                            .on_error = [this](const Status& status) { errors.push_back(status.text()); }});
    return std::move(client).value();
  }

  Loop loop;
  std::unique_ptr<UdpSocket> echo;
  std::vector<SocketAddress> askers;
  std::vector<std::string> received, errors;
};

TEST_F(UdpClientTest, AsksAndHears) {
  const auto client = Connect(echo->local());
  EXPECT_TRUE(client->Send(Octets("one")).ok());
  EXPECT_TRUE(client->Send(Octets("two")).ok());
  EXPECT_TRUE(RunUntil(loop, [&] { return received.size() == 2; }));
  EXPECT_THAT(received, ElementsAre("one", "two"));
  EXPECT_EQ(askers.at(0), client->local());
  EXPECT_EQ(client->peer(), echo->local());
}

TEST_F(UdpClientTest, EachHasAPortOfItsOwn) {
  const auto first = Connect(echo->local());
  const auto second = Connect(echo->local());
  EXPECT_NE(first->local().port(), 0);
  EXPECT_NE(first->local(), second->local());
}

TEST_F(UdpClientTest, HearsNobodyElse) {
  const auto client = Connect(echo->local());
  auto stranger = Connect(client->local());
  EXPECT_TRUE(stranger->Send(Octets("forged")).ok());
  EXPECT_TRUE(client->Send(Octets("asked")).ok());
  EXPECT_TRUE(RunUntil(loop, [&] { return !received.empty(); }));
  EXPECT_THAT(received, ElementsAre("asked"));
}

TEST_F(UdpClientTest, TellsThatNobodyListens) {
  const SocketAddress gone = echo->local();
  echo.reset();
  test::RunTurns(loop);
  const auto client = Connect(gone);
  EXPECT_TRUE(client->Send(Octets("anybody?")).ok());
  EXPECT_TRUE(RunUntil(loop, [&] { return !errors.empty(); }));
  EXPECT_THAT(errors, ElementsAre("udp " + gone.ToString() + ": Connection refused"));
  EXPECT_THAT(received, IsEmpty());
}

TEST_F(UdpClientTest, MayDieInItsHandler) {
  std::unique_ptr<UdpClient> client;
  int heard = 0;
  client = UdpClient::Connect(loop, echo->local(),
                              {.on_datagram =
                                   [&](std::span<const uint8_t>) {
                                     ++heard;
                                     client.reset();
                                   },
                               .on_error = [](const Status&) {}})
               .value();
  EXPECT_TRUE(client->Send(Octets("a")).ok());
  EXPECT_TRUE(client->Send(Octets("b")).ok());
  EXPECT_TRUE(RunUntil(loop, [&] { return heard > 0; }));
  test::RunTurns(loop);
  EXPECT_EQ(heard, 1);
}

TEST_F(UdpClientTest, NoWayToThePeer) {
  const auto client = UdpClient::Connect(loop, SocketAddress::Parse("255.255.255.255:53", 0).value(), {});
  EXPECT_EQ(client.status().kind(), ErrorKind::kUnavailable);  // broadcast is not allowed
}

}  // namespace
}  // namespace signpost::net
