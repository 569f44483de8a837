// Signpost. Apache-2.0; see LICENSE.
#include "common/net/udp.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/run_loop.h"

namespace signpost::net {
namespace {

using test::RunTurns;
using test::RunUntil;

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// A client that, being connected, sees answers from the address it asked and from no other.
class Asker {
 public:
  explicit Asker(const SocketAddress& to) {
    fd_ = socket(to.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(fd_, to.get(), to.length()), 0) << to.ToString();
  }
  ~Asker() { close(fd_); }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  void Send(std::string_view text) {
    EXPECT_EQ(send(fd_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  std::optional<std::string> Receive() {
    char buffer[8192];
    const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    if (n < 0) return std::nullopt;
    return std::string(buffer, static_cast<size_t>(n));
  }

 private:
  int fd_;
};

class UdpTest : public ::testing::Test {
 protected:
  // Echoes every datagram, and notes what it saw.
  void Bind(const char* address) {
    auto result = UdpSocket::Bind(loop, SocketAddress::Parse(address, 0).value(),
                                  [this](std::span<UdpDatagram> batch) { on_batch(batch); });
    ASSERT_TRUE(result.ok()) << result.status().text();
    socket = std::move(result).value();
  }

  static void Reply(UdpDatagram& datagram, std::string_view text) {
    std::copy(text.begin(), text.end(), datagram.reply.begin());
    datagram.reply_size = text.size();
  }

  void Echo(std::span<UdpDatagram> batch) {
    batches.push_back(batch.size());
    for (UdpDatagram& datagram : batch) {
      seen.emplace_back(datagram.payload.begin(), datagram.payload.end());
      Reply(datagram, "re:" + seen.back());
    }
  }

  SocketAddress Local(const char* ip) const {
    return SocketAddress::Parse(std::string(ip) + ":" + std::to_string(socket->local().port()), 0).value();
  }

  void ExpectEcho(const SocketAddress& asked) {
    Asker asker(asked);
    asker.Send("hi");
    std::optional<std::string> got;
    EXPECT_TRUE(RunUntil(loop, [&] { return (got = asker.Receive()).has_value(); })) << asked.ToString();
    EXPECT_EQ(got, "re:hi");
  }

  Loop loop;
  std::function<void(std::span<UdpDatagram>)> on_batch = [this](std::span<UdpDatagram> batch) { Echo(batch); };
  std::vector<size_t> batches;
  std::vector<std::string> seen;
  std::unique_ptr<UdpSocket> socket;
};

TEST_F(UdpTest, AnswersOnASpecificAddress) {
  Bind("127.0.0.1:0");
  EXPECT_NE(socket->local().port(), 0);
  ExpectEcho(socket->local());
  EXPECT_EQ(socket->counters().received.value(), 1U);
  EXPECT_EQ(socket->counters().sent.value(), 1U);
}

TEST_F(UdpTest, WildcardAnswersFromTheAddressAsked) {
  Bind("0.0.0.0:0");
  ExpectEcho(Local("127.0.0.1"));
  ExpectEcho(Local("127.0.0.2"));
  ExpectEcho(Local("127.9.8.7"));
}

TEST_F(UdpTest, Ipv6) {
  Bind("[::1]:0");
  ExpectEcho(socket->local());
}

TEST_F(UdpTest, Ipv6Wildcard) {
  Bind("[::]:0");
  ExpectEcho(Local("[::1]"));
}

TEST_F(UdpTest, BothWildcardsShareAPort) {
  Bind("0.0.0.0:0");
  const auto six = UdpSocket::Bind(loop, Local("[::]"), [](auto) {});
  EXPECT_TRUE(six.ok()) << six.status().text();
}

TEST_F(UdpTest, LaterAnswerLeavesFromTheAddressAsked) {
  Bind("0.0.0.0:0");
  std::optional<UdpReturnPath> path;
  on_batch = [&](std::span<UdpDatagram> batch) { path = socket->ReturnPath(batch.back()); };
  Asker asker(Local("127.0.0.3"));
  asker.Send("wait");
  EXPECT_TRUE(RunUntil(loop, [&] { return path.has_value(); }));
  EXPECT_EQ(asker.Receive(), std::nullopt);
  socket->Send(*path, Bytes("here"));
  EXPECT_EQ(asker.Receive(), "here");
  EXPECT_EQ(socket->counters().sent.value(), 1U);
}

TEST_F(UdpTest, LaterAnswerOnASpecificAddress) {
  Bind("127.0.0.1:0");
  std::optional<UdpReturnPath> path;
  on_batch = [&](std::span<UdpDatagram> batch) { path = socket->ReturnPath(batch.front()); };
  Asker asker(socket->local());
  asker.Send("wait");
  EXPECT_TRUE(RunUntil(loop, [&] { return path.has_value(); }));
  EXPECT_EQ(path->control_size, 0U);
  socket->Send(*path, Bytes("here"));
  EXPECT_EQ(asker.Receive(), "here");
}

TEST_F(UdpTest, TakesBatchesAndAnswersEach) {
  Bind("127.0.0.1:0");
  Asker asker(socket->local());
  for (int i = 0; i < 100; ++i) asker.Send(std::to_string(i));
  EXPECT_TRUE(RunUntil(loop, [&] { return seen.size() == 100; }));
  EXPECT_EQ(batches, (std::vector<size_t>{64, 36}));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(asker.Receive(), "re:" + std::to_string(i));
  EXPECT_EQ(socket->counters().received.value(), 100U);
  EXPECT_EQ(socket->counters().sent.value(), 100U);
}

TEST_F(UdpTest, OtherSocketsOfTheLoopGetTheirTurn) {
  Bind("127.0.0.1:0");
  bool other = false;
  size_t seen_before_other = 0;
  auto second = UdpSocket::Bind(loop, SocketAddress::Parse("127.0.0.1:0", 0).value(), [&](auto) {
    other = true;
    seen_before_other = seen.size();
  });
  ASSERT_TRUE(second.ok());
  Asker flood(socket->local());
  for (int i = 0; i < 500; ++i) flood.Send("x");
  Asker(second.value()->local()).Send("me too");
  EXPECT_TRUE(RunUntil(loop, [&] { return other; }));
  EXPECT_LE(seen_before_other, UdpSocket::kBatch * UdpSocket::kRounds);
}

TEST_F(UdpTest, AnswersOnlyWhereTheHandlerWroteOne) {
  Bind("0.0.0.0:0");
  on_batch = [&](std::span<UdpDatagram> batch) {
    for (UdpDatagram& datagram : batch) {
      seen.emplace_back(datagram.payload.begin(), datagram.payload.end());
      if (seen.back() == "ask") Reply(datagram, "answer");
    }
  };
  Asker quiet(Local("127.0.0.2"));
  Asker loud(Local("127.0.0.3"));
  for (const char* text : {"ignore", "ignore"}) quiet.Send(text);
  loud.Send("ask");
  quiet.Send("ignore");
  EXPECT_TRUE(RunUntil(loop, [&] { return seen.size() == 4; }));
  EXPECT_EQ(loud.Receive(), "answer");
  EXPECT_EQ(quiet.Receive(), std::nullopt);
  EXPECT_EQ(socket->counters().sent.value(), 1U);
}

TEST_F(UdpTest, EmptyDatagramIsADatagram) {
  Bind("127.0.0.1:0");
  Asker asker(socket->local());
  asker.Send("");
  asker.Send("after");
  EXPECT_TRUE(RunUntil(loop, [&] { return seen.size() == 2; }));
  EXPECT_EQ(seen, (std::vector<std::string>{"", "after"}));
}

TEST_F(UdpTest, LongDatagramArrivesCut) {
  Bind("127.0.0.1:0");
  Asker asker(socket->local());
  asker.Send(std::string(5000, 'a'));
  asker.Send("next");
  on_batch = [&](std::span<UdpDatagram> batch) {
    for (const UdpDatagram& datagram : batch) seen.emplace_back(datagram.payload.begin(), datagram.payload.end());
  };
  EXPECT_TRUE(RunUntil(loop, [&] { return seen.size() == 2; }));
  EXPECT_EQ(seen[0].size(), UdpSocket::kMaxReceive);
  EXPECT_EQ(seen[1], "next");
}

TEST_F(UdpTest, LargestReplyFits) {
  Bind("127.0.0.1:0");
  on_batch = [&](std::span<UdpDatagram> batch) {
    for (UdpDatagram& datagram : batch) Reply(datagram, std::string(UdpSocket::kMaxSend, 'r'));
  };
  Asker asker(socket->local());
  asker.Send("q");
  std::optional<std::string> got;
  EXPECT_TRUE(RunUntil(loop, [&] { return (got = asker.Receive()).has_value(); }));
  EXPECT_EQ(got->size(), UdpSocket::kMaxSend);
}

TEST_F(UdpTest, OneUnsendableAnswerHarmsNoOther) {
  Bind("127.0.0.1:0");
  on_batch = [&](std::span<UdpDatagram> batch) {
    Echo(batch);
    for (UdpDatagram& datagram : batch) {
      if (datagram.payload.size() == 3) datagram.peer.set_port(0);  // the kernel refuses port 0
    }
  };
  Asker asker(socket->local());
  for (const char* text : {"a", "bad", "b"}) asker.Send(text);
  EXPECT_TRUE(RunUntil(loop, [&] { return seen.size() == 3; }));
  EXPECT_EQ(asker.Receive(), "re:a");
  EXPECT_EQ(asker.Receive(), "re:b");
  EXPECT_EQ(socket->counters().sent.value(), 2U);
  EXPECT_EQ(socket->counters().send_dropped.value(), 1U);
}

TEST_F(UdpTest, UnsendableLaterAnswerIsCounted) {
  Bind("127.0.0.1:0");
  socket->Send({.peer = Local("127.0.0.1"), .control = {}, .control_size = 0}, Bytes(std::string(70000, 'x')));
  EXPECT_EQ(socket->counters().send_dropped.value(), 1U);
  EXPECT_EQ(socket->counters().sent.value(), 0U);
}

TEST_F(UdpTest, VanishedClientsDoNotDisturb) {
  Bind("127.0.0.1:0");
  for (int i = 1; i <= 3; ++i) {
    Asker(socket->local()).Send("and gone");
    EXPECT_TRUE(RunUntil(loop, [&] { return seen.size() == static_cast<size_t>(i); }));
  }
  ExpectEcho(socket->local());
}

TEST_F(UdpTest, CountsWhatTheKernelDropped) {
  Bind("127.0.0.1:0");
  on_batch = [](auto) {};
  Asker asker(socket->local());
  constexpr uint64_t kFlood = 6000;
  for (uint64_t i = 0; i < kFlood; ++i) asker.Send(std::string(1000, 'f'));
  const UdpCounters& counters = socket->counters();
  RunTurns(loop);
  EXPECT_LT(counters.received.value(), kFlood) << "the flood fits into the buffer: make it larger";
  asker.Send("the total comes with the next datagram");
  EXPECT_TRUE(
      RunUntil(loop, [&] { return counters.received.value() + counters.receive_dropped.value() == kFlood + 1; }));
}

TEST_F(UdpTest, MayDieInItsHandler) {
  Bind("127.0.0.1:0");
  const auto token = std::make_shared<int>(0);
  on_batch = [&, token](std::span<UdpDatagram> batch) {
    Echo(batch);
    socket.reset();
  };
  Asker asker(socket->local());
  for (int i = 0; i < 100; ++i) asker.Send("x");
  EXPECT_TRUE(RunUntil(loop, [&] { return socket == nullptr; }));
  RunTurns(loop);
  EXPECT_EQ(batches.size(), 1U);
  EXPECT_EQ(asker.Receive(), std::nullopt);
}

TEST_F(UdpTest, MayOutliveItsLoop) {
  auto own = std::make_unique<Loop>();
  auto bound = UdpSocket::Bind(*own, SocketAddress::Parse("127.0.0.1:0", 0).value(), [](auto) {});
  ASSERT_TRUE(bound.ok());
  own.reset();
}

TEST_F(UdpTest, SocketsShareAnAddressAndProbeSeesThem) {
  Bind("127.0.0.1:0");
  const auto second = UdpSocket::Bind(loop, socket->local(), [](auto) {});
  EXPECT_TRUE(second.ok()) << second.status().text();
  const Status taken = UdpSocket::Probe(socket->local());
  EXPECT_EQ(taken.text(), "cannot listen on udp " + socket->local().ToString() + ": Address already in use");
  EXPECT_TRUE(UdpSocket::Probe(SocketAddress::Parse("127.0.0.1:0", 0).value()).ok());
}

TEST_F(UdpTest, AddressOfNobodyYetIsNoError) {
  Bind("192.0.2.77:0");
  EXPECT_NE(socket->local().port(), 0);
}

}  // namespace
}  // namespace signpost::net
