// Signpost. Apache-2.0; see LICENSE.
// Sessions whose endpoint was removed.
#include "lb/session/tcp_session.h"
#include "tests/unit/lb/session/tcp_session_world.h"

namespace signpost::lb {
namespace {

TEST_F(TcpSessionTest, T21RemovedEndpointIsLeftAfterItsDrainDeadline) {
  settings_.drain_tcp = Millis(60);
  Serve({{&one_}});
  TcpPeer client = Connect();
  ASSERT_TRUE(Accepts(one_));
  RunTurns(loop_);
  endpoint(0).SetRemoved(Millis(2));
  Publish(true);
  client.Send("still here");
  EXPECT_TRUE(Gets(one_.peer(), "still here"));
  ASSERT_TRUE(Ends(Termination::kDrained));
  EXPECT_TRUE(IsReset(client));
  EXPECT_TRUE(IsReset(one_.peer()));
}

TEST_F(TcpSessionTest, T21ForEverIsTheDefault) {
  Serve({{&one_}});
  TcpPeer client = Connect();
  ASSERT_TRUE(Accepts(one_));
  endpoint(0).SetRemoved(Millis(2));
  Publish(true);
  RunTurns(loop_, 100);
  client.Send("still here");
  EXPECT_TRUE(Gets(one_.peer(), "still here"));
}

TEST_F(TcpSessionTest, T21WhoComesBackIsNotLeft) {
  settings_.drain_tcp = Millis(40);
  Serve({{&one_}});
  TcpPeer client = Connect();
  ASSERT_TRUE(Accepts(one_));
  RunTurns(loop_);
  endpoint(0).SetRemoved(Millis(2));
  Publish(true);
  endpoint(0).SetRemoved(Millis(0));
  RunTurns(loop_, 120);
  EXPECT_TRUE(records_.empty());
}

TEST_F(TcpSessionTest, T21ASecondRemovalGetsAllOfItsTime) {
  settings_.drain_tcp = Millis(400);
  Serve({{&one_}});
  TcpPeer client = Connect();
  ASSERT_TRUE(Accepts(one_));
  RunTurns(loop_);
  endpoint(0).SetRemoved(Millis(2));
  Publish(true);
  RunTurns(loop_, 100);
  endpoint(0).SetRemoved(Millis(3));  // it had come back in between
  const Nanos again = reactor_.Now();
  Publish(true);
  ASSERT_TRUE(Ends(Termination::kDrained));
  EXPECT_GE(reactor_.Now() - again, Millis(400));
}

}  // namespace
}  // namespace signpost::lb
