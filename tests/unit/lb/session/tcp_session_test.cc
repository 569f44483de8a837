// Signpost. Apache-2.0; see LICENSE.
// From the accepted connection to the end of a session; what clients send first is in tcp_session_open_test.cc.
#include "lb/session/tcp_session.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/unit/lb/session/tcp_session_world.h"

namespace signpost::lb {
namespace {

TEST_F(TcpSessionTest, PassesBytesAndTellsOfThem) {
  Serve({{&one_}});
  TcpPeer client = Connect();
  ASSERT_TRUE(Accepts(one_));
  client.Send("PING");
  ASSERT_TRUE(Gets(one_.peer(), "PING"));
  one_.peer().Send("+PONG");
  ASSERT_TRUE(Gets(client, "+PONG"));
  EXPECT_EQ(endpoint(0).in_use(), 1U);
  client.Finish();
  ASSERT_TRUE(RunUntil(loop_, [&] { return one_.peer().end() == "fin"; }));
  one_.peer().Close();
  ASSERT_TRUE(Ends(Termination::kOk));
  const auto& record = records_.back();
  EXPECT_EQ(record.client, "192.0.2.9:4321");
  EXPECT_EQ(record.service, "redis-6379");
  EXPECT_EQ(record.endpoint, one_.address().ToString());
  EXPECT_EQ(record.version, "default");
  EXPECT_EQ(record.received, 4U);
  EXPECT_EQ(record.sent, 5U);
  EXPECT_EQ(record.attempts, 1U);
  EXPECT_TRUE(record.connected);
  EXPECT_EQ(endpoint(0).in_use(), 0U);
  EXPECT_EQ(endpoint(0).counters.bytes_out, 4U);
  EXPECT_EQ(endpoint(0).counters.bytes_in, 5U);
  EXPECT_EQ(context_.counters.tcp_sessions.value(), 1U);
  EXPECT_EQ(context_.counters.bytes_from_clients.value(), 4U);
  EXPECT_EQ(context_.counters.terminations[static_cast<size_t>(Termination::kOk)].value(), 1U);
  EXPECT_EQ(context_.sessions.size(), 0U);
}

TEST_F(TcpSessionTest, T01FinBeforeTheEndpointIsConnected) {
  Serve({{&one_}});
  TcpPeer client = TcpPeer::Connect(front_.address());
  client.Send("question");
  client.Finish();
  Start();
  ASSERT_TRUE(Accepts(one_));
  ASSERT_TRUE(RunUntil(loop_, [&] { return one_.peer().end() == "fin"; }));
  EXPECT_EQ(one_.peer().got(), "question");
  one_.peer().Send("answer");
  one_.peer().Close();
  EXPECT_TRUE(RunUntil(loop_, [&] { return client.end() == "fin"; }));
  EXPECT_EQ(client.got(), "answer");
  EXPECT_TRUE(Ends(Termination::kOk));
}

TEST_F(TcpSessionTest, T03T04ResetsAreTold) {
  Serve({{&one_}});
  TcpPeer client = Connect();
  ASSERT_TRUE(Accepts(one_));
  RunTurns(loop_);
  one_.peer().Reset();
  EXPECT_TRUE(IsReset(client));
  EXPECT_TRUE(Ends(Termination::kUpstreamReset));
  TcpPeer second = Connect();
  ASSERT_TRUE(Accepts(one_));
  RunTurns(loop_);
  second.Reset();
  EXPECT_TRUE(IsReset(one_.peer()));
  ASSERT_TRUE(RunUntil(loop_, [&] { return records_.size() == 2; }));
  EXPECT_TRUE(Ends(Termination::kClientAbort));
}

TEST_F(TcpSessionTest, T07RefusedMeansTheNextAtOnce) {
  Serve({{&one_, 1}, {&two_, 2}});
  one_.Close();
  TcpPeer client = Connect();
  ASSERT_TRUE(Accepts(two_));
  client.Send("hello");
  EXPECT_TRUE(Gets(two_.peer(), "hello"));
  EXPECT_EQ(endpoint(0).fails(), 1U);
  EXPECT_EQ(endpoint(0).in_use(), 0U);
  EXPECT_EQ(endpoint(1).fails(), 0U);
  two_.peer().Reset();
  ASSERT_TRUE(Ends(Termination::kUpstreamReset));
  EXPECT_EQ(records_.back().attempts, 2U);
}

TEST_F(TcpSessionTest, T07ResetBeforeItWasEvenConnectedIsARefusal) {
  Serve({{&one_, 1}, {&two_, 2}});
  TcpPeer client = Connect();
  ASSERT_TRUE(one_.Accept());
  one_.peer().Reset();
  ASSERT_TRUE(Accepts(two_));
  client.Send("hello");
  EXPECT_TRUE(Gets(two_.peer(), "hello"));
}

TEST_F(TcpSessionTest, T07AfterThreeAttemptsTheClientIsReset) {
  std::vector<TcpHost> dead(5);
  std::vector<Member> members;
  for (TcpHost& host : dead) {
    host.Close();
    members.push_back({&host});
  }
  Serve(members);
  TcpPeer client = Connect();
  EXPECT_TRUE(IsReset(client));
  ASSERT_TRUE(Ends(Termination::kConnectFailed));
  EXPECT_EQ(records_.back().attempts, 3U);
  EXPECT_FALSE(records_.back().connected);
}

TEST_F(TcpSessionTest, T07TheOnlyOneRefuses) {
  Serve({{&one_}});
  one_.Close();
  TcpPeer client = Connect();
  EXPECT_TRUE(IsReset(client));
  EXPECT_TRUE(Ends(Termination::kConnectFailed));
  EXPECT_EQ(records_.back().attempts, 1U);
}

TEST_F(TcpSessionTest, T08BlackHole) {
  settings_.connect_timeout = Millis(40);
  hole_.Fill();
  Serve({{&hole_, 1}, {&two_, 2}});
  TcpPeer client = Connect();
  client.Send("waiting");
  ASSERT_TRUE(Accepts(two_));
  EXPECT_TRUE(Gets(two_.peer(), "waiting"));
  EXPECT_EQ(endpoint(0).fails(), 1U);
}

TEST_F(TcpSessionTest, T08AllTimeIsUsed) {
  settings_.connect_timeout = Millis(5000);
  settings_.attempts_timeout = Millis(300);
  hole_.Fill();
  Serve({{&hole_, 1}, {&two_, 2}});
  TcpPeer client = Connect();
  EXPECT_TRUE(IsReset(client));
  EXPECT_TRUE(Ends(Termination::kConnectFailed));
  EXPECT_FALSE(two_.Accept());
}

TEST_F(TcpSessionTest, T12EarlyBytesAreHeld) {
  settings_.connect_timeout = Millis(100);
  hole_.Fill();
  Serve({{&hole_, 1}, {&two_, 2}});
  std::string text(1 << 20, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 >> 8);
  TcpPeer client = Connect();
  size_t sent = 0;
  bool accepted = false;
  ASSERT_TRUE(RunUntil(loop_, [&] {
    sent += client.Offer(std::string_view(text).substr(sent));
    accepted = accepted || two_.Accept();
    return accepted && two_.peer().got().size() == text.size();
  }));
  EXPECT_EQ(two_.peer().got(), text);
}

TEST_F(TcpSessionTest, T13ServerSpeaksFirst) {
  Serve({{&one_}});
  TcpPeer client = Connect();
  ASSERT_TRUE(Accepts(one_));
  one_.peer().Send("220 ready");
  EXPECT_TRUE(Gets(client, "220 ready"));
}

TEST_F(TcpSessionTest, T14ClientLeavesBeforeTheEndpointIsConnected) {
  hole_.Fill();
  Serve({{&hole_}});
  TcpPeer client = Connect();
  client.Send("never mind");
  RunTurns(loop_);
  EXPECT_EQ(endpoint(0).in_use(), 1U);
  client.Reset();
  ASSERT_TRUE(Ends(Termination::kClientAbort));
  EXPECT_EQ(endpoint(0).in_use(), 0U);
  EXPECT_EQ(endpoint(0).fails(), 0U);
}

TEST_F(TcpSessionTest, T14ResetIsSeenBehindAFinAndUnreadBytes) {
  settings_.connect_timeout = Millis(60000);
  hole_.Fill();
  Serve({{&hole_}});
  TcpPeer client = Connect();
  client.Offer(std::string(300000, 'x'));
  client.Finish();
  RunTurns(loop_);
  ASSERT_TRUE(records_.empty());
  client.Reset();
  EXPECT_TRUE(Ends(Termination::kClientAbort));
}

TEST_F(TcpSessionTest, NobodyToConnectTo) {
  Publish(false);
  TcpPeer client = Connect();
  EXPECT_TRUE(IsReset(client));
  EXPECT_TRUE(Ends(Termination::kNoEndpoint));
  Serve({});
  TcpPeer second = Connect();
  EXPECT_TRUE(IsReset(second));
  EXPECT_TRUE(Ends(Termination::kNoEndpoint));
}

TEST_F(TcpSessionTest, C09LingeringListenerClosesAtOnce) {
  Serve({{&one_}});
  plan_.lingering = true;
  TcpPeer client = Connect();
  EXPECT_EQ(context_.sessions.size(), 0U);
  EXPECT_TRUE(IsClosed(client));
  EXPECT_FALSE(one_.Accept());
}

TEST_F(TcpSessionTest, T10IdleSessionEnds) {
  settings_.tcp_idle = Millis(40);
  Serve({{&one_}});
  TcpPeer client = Connect();
  ASSERT_TRUE(Ends(Termination::kIdle));
  EXPECT_TRUE(RunUntil(loop_, [&] { return client.end() == "fin"; }));
}

TEST_F(TcpSessionTest, F15FullEndpointIsWaitedFor) {
  settings_.max_conns = 1;
  Serve({{&one_}});
  std::optional<TcpPeer> first = Connect();
  ASSERT_TRUE(Accepts(one_));
  TcpPeer second = Connect();
  TcpPeer third = Connect();
  RunTurns(loop_);
  EXPECT_EQ(context_.QueueOf(0, states_[0]).size(), 2U);
  EXPECT_FALSE(one_.Accept());
  first->Reset();
  ASSERT_TRUE(Accepts(one_));
  second.Send("I am second");
  EXPECT_TRUE(Gets(one_.peer(), "I am second"));
  EXPECT_EQ(context_.QueueOf(0, states_[0]).size(), 1U);
  one_.peer().Reset();
  ASSERT_TRUE(Accepts(one_));
  third.Send("I am third");
  EXPECT_TRUE(Gets(one_.peer(), "I am third"));
}

TEST_F(TcpSessionTest, F15QueueTimeoutAndLimit) {
  settings_.max_conns = 1;
  settings_.queue = 1;
  settings_.queue_timeout = Millis(40);
  Serve({{&one_}});
  TcpPeer first = Connect();
  ASSERT_TRUE(Accepts(one_));
  TcpPeer second = Connect();
  TcpPeer third = Connect();
  EXPECT_TRUE(Ends(Termination::kQueueFull));
  EXPECT_TRUE(IsReset(third));
  EXPECT_TRUE(IsReset(second));
  EXPECT_TRUE(Ends(Termination::kQueueTimeout));
}

TEST_F(TcpSessionTest, F16WaitingClientLeaves) {
  settings_.max_conns = 1;
  Serve({{&one_}});
  TcpPeer first = Connect();
  ASSERT_TRUE(Accepts(one_));
  TcpPeer second = Connect();
  RunTurns(loop_);
  second.Reset();
  EXPECT_TRUE(Ends(Termination::kClientAbort));
  EXPECT_EQ(context_.QueueOf(0, states_[0]).size(), 0U);
  EXPECT_EQ(endpoint(0).in_use(), 1U);
}

TEST_F(TcpSessionTest, KillResetsInEveryPhase) {
  hole_.Fill();
  Serve({{&hole_}}, 1);
  Serve({{&one_}});
  TcpPeer relayed = Connect();
  ASSERT_TRUE(Accepts(one_));
  plan_.slot = 1;
  TcpPeer dialing = Connect();
  plan_.accept_proxy = true;
  TcpPeer opening = Connect();
  RunTurns(loop_);
  context_.sessions.ForEach([](Session& session) { session.OnDrain(); });
  EXPECT_EQ(context_.sessions.size(), 3U);
  context_.sessions.ForEach([](Session& session) { session.Kill(Termination::kShutdown); });
  EXPECT_EQ(context_.sessions.size(), 0U);
  EXPECT_TRUE(IsReset(relayed) && IsReset(dialing) && IsReset(opening) && IsReset(one_.peer()));
  EXPECT_EQ(context_.counters.terminations[static_cast<size_t>(Termination::kShutdown)].value(), 3U);
}

TEST_F(TcpSessionTest, K09VersionByClientAddress) {
  settings_.split = ParseShares("v1:50,v2:50").value();
  settings_.split.key = SplitKey::kClientAddress;
  Serve({{&one_, 0, "v1"}, {&two_, 0, "v2"}});
  plan_.accept_proxy = true;
  size_t first_version = 0;
  bool before = false;
  for (int i = 0; i < 40; ++i) {
    const std::string header = "PROXY TCP4 192.0.2." + std::to_string(i / 2) + " 192.0.2.1 1000 80\r\n";
    records_.clear();
    TcpPeer client = Connect();
    client.Send(header);
    bool at_one = false;
    bool at_two = false;
    ASSERT_TRUE(RunUntil(loop_, [&] { return (at_one = one_.Accept()) || (at_two = two_.Accept()); }));
    client.Reset();
    ASSERT_TRUE(Ends(Termination::kClientAbort));
    if (i % 2 == 1) {
      EXPECT_EQ(before, at_one) << header;
    }
    before = at_one;
    if (at_one) ++first_version;
  }
  EXPECT_GT(first_version, 0U);
  EXPECT_LT(first_version, 40U);
}

// What one idle session of ours holds on the heap, both sockets included.
TEST_F(TcpSessionTest, IdlePairsAreSmall) {
  constexpr size_t kPairs = 200;
  TcpHost many(2 * kPairs);
  Serve({{&many}});
  auto quiet = std::make_shared<SessionRules>(*context_.rules);
  quiet->access_log = false;
  context_.rules = quiet;
  std::vector<TcpPeer> clients;
  clients.reserve(2 * kPairs);
  const auto connect_all = [&] {
    for (size_t i = 0; i < kPairs; ++i) clients.push_back(Connect());
    RunTurns(loop_);
    return mallinfo2().uordblks;
  };
  const size_t before = connect_all();  // so that tables have grown
  const size_t after = connect_all();
  EXPECT_EQ(context_.sessions.size(), 2 * kPairs);
  RecordProperty("bytes_per_session", static_cast<int>((after - before) / kPairs));
  EXPECT_LE((after - before) / kPairs, 1024U);
}

}  // namespace
}  // namespace signpost::lb
