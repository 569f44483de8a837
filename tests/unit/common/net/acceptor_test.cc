// Signpost. Apache-2.0; see LICENSE.
#include "common/net/acceptor.h"

#include <netinet/tcp.h>

#include <optional>
#include <vector>

#include "tests/unit/common/net/reactor_fixture.h"

namespace signpost::net {
namespace {

class AcceptorTest : public ReactorFixture {
 protected:
  struct Client {
    UniqueFd fd;
    SocketAddress peer;
  };

  void Accept() {
    acceptor.emplace(reactor, std::move(listener), counters, [this](UniqueFd fd, const SocketAddress& peer) {
      clients.push_back({std::move(fd), peer});
      if (on_accept) on_accept();
    });
  }

  AcceptCounters counters;
  std::optional<Acceptor> acceptor;
  std::vector<Client> clients;
  std::function<void()> on_accept;
};

TEST_F(AcceptorTest, HandsOverConnections) {
  Accept();
  EXPECT_EQ(acceptor->local(), address);
  const PlainSocket client(address);
  EXPECT_TRUE(RunUntil(loop, [&] { return clients.size() == 1; }));
  EXPECT_EQ(clients[0].peer, client.Local());
  EXPECT_NE(fcntl(clients[0].fd.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(clients[0].fd.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(AcceptorTest, ConnectionsInheritTheOptions) {  // case T23
  Accept();
  const PlainSocket client(address);
  EXPECT_TRUE(RunUntil(loop, [&] { return clients.size() == 1; }));
  const int fd = clients[0].fd.get();
  EXPECT_EQ(IntOption(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(IntOption(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(IntOption(fd, IPPROTO_TCP, TCP_KEEPIDLE), 60);
  EXPECT_EQ(IntOption(fd, IPPROTO_TCP, TCP_KEEPINTVL), 10);
  EXPECT_EQ(IntOption(fd, IPPROTO_TCP, TCP_KEEPCNT), 6);
  EXPECT_EQ(IntOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 90000);
}

TEST_F(AcceptorTest, AFloodIsTakenWhole) {
  Accept();
  std::vector<PlainSocket> flood;
  for (size_t i = 1; i <= 3; ++i) {
    for (int n = 0; n < 100; ++n) flood.emplace_back(address);
    EXPECT_TRUE(RunUntil(loop, [&] { return clients.size() == 100 * i; }));
  }
  EXPECT_EQ(counters.accepted.value(), 300U);
  EXPECT_EQ(counters.out_of_descriptors.value(), 0U);
}

TEST_F(AcceptorTest, TakesWhatWaitsBeforeTheEnd) {
  std::vector<PlainSocket> waiting;
  for (int n = 0; n < 50; ++n) waiting.emplace_back(address);
  Accept();
  acceptor->AcceptAll();
  acceptor.reset();
  EXPECT_EQ(clients.size(), 50U);
}

TEST_F(AcceptorTest, MayBeDestroyedInItsHandler) {
  std::vector<PlainSocket> flood;
  for (int n = 0; n < 20; ++n) flood.emplace_back(address);
  on_accept = [&] { acceptor.reset(); };
  Accept();
  EXPECT_TRUE(RunUntil(loop, [&] { return !acceptor; }));
  RunTurns(loop);
  EXPECT_EQ(clients.size(), 1U);
}

TEST_F(AcceptorTest, ReleasedListenerGoesOnQueueing) {
  Accept();
  const PlainSocket before(address);
  EXPECT_TRUE(RunUntil(loop, [&] { return clients.size() == 1; }));
  UniqueFd released = acceptor->Release();
  EXPECT_EQ(acceptor->fd(), -1);
  const PlainSocket meanwhile(address);
  RunTurns(loop);
  EXPECT_EQ(clients.size(), 1U);
  listener = std::move(released);
  Accept();
  EXPECT_TRUE(RunUntil(loop, [&] { return clients.size() == 2; }));
}

TEST_F(AcceptorTest, OutOfDescriptorsItPausesAndTheRestIsServed) {  // case T26
  Accept();
  TestOwner owner;
  PlainSocket served(address);
  EXPECT_TRUE(RunUntil(loop, [&] { return clients.size() == 1; }));
  const auto here = StreamSocket::Adopt(reactor, std::move(clients[0].fd), owner);
  owner.then = [](StreamSocket& socket) {
    std::string got;
    ReceiveAll(socket, got);
    socket.Send(Bytes(got));
  };
  const PlainSocket waiting(address);
  {
    const NoDescriptors none;
    EXPECT_TRUE(RunUntil(loop, [&] { return counters.out_of_descriptors.value() == 1; }));
    served.Send("still there");
    EXPECT_TRUE(RunUntil(loop, [&] { return served.Read() && served.got == "still there"; }));
    EXPECT_EQ(counters.out_of_descriptors.value(), 1U) << "it tries on while it should pause";
    EXPECT_TRUE(RunUntil(loop, [&] { return counters.out_of_descriptors.value() == 2; }));
    EXPECT_EQ(clients.size(), 1U);
  }
  EXPECT_TRUE(RunUntil(loop, [&] { return clients.size() == 2; }));
}

TEST_F(AcceptorTest, SomeDescriptorsAreLeftForOthers) {  // case T26
  constexpr size_t kFlood = 40;
  std::vector<PlainSocket> flood;
  while (flood.size() < kFlood) flood.emplace_back(address);
  const NoDescriptors few(kFlood);
  Accept();
  EXPECT_TRUE(RunUntil(loop, [&] { return counters.out_of_descriptors.value() == 3; }));
  const size_t first = clients.size();
  EXPECT_GT(first, 0U);
  EXPECT_LT(first, kFlood - 5);
  EXPECT_GE(UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)).get(), 0);
  clients.clear();
  EXPECT_TRUE(RunUntil(loop, [&] { return clients.size() == kFlood - first; }));
}

TEST_F(AcceptorTest, MayEndWhileItPauses) {
  const PlainSocket waiting(address);
  {
    const NoDescriptors none;
    Accept();
    EXPECT_TRUE(RunUntil(loop, [&] { return counters.out_of_descriptors.value() == 1; }));
  }
  listener = acceptor->Release();
  const Nanos longer = reactor.Now() + Millis(200);  // than a pause
  EXPECT_TRUE(RunUntil(loop, [&] { return reactor.Now() > longer; }));
  EXPECT_TRUE(clients.empty());
  Accept();
  EXPECT_TRUE(RunUntil(loop, [&] { return clients.size() == 1; }));
}

TEST_F(AcceptorTest, ListenersShareAnAddressOnlyIfAsked) {
  const UniqueFd first = ListenTcp(SocketAddress::Parse("127.0.0.1:0", 1).value(), true).value();
  const SocketAddress shared = NameOf(first.get());
  EXPECT_TRUE(ListenTcp(shared, true).ok());
  const auto second = ListenTcp(shared, false);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().text(), "cannot listen on tcp " + shared.ToString() + ": Address already in use");
}

}  // namespace
}  // namespace signpost::net
