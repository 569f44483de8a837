// Signpost. Apache-2.0; see LICENSE.
// Sessions whose endpoint was removed.
#include "lb/session/tcp_session.h"
#include "tests/unit/lb/session/tcp_session_world.h"

namespace signpost::lb {
namespace {

class TcpSessionDrainTest : public TcpSessionTest {
 protected:
  // A client with a session at an endpoint that is removed then.
  TcpPeer ConnectToRemoved() {
    Serve({{&one_}});
    TcpPeer client = Connect();
    EXPECT_TRUE(Accepts(one_));
    RunTurns(loop_);
    Remove(Millis(2));
    return client;
  }
  void Remove(Millis at) {
    endpoint(0).SetRemoved(at);
    Publish(true);
  }
};

TEST_F(TcpSessionDrainTest, T21RemovedEndpointIsLeftAfterItsDrainDeadline) {
  settings_.drain_tcp = Millis(60);
  TcpPeer client = ConnectToRemoved();
  client.Send("still here");
  EXPECT_TRUE(Gets(one_.peer(), "still here"));
  ASSERT_TRUE(Ends(Termination::kDrained));
  EXPECT_TRUE(IsReset(client));
  EXPECT_TRUE(IsReset(one_.peer()));
}

TEST_F(TcpSessionDrainTest, T21ForEverIsTheDefault) {
  TcpPeer client = ConnectToRemoved();
  RunTurns(loop_, 100);
  client.Send("still here");
  EXPECT_TRUE(Gets(one_.peer(), "still here"));
}

TEST_F(TcpSessionDrainTest, T21WhoComesBackIsNotLeft) {
  settings_.drain_tcp = Millis(40);
  TcpPeer client = ConnectToRemoved();
  endpoint(0).SetRemoved(Millis(0));
  RunTurns(loop_, 120);
  EXPECT_TRUE(records_.empty());
}

TEST_F(TcpSessionDrainTest, T21ASecondRemovalGetsAllOfItsTime) {
  settings_.drain_tcp = Millis(400);
  TcpPeer client = ConnectToRemoved();
  RunTurns(loop_, 100);
  const Nanos again = reactor_.Now();
  Remove(Millis(3));  // it had come back in between
  ASSERT_TRUE(Ends(Termination::kDrained));
  EXPECT_GE(reactor_.Now() - again, Millis(400));
}

}  // namespace
}  // namespace signpost::lb
