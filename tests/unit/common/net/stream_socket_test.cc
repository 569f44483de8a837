// Signpost. Apache-2.0; see LICENSE.
#include "common/net/stream_socket.h"

#include <netinet/tcp.h>

#include <array>
#include <vector>

#include "tests/unit/common/net/reactor_fixture.h"

namespace signpost::net {
namespace {

static_assert(sizeof(StreamSocket) <= 64);

class StreamSocketTest : public ReactorFixture {
 protected:
  // Receives `text` exactly, and nothing else.
  void Expect(StreamSocket& socket, const std::string& text, size_t step = 65536) {
    std::string got;
    EXPECT_TRUE(
        RunUntil(loop, [&] { return ReceiveAll(socket, got, step).kind == Io::kWait && got.size() >= text.size(); }));
    EXPECT_EQ(got, text);
  }
  // Sends until the kernel takes no more; how much that was.
  static size_t Fill(StreamSocket& socket) {
    const std::string chunk(100000, 'x');
    size_t sent = 0;
    for (IoResult result = socket.Send(Bytes(chunk)); result.kind == Io::kBytes; result = socket.Send(Bytes(chunk))) {
      sent += result.size;
    }
    return sent;
  }

  TestOwner owner;
  std::array<uint8_t, 1000> buffer{};
};

TEST_F(StreamSocketTest, IsWritableAtOnceAndReadableWhenToldSo) {
  Link link = Connected(owner);
  EXPECT_EQ(link.here->connect_state(), ConnectState::kConnected);
  EXPECT_TRUE(link.here->writable());
  EXPECT_EQ(link.here->Receive(buffer).kind, Io::kWait);
  RunTurns(loop);
  EXPECT_EQ(owner.calls, 0) << "being writable is no news";
  EXPECT_EQ(link.here->Send(Bytes("hello")).size, 5U);
  EXPECT_TRUE(RunUntil(loop, [&] { return link.there.Read() && link.there.got == "hello"; }));
  link.there.Send("well");
  EXPECT_TRUE(Called(owner));
  EXPECT_TRUE(link.here->readable());
  EXPECT_EQ(link.here->Receive(buffer).size, 4U);
  EXPECT_FALSE(link.here->readable());
  EXPECT_EQ(link.here->Receive(buffer).kind, Io::kWait);
}

TEST_F(StreamSocketTest, InputThatWasThereBeforeIsTold) {
  auto [fd, there] = Accepted();
  there.Send("early");
  const auto here = StreamSocket::Adopt(reactor, std::move(fd), owner);
  EXPECT_TRUE(Called(owner));
  Expect(*here, "early");
}

TEST_F(StreamSocketTest, EchoesBetweenTwoOfThem) {
  const std::string text(3 << 20, 'e');
  std::unique_ptr<StreamSocket> server;
  TestOwner echo;
  std::string held;
  echo.then = [&](StreamSocket& socket) {
    for (;;) {
      while (!held.empty()) {
        const IoResult sent = socket.Send(Bytes(held));
        if (sent.kind != Io::kBytes) return;
        held.erase(0, sent.size);
      }
      const std::span<uint8_t> slab = reactor.Slab();
      const IoResult got = socket.Receive(slab);
      if (got.kind != Io::kBytes) return;
      held.assign(slab.begin(), slab.begin() + static_cast<ptrdiff_t>(got.size));
    }
  };
  AcceptCounters counters;
  Acceptor acceptor(reactor, std::move(listener), counters, [&](UniqueFd fd, const SocketAddress&) {
    server = StreamSocket::Adopt(reactor, std::move(fd), echo);
  });
  std::string back;
  size_t sent = 0;
  owner.then = [&](StreamSocket& socket) {
    while (sent < text.size()) {
      const IoResult result = socket.Send(Bytes(text).subspan(sent));
      if (result.kind != Io::kBytes) break;
      sent += result.size;
    }
    ReceiveAll(socket, back);
  };
  const auto client = StreamSocket::Connect(reactor, address, owner).value();
  EXPECT_EQ(client->connect_state(), ConnectState::kPending);
  EXPECT_EQ(client->Send(Bytes("too early")).kind, Io::kWait);
  EXPECT_EQ(client->Receive(buffer).kind, Io::kWait);
  EXPECT_TRUE(RunUntil(loop, [&] { return back.size() == text.size(); }));
  EXPECT_EQ(back, text);
  EXPECT_EQ(client->connect_state(), ConnectState::kConnected);
  EXPECT_EQ(client->Peer(), address);
  EXPECT_EQ(client->Local(), server->Peer());
}

TEST_F(StreamSocketTest, PartialReadsLoseNothing) {
  Link link = Connected(owner);
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::to_string(i);
  std::string got;
  owner.then = [&](StreamSocket& socket) {
    const IoResult result = socket.Receive(buffer);
    if (result.kind != Io::kBytes) return;
    got.append(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(result.size));
    if (socket.readable()) socket.Again();
  };
  link.there.Send(text);
  EXPECT_TRUE(RunUntil(loop, [&] { return got.size() == text.size(); }));
  EXPECT_EQ(got, text);
}

TEST_F(StreamSocketTest, WhoDoesNotReadIsToldOnce) {
  Link link = Connected(owner);
  for (int i = 0; i < 5; ++i) {
    link.there.Send("more");
    RunTurns(loop);
  }
  EXPECT_EQ(owner.calls, 1);
  Expect(*link.here, "moremoremoremoremore");
}

TEST_F(StreamSocketTest, PeekLeavesTheInputAndWaitsForMore) {
  Link link = Connected(owner);
  link.there.Send("hel");
  EXPECT_TRUE(Called(owner));
  EXPECT_EQ(link.here->Peek(buffer).size, 3U);
  link.there.Send("lo");
  EXPECT_TRUE(Called(owner)) << "who peeked waits for more than it saw";
  EXPECT_EQ(link.here->Peek(buffer).size, 5U);
  Expect(*link.here, "hello");
  EXPECT_EQ(link.here->Peek(buffer).kind, Io::kWait);
}

TEST_F(StreamSocketTest, FullSendBufferIsToldWhenItEmpties) {
  Link link = Connected(owner);
  const size_t sent = Fill(*link.here);
  EXPECT_FALSE(link.here->writable());
  EXPECT_EQ(link.here->Send(Bytes("x")).kind, Io::kWait);
  RunTurns(loop);
  EXPECT_EQ(owner.calls, 0);
  EXPECT_TRUE(RunUntil(loop, [&] { return link.there.Read() && owner.calls > 0; }));
  EXPECT_TRUE(link.here->writable());
  EXPECT_TRUE(RunUntil(loop, [&] { return link.there.Read() && link.there.got.size() == sent; }));
}

TEST_F(StreamSocketTest, WhatIsTakenInPartMeansFull) {
  for (const bool parts : {false, true}) {
    Link link = Connected(owner);
    std::string text(64 << 20, 'x');
    const iovec part{text.data(), text.size()};
    const int before = owner.calls;
    const IoResult result = parts ? link.here->Send({&part, 1}) : link.here->Send(Bytes(text));
    EXPECT_GT(result.size, 0U);
    ASSERT_LT(result.size, text.size());
    EXPECT_FALSE(link.here->writable());
    EXPECT_TRUE(RunUntil(loop, [&] { return link.there.Read() && owner.calls > before; }));
  }
}

TEST_F(StreamSocketTest, SendsPartsInOrder) {
  Link link = Connected(owner);
  std::string head = "head|";
  std::string body = "body";
  const std::array<iovec, 3> parts = {{{head.data(), head.size()}, {nullptr, 0}, {body.data(), body.size()}}};
  EXPECT_EQ(link.here->Send(std::span<const iovec>(parts)).size, 9U);
  EXPECT_TRUE(link.here->writable());
  EXPECT_TRUE(RunUntil(loop, [&] { return link.there.Read() && link.there.got == "head|body"; }));
}

TEST_F(StreamSocketTest, FinIsTheEndOfInputOnly) {  // cases T01, T02
  Link link = Connected(owner);
  link.there.FinishSending();
  EXPECT_TRUE(Called(owner));
  EXPECT_TRUE(link.here->peer_closed());
  EXPECT_FALSE(link.here->broken());
  EXPECT_EQ(link.here->Receive(buffer).kind, Io::kEnd);
  EXPECT_EQ(link.here->Receive(buffer).kind, Io::kEnd);
  EXPECT_EQ(link.here->Send(Bytes("answer")).size, 6U);
  link.here->ShutdownWrite();
  EXPECT_TRUE(RunUntil(loop, [&] { return !link.there.Read(); }));
  EXPECT_EQ(link.there.got, "answer");
  EXPECT_TRUE(link.there.ended);
}

TEST_F(StreamSocketTest, ReceivesAfterItsOwnFin) {
  Link link = Connected(owner);
  link.here->ShutdownWrite();
  EXPECT_TRUE(RunUntil(loop, [&] { return !link.there.Read(); }));
  link.there.Send("late");
  Expect(*link.here, "late");
  link.there.Close();
  EXPECT_TRUE(RunUntil(loop, [&] { return link.here->Receive(buffer).kind == Io::kEnd; }));
}

// The kernel tells of both at once; a short read must not hide the end.
TEST_F(StreamSocketTest, EndBehindInputIsToldEvenToWhoStopsAtAShortRead) {
  Link link = Connected(owner);
  std::vector<Io> seen;
  owner.then = [&](StreamSocket& socket) { seen.push_back(socket.Receive(buffer).kind); };
  link.there.Send("bye");
  link.there.FinishSending();
  EXPECT_TRUE(RunUntil(loop, [&] { return seen.size() == 2; }));
  EXPECT_EQ(seen, (std::vector{Io::kBytes, Io::kEnd}));
  RunTurns(loop);
  EXPECT_EQ(seen.size(), 2U);
}

TEST_F(StreamSocketTest, ResetIsTold) {  // cases T03, T04
  Link link = Connected(owner);
  link.there.Abort();
  EXPECT_TRUE(Called(owner));
  EXPECT_TRUE(link.here->broken());
  const IoResult result = link.here->Receive(buffer);
  EXPECT_EQ(result.kind, Io::kReset);
  EXPECT_EQ(result.error, ECONNRESET);
  EXPECT_EQ(link.here->Receive(buffer).kind, Io::kReset);
  EXPECT_EQ(link.here->Send(Bytes("x")).kind, Io::kReset);
}

TEST_F(StreamSocketTest, ResetIsToldBothWaysWhicheverAsksFirst) {
  Link link = Connected(owner);
  link.there.Abort();
  EXPECT_TRUE(Called(owner));
  EXPECT_EQ(link.here->Send(Bytes("x")).kind, Io::kReset);
  EXPECT_EQ(link.here->Receive(buffer).kind, Io::kReset) << "no clean end";
}

TEST_F(StreamSocketTest, ResetAfterFinIsTold) {
  Link link = Connected(owner);
  link.there.FinishSending();
  EXPECT_TRUE(Called(owner));
  EXPECT_EQ(link.here->Receive(buffer).kind, Io::kEnd);
  link.there.Abort();
  EXPECT_TRUE(Called(owner));
  EXPECT_TRUE(link.here->broken());
  EXPECT_EQ(link.here->Receive(buffer).kind, Io::kReset);
}

TEST_F(StreamSocketTest, InputBeforeAResetIsDelivered) {
  Link link = Connected(owner);
  link.there.Send("last words");
  link.there.Abort();
  EXPECT_TRUE(Called(owner));
  std::string got;
  EXPECT_EQ(ReceiveAll(*link.here, got).kind, Io::kReset);
  EXPECT_EQ(got, "last words");
}

TEST_F(StreamSocketTest, ClosesWithFinOrReset) {
  for (const bool reset : {false, true}) {
    Link link = Connected(owner);
    if (reset) link.here->ResetOnClose();
    link.here.reset();
    EXPECT_TRUE(RunUntil(loop, [&] { return !link.there.Read(); }));
    EXPECT_EQ(link.there.error, reset ? ECONNRESET : 0);
    EXPECT_EQ(link.there.ended, !reset);
  }
  EXPECT_EQ(owner.calls, 0);
}

TEST_F(StreamSocketTest, UrgentByteIsSkippedAndNothingStopsAtIt) {  // case T24
  for (const bool late : {false, true}) {
    Link link = Connected(owner);
    std::string got;
    owner.then = [&](StreamSocket& socket) {
      const IoResult result = socket.Receive(buffer);
      if (result.kind == Io::kBytes) got.append(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(result.size));
    };
    if (late) RunTurns(loop);
    link.there.Send("abc");
    link.there.Send("!", MSG_OOB);
    link.there.Send("def");
    EXPECT_TRUE(RunUntil(loop, [&] { return got == "abcdef"; })) << got;
  }
}

TEST_F(StreamSocketTest, RefusedConnectionFails) {  // case T07
  const SocketAddress nobody = NameOf(std::exchange(listener, UniqueFd()).get());
  const auto made = StreamSocket::Connect(reactor, nobody, owner);
  if (made.ok()) {
    EXPECT_TRUE(Called(owner));
    EXPECT_EQ(made.value()->connect_state(), ConnectState::kFailed);
    EXPECT_EQ(made.value()->error(), ECONNREFUSED);
    EXPECT_EQ(made.value()->Send(Bytes("x")).kind, Io::kError);
    EXPECT_EQ(made.value()->Receive(buffer).kind, Io::kError);
    EXPECT_EQ(made.value()->error(), ECONNREFUSED) << "the first error is the cause";
  } else {
    EXPECT_NE(made.status().text().find(nobody.ToString()), std::string::npos) << made.status().text();
  }
}

TEST_F(StreamSocketTest, ConnectThatCannotBeginIsAStatus) {
  EXPECT_FALSE(StreamSocket::Connect(reactor, {}, owner).ok());
  const SocketAddress broadcast = SocketAddress::Parse("255.255.255.255:80", 1).value();
  const auto made = StreamSocket::Connect(reactor, broadcast, owner);
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.status().text().find("255.255.255.255:80"), std::string::npos) << made.status().text();
  const SocketAddress foreign = SocketAddress::Parse("192.0.2.1:0", 1).value();
  EXPECT_FALSE(StreamSocket::Connect(reactor, address, owner, foreign).ok());
}

TEST_F(StreamSocketTest, OutOfDescriptorsIsALimitOfOurOwn) {  // case F23
  {
    const NoDescriptors none;
    EXPECT_EQ(StreamSocket::Connect(reactor, address, owner).status().kind(), ErrorKind::kLimit);
  }
  const NoDescriptors one(1);
  EXPECT_TRUE(StreamSocket::Connect(reactor, address, owner).ok());
}

TEST_F(StreamSocketTest, ConnectsFromAGivenAddress) {  // case T22
  const SocketAddress source = SocketAddress::Parse("127.0.0.9:0", 1).value();
  const auto made = StreamSocket::Connect(reactor, address, owner, source).value();
  EXPECT_TRUE(Called(owner));
  EXPECT_EQ(made->connect_state(), ConnectState::kConnected);
  EXPECT_EQ(made->Local().ToString().substr(0, 10), "127.0.0.9:");
}

TEST_F(StreamSocketTest, NeverConnectsToItself) {
  const SocketAddress own = NameOf(std::exchange(listener, UniqueFd()).get());
  EXPECT_FALSE(StreamSocket::Connect(reactor, own, owner, own).ok());
}

TEST_F(StreamSocketTest, SetsItsOptions) {  // case T23
  const auto made = StreamSocket::Connect(reactor, address, owner).value();
  EXPECT_EQ(IntOption(made->fd(), IPPROTO_TCP, TCP_NODELAY), 1);
  made->KeepAlive();
  EXPECT_EQ(IntOption(made->fd(), SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(IntOption(made->fd(), IPPROTO_TCP, TCP_KEEPIDLE), 60);
  EXPECT_EQ(IntOption(made->fd(), IPPROTO_TCP, TCP_KEEPINTVL), 10);
  EXPECT_EQ(IntOption(made->fd(), IPPROTO_TCP, TCP_KEEPCNT), 6);
  EXPECT_EQ(IntOption(made->fd(), IPPROTO_TCP, TCP_USER_TIMEOUT), 90000);
}

}  // namespace
}  // namespace signpost::net
