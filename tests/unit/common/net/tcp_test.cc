// Signpost. Apache-2.0; see LICENSE.
#include "common/net/tcp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
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

// The other end: a plain non-blocking socket.
class Peer {
 public:
  explicit Peer(const SocketAddress& to, int receive_buffer = 0) {
    fd_ = socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    EXPECT_EQ(connect(fd_, to.get(), to.length()), 0) << to.ToString();
    fcntl(fd_, F_SETFL, O_NONBLOCK);
  }
  ~Peer() { Close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void Send(std::string_view text) {
    EXPECT_EQ(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  void FinishSending() { shutdown(fd_, SHUT_WR); }
  void Abort() {
    const linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    Close();
  }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  // Takes what has come so far. True until nothing more can come.
  bool Read() {
    char buffer[65536];
    for (;;) {
      const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
      if (n > 0) {
        got.append(buffer, static_cast<size_t>(n));
      } else if (n < 0 && errno == EAGAIN) {
        return true;
      } else {
        end = n == 0 ? "fin" : "reset";
        return false;
      }
    }
  }

  // For when no loop is left to run. False when the end does not come within 5 s of silence.
  bool ReadToEnd() {
    while (Read()) {
      pollfd readable = {.fd = fd_, .events = POLLIN, .revents = 0};
      if (poll(&readable, 1, 5000) != 1) return false;
    }
    return true;
  }

  std::string got;
  std::string end;  // how the stream ended: "fin", "reset", or nothing yet

 private:
  int fd_ = -1;
};

class TcpTest : public ::testing::Test {
 protected:
  void Listen(const char* address = "127.0.0.1:0", TcpListenOptions options = {}) {
    auto result = TcpListener::Listen(loop, SocketAddress::Parse(address, 0).value(), options,
                                      [this](std::unique_ptr<TcpStream> s) { Accept(std::move(s)); });
    ASSERT_TRUE(result.ok()) << result.status().text();
    listener = std::move(result).value();
  }

  void Accept(std::unique_ptr<TcpStream> accepted) {
    ++accepts;
    stream = std::move(accepted);
    stream->SetHandlers({.on_data = [this](auto data) { received.append(data.begin(), data.end()); },
                         .on_end =
                             [this](const Status& status) {
                               ++ends;
                               end = status;
                             },
                         .on_drained = [this] { ++drains; }});
    stream->StartReading();
  }

  std::unique_ptr<Peer> Connect(int receive_buffer = 0) {
    auto peer = std::make_unique<Peer>(listener->local(), receive_buffer);
    EXPECT_TRUE(RunUntil(loop, [this] { return stream != nullptr; }));
    return peer;
  }

  Loop loop;
  std::unique_ptr<TcpListener> listener;
  std::unique_ptr<TcpStream> stream;
  std::string received;
  Status end;
  int accepts = 0;
  int ends = 0;
  int drains = 0;
};

TEST_F(TcpTest, CarriesBytesBothWays) {
  Listen();
  auto peer = Connect();
  peer->Send("question");
  EXPECT_TRUE(RunUntil(loop, [&] { return received == "question"; })) << received;
  stream->Write(Bytes("an"), Bytes("swer"));
  EXPECT_TRUE(RunUntil(loop, [&] { return peer->Read() && peer->got == "answer"; }));
  EXPECT_EQ(stream->queued(), 0U);
  EXPECT_EQ(drains, 0) << "nothing was ever queued";
}

TEST_F(TcpTest, KnowsBothNames) {
  Listen();
  auto peer = Connect();
  EXPECT_EQ(stream->local(), listener->local());
  EXPECT_EQ(stream->peer().ToString().substr(0, 10), "127.0.0.1:");
  EXPECT_NE(stream->peer().port(), 0);
  EXPECT_NE(listener->local().port(), 0);
}

TEST_F(TcpTest, WorksOverIpv6) {
  Listen("[::1]:0");
  auto peer = Connect();
  peer->Send("x");
  EXPECT_TRUE(RunUntil(loop, [&] { return received == "x"; }));
}

TEST_F(TcpTest, PausedReadingHoldsBytesBack) {
  Listen();
  auto peer = Connect();
  stream->PauseReading();
  peer->Send("later");
  RunTurns(loop);
  EXPECT_EQ(received, "");
  stream->StartReading();
  EXPECT_TRUE(RunUntil(loop, [&] { return received == "later"; }));
}

TEST_F(TcpTest, HalfCloseStillTakesTheAnswer) {
  Listen();
  auto peer = Connect();
  peer->Send("q");
  peer->FinishSending();
  EXPECT_TRUE(RunUntil(loop, [&] { return ends == 1; }));
  EXPECT_TRUE(end.ok()) << end.text();
  EXPECT_EQ(received, "q");
  stream->Write(Bytes("a"));
  TcpStream::CloseAfterDrain(std::move(stream));
  EXPECT_TRUE(RunUntil(loop, [&] { return !peer->Read(); }));
  EXPECT_EQ(peer->got, "a");
  EXPECT_EQ(peer->end, "fin");
}

TEST_F(TcpTest, ResetByPeerEndsOnceWithAnError) {
  Listen();
  auto peer = Connect();
  peer->Abort();
  EXPECT_TRUE(RunUntil(loop, [&] { return ends == 1; }));
  EXPECT_EQ(end.kind(), ErrorKind::kUnavailable);
  EXPECT_NE(end.text().find(stream->peer().ToString()), std::string::npos) << end.text();
  stream->Write(Bytes("into the void"));
  RunTurns(loop);
  EXPECT_EQ(ends, 1);
}

TEST_F(TcpTest, FailedWriteIsToldLater) {
  Listen();
  auto peer = Connect();
  stream->PauseReading();
  peer->Abort();
  for (int i = 0; i < 50 && ends == 0; ++i) {
    stream->Write(Bytes("x"));
    EXPECT_EQ(ends, 0) << "told inside Write";
    RunTurns(loop, 1);
  }
  EXPECT_EQ(ends, 1);
  EXPECT_FALSE(end.ok());
}

TEST_F(TcpTest, SlowReaderGetsEverythingInOrder) {
  Listen();
  auto peer = Connect(4096);
  std::string sent;
  for (int i = 0; sent.size() < (8U << 20); ++i) {
    const std::string piece = std::string(60000, 'a') + std::to_string(i) + ";";
    stream->Write(Bytes(piece.substr(0, 2)), Bytes(piece.substr(2)));
    sent += piece;
  }
  EXPECT_GT(stream->queued(), 0U);
  EXPECT_GT(stream->unacknowledged(), stream->queued());
  EXPECT_EQ(drains, 0);
  EXPECT_TRUE(RunUntil(
      loop, [&] { return peer->Read() && peer->got.size() >= sent.size(); }, Millis(20000)));
  EXPECT_TRUE(peer->got == sent);
  EXPECT_TRUE(RunUntil(loop, [&] { return stream->unacknowledged() == 0; }));
  EXPECT_TRUE(RunUntil(loop, [&] { return drains == 1; }));
  EXPECT_EQ(stream->queued(), 0U);
}

TEST_F(TcpTest, CloseAfterDrainDeliversTheQueueThenFin) {
  Listen();
  auto peer = Connect(4096);
  peer->Send("unread input would turn the close into a reset");
  const std::string big(4 << 20, 'z');
  stream->PauseReading();
  stream->Write(Bytes(big));
  TcpStream::CloseAfterDrain(std::move(stream));
  EXPECT_TRUE(RunUntil(
      loop, [&] { return !peer->Read(); }, Millis(20000)));
  EXPECT_EQ(peer->got.size(), big.size());
  EXPECT_EQ(peer->end, "fin");
  EXPECT_EQ(ends, 0);
}

TEST_F(TcpTest, ResetSendsRst) {
  Listen();
  auto peer = Connect();
  TcpStream::Reset(std::move(stream));
  EXPECT_TRUE(RunUntil(loop, [&] { return !peer->Read(); }));
  EXPECT_EQ(peer->end, "reset");
}

TEST_F(TcpTest, StreamMayDieInItsOwnCallback) {
  Listen();
  auto peer = Connect();
  const auto alive = std::make_shared<int>(0);
  stream->SetHandlers({.on_data = [this, alive](auto) { stream.reset(); }, .on_end = nullptr, .on_drained = nullptr});
  peer->Send("1");
  EXPECT_TRUE(RunUntil(loop, [&] { return !peer->Read(); }));
  EXPECT_EQ(stream, nullptr);
  EXPECT_EQ(alive.use_count(), 1) << "the handlers went with the stream";
}

TEST_F(TcpTest, HandlersMayReplaceThemselves) {
  Listen();
  auto peer = Connect();
  std::string second;
  stream->SetHandlers({.on_data =
                           [&](auto) {
                             stream->SetHandlers({.on_data = [&](auto d) { second.append(d.begin(), d.end()); },
                                                  .on_end = nullptr,
                                                  .on_drained = nullptr});
                             received = "first";  // the captures are still there
                           },
                       .on_end = nullptr,
                       .on_drained = nullptr});
  peer->Send("a");
  EXPECT_TRUE(RunUntil(loop, [&] { return received == "first"; }));
  peer->Send("b");
  EXPECT_TRUE(RunUntil(loop, [&] { return second == "b"; }));
}

TEST_F(TcpTest, ListenerMayDieInItsOwnCallback) {
  auto result =
      TcpListener::Listen(loop, SocketAddress::Parse("127.0.0.1:0", 0).value(), {}, [&](std::unique_ptr<TcpStream>) {
        ++accepts;
        listener.reset();
      });
  ASSERT_TRUE(result.ok());
  listener = std::move(result).value();
  const SocketAddress address = listener->local();
  Peer one(address);
  Peer two(address);
  EXPECT_TRUE(RunUntil(loop, [&] { return accepts > 0; }));
  RunTurns(loop);
  EXPECT_EQ(accepts, 1);
}

TEST_F(TcpTest, PortInUseNamesTheAddress) {
  Listen();
  const auto again = TcpListener::Listen(loop, listener->local(), {}, [](auto) {});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.status().text(), "cannot listen on tcp " + listener->local().ToString() + ": Address already in use");
}

TEST_F(TcpTest, ReusePortSharesAndProbeSeesIt) {
  Listen("127.0.0.1:0", {.reuse_port = true});
  const auto second = TcpListener::Listen(loop, listener->local(), {.reuse_port = true}, [](auto) {});
  EXPECT_TRUE(second.ok()) << second.status().text();
  EXPECT_FALSE(TcpListener::Probe(listener->local()).ok());
  EXPECT_TRUE(TcpListener::Probe(SocketAddress::Parse("127.0.0.1:0", 0).value()).ok());
}

TEST_F(TcpTest, AddressOfNobodyYetIsNoError) {
  Listen("192.0.2.77:0");
  EXPECT_NE(listener->local().port(), 0);
}

// Lowers the limit of open files to what is open now, for its lifetime.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = dup(0);
    close(next);
    const rlimit none = {.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreFiles() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(TcpTest, OutOfDescriptorsPausesAndRecovers) {
  Listen();
  const Peer peer(listener->local());
  {
    const NoMoreFiles limit;
    const clock_t before = clock();
    RunTurns(loop, 50);
    EXPECT_EQ(accepts, 0);
    EXPECT_LT(clock() - before, CLOCKS_PER_SEC / 4) << "the loop spins";
  }
  EXPECT_TRUE(RunUntil(loop, [&] { return accepts == 1; }));
}

TEST(TcpLifetimeTest, LoopMayEndBeforeItsObjects) {
  auto loop = std::make_unique<Loop>();
  std::unique_ptr<TcpStream> stream;
  auto listener = TcpListener::Listen(*loop, SocketAddress::Parse("127.0.0.1:0", 0).value(), {},
                                      [&](std::unique_ptr<TcpStream> s) { stream = std::move(s); });
  ASSERT_TRUE(listener.ok());
  Peer peer(listener.value()->local());
  ASSERT_TRUE(RunUntil(*loop, [&] { return stream != nullptr; }));
  loop.reset();
  stream->Write(Bytes("x"));
  stream->StartReading();
  EXPECT_TRUE(peer.ReadToEnd()) << "the connection went with the loop";
}

TEST(TcpLifetimeTest, DrainingStreamGoesWithTheLoop) {
  auto loop = std::make_unique<Loop>();
  std::unique_ptr<TcpStream> stream;
  auto listener = TcpListener::Listen(*loop, SocketAddress::Parse("127.0.0.1:0", 0).value(), {},
                                      [&](std::unique_ptr<TcpStream> s) { stream = std::move(s); });
  ASSERT_TRUE(listener.ok());
  Peer peer(listener.value()->local(), 4096);
  ASSERT_TRUE(RunUntil(*loop, [&] { return stream != nullptr; }));
  stream->Write(Bytes(std::string(8 << 20, 'q')));
  TcpStream::CloseAfterDrain(std::move(stream));
  loop.reset();
  EXPECT_TRUE(peer.ReadToEnd());
}

}  // namespace
}  // namespace signpost::net
