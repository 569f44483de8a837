// Signpost. Apache-2.0; see LICENSE.
// Whose turn it is, and who is told when sockets end in the middle of one.
#include <string>
#include <vector>

#include "common/net/reactor_impl.h"
#include "tests/unit/common/net/reactor_fixture.h"

namespace signpost::net {
namespace {

class StreamSocketTurnTest : public ReactorFixture {
 protected:
  TestOwner owner;
};

TEST_F(StreamSocketTurnTest, NewOwnerIsToldInsteadOfTheOld) {
  Link link = Connected(owner);
  TestOwner next;
  link.here->Again();
  link.here->SetOwner(next);
  EXPECT_TRUE(Called(next));
  link.there.Send("x");
  EXPECT_TRUE(Called(next));
  EXPECT_EQ(owner.calls, 0);
}

TEST_F(StreamSocketTurnTest, AgainGivesEverybodyOneCallPerTurn) {
  TestOwner other;
  std::string order;
  std::vector<uint64_t> turns;
  Link first = Connected(owner);
  Link second = Connected(other);
  const auto go_on = [&](char name) {
    return [&, name](StreamSocket& socket) {
      if (order.size() == 20) return;
      order += name;
      turns.push_back(reactor.impl().turn);
      socket.Again();
      socket.Again();
      // Input for both at the same time makes for no other call in the next turn.
      first.there.Send("x");
      second.there.Send("x");
      ReceiveAll(socket, socket.fd() == first.here->fd() ? first.there.got : second.there.got);
    };
  };
  owner.then = go_on('a');
  other.then = go_on('b');
  first.here->Again();
  second.here->Again();
  EXPECT_TRUE(RunUntil(loop, [&] { return order.size() == 20; }));
  EXPECT_EQ(order, "abababababababababab");
  for (size_t i = 0; i < turns.size(); ++i) EXPECT_EQ(turns[i], turns[0] + i / 2) << i;
}

TEST_F(StreamSocketTurnTest, DestroysItselfAndOthersInOnReady) {
  TestOwner other;
  Link first = Connected(owner);
  Link second = Connected(other);
  const auto both = [&](StreamSocket&) {
    first.here.reset();
    second.here.reset();
  };
  owner.then = other.then = both;
  for (const Link* link : {&first, &second}) link->there.Send("x");
  EXPECT_TRUE(RunUntil(loop, [&] { return owner.calls + other.calls > 0; }));
  RunTurns(loop);
  EXPECT_EQ(owner.calls + other.calls, 1) << "a destroyed socket's owner was called";
}

TEST_F(StreamSocketTurnTest, DestroyedWhileWaitingForItsTurn) {
  Link link = Connected(owner);
  link.here->Again();
  link.here.reset();
  Link next = Connected(owner);  // perhaps with the same descriptor
  RunTurns(loop);
  EXPECT_EQ(owner.calls, 0);
}

TEST_F(StreamSocketTurnTest, EventsForAClosedDescriptorDoNotReachItsNextOwner) {
  TestOwner second_owner;
  TestOwner fresh_owner;
  Link first = Connected(owner);
  Link second = Connected(second_owner);
  auto [spare, spare_there] = Accepted();
  std::unique_ptr<StreamSocket> fresh;
  const auto replace = [&](Link& victim, const TestOwner& its_owner) {
    return [&](StreamSocket&) {
      if (fresh) return;
      const int fd = victim.here->fd();
      victim.here.reset();
      UniqueFd same(dup(spare.get()));
      ASSERT_EQ(same.get(), fd);
      fresh = StreamSocket::Adopt(reactor, std::move(same), fresh_owner);
      EXPECT_EQ(its_owner.calls, 0);
      loop.Stop();  // this turn goes on to its end
    };
  };
  owner.then = replace(second, second_owner);
  second_owner.then = replace(first, owner);
  // Both in one batch.
  first.there.Send("x");
  second.there.Send("x");
  loop.Run();
  ASSERT_TRUE(fresh);
  EXPECT_EQ(owner.calls + second_owner.calls, 1);
  EXPECT_EQ(fresh_owner.calls, 0);
  EXPECT_FALSE(fresh->readable());
  RunTurns(loop);
  EXPECT_EQ(fresh_owner.calls, 0);
}

}  // namespace
}  // namespace signpost::net
