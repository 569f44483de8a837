// Signpost. Apache-2.0; see LICENSE.
#include "lb/relay/relay.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <optional>
#include <string>

#include "tests/support/run_loop.h"
#include "tests/support/tcp_peer.h"

namespace signpost::lb {
namespace {

using test::RunTurns;
using test::RunUntil;
using test::TcpPair;
using test::TcpPeer;

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Bytes whose order shows.
std::string Pattern(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 2654435761U >> 24);
  return text;
}

size_t OpenDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

class NoOwner final : public net::SocketOwner {
  void OnReady(net::StreamSocket& /*socket*/) override {}
};

class RelayTest : public testing::Test, public Relay::Owner {
 protected:
  void Begin(RelayLimits limits = {}, std::string_view to_server = {}, std::string_view to_client = {}) {
    relay_.emplace(reactor_, net::StreamSocket::Adopt(reactor_, std::move(client_.end), nobody_),
                   net::StreamSocket::Adopt(reactor_, std::move(server_.end), nobody_), limits, *this, Bytes(to_server),
                   Bytes(to_client));
  }
  void OnRelayEnd(RelayEnd end) override {
    EXPECT_FALSE(end_.has_value());
    end_ = end;
    relay_.reset();
  }
  bool Ended(RelayEnd end) const { return end_ == end; }
  // Sends all of it while the relay runs and the other side reads.
  testing::AssertionResult Pass(TcpPeer& from, TcpPeer& to, const std::string& text) {
    size_t sent = 0;
    return RunUntil(loop_, [&] {
      sent += from.Offer(std::string_view(text).substr(sent));
      return to.got().size() >= text.size();
    });
  }
  TcpPeer& client() { return client_.peer; }
  TcpPeer& server() { return server_.peer; }

  net::Loop loop_;
  net::Reactor reactor_{loop_};
  TcpPair client_;
  TcpPair server_;
  NoOwner nobody_;
  std::optional<RelayEnd> end_;
  std::optional<Relay> relay_;
};

TEST_F(RelayTest, PassesBytesBothWays) {
  Begin();
  client().Send("question");
  EXPECT_TRUE(RunUntil(loop_, [&] { return server().got() == "question"; }));
  server().Send("answer");
  EXPECT_TRUE(RunUntil(loop_, [&] { return client().got() == "answer"; }));
  EXPECT_EQ(relay_->from_client(), 8U);
  EXPECT_EQ(relay_->from_server(), 6U);
}

TEST_F(RelayTest, WhatWasReadBeforeGoesFirst) {
  client().Send("c2");
  server().Send("s2");
  Begin({}, "c1 ", "s1 ");
  EXPECT_TRUE(RunUntil(loop_, [&] { return server().got() == "c1 c2" && client().got() == "s1 s2"; }));
}

TEST_F(RelayTest, T01AnswerAfterTheClientsFinIsDelivered) {
  Begin();
  client().Send("question");
  client().Finish();
  ASSERT_TRUE(RunUntil(loop_, [&] { return server().end() == "fin"; }));
  EXPECT_EQ(server().got(), "question");
  EXPECT_FALSE(end_.has_value());
  const std::string answer = Pattern(300000);
  ASSERT_TRUE(Pass(server(), client(), answer));
  server().Finish();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Ended(RelayEnd::kFinished); }));
  ASSERT_TRUE(RunUntil(loop_, [&] { return client().end() == "fin"; }));
  EXPECT_EQ(client().got(), answer);
}

TEST_F(RelayTest, T01ClientThatHadFinishedBeforeTheRelay) {
  Begin({}, "question");
  relay_->ClientEnded();
  ASSERT_TRUE(RunUntil(loop_, [&] { return server().end() == "fin"; }));
  EXPECT_EQ(server().got(), "question");
  server().Send("answer");
  EXPECT_TRUE(RunUntil(loop_, [&] { return client().got() == "answer"; }));
}

TEST_F(RelayTest, T10ClientThatHadFinishedBeforeTheRelayHasTheFinLimit) {
  Begin({.idle = Millis(60000), .fin = Millis(50)});
  relay_->ClientEnded();
  EXPECT_TRUE(RunUntil(loop_, [&] { return Ended(RelayEnd::kIdle); }));
}

TEST_F(RelayTest, T10NoFinLimitEndsTheIdleLimit) {
  Begin({.idle = Millis(50), .fin = Millis(0)});
  relay_->ClientEnded();
  RunTurns(loop_, 120);
  EXPECT_FALSE(end_.has_value());
}

TEST_F(RelayTest, T02ClientGoesOnAfterTheServersFin) {
  Begin();
  server().Send("banner");
  server().Finish();
  ASSERT_TRUE(RunUntil(loop_, [&] { return client().end() == "fin"; }));
  const std::string upload = Pattern(200000);
  EXPECT_TRUE(Pass(client(), server(), upload));
  EXPECT_EQ(server().got(), upload);
  EXPECT_FALSE(end_.has_value());
}

TEST_F(RelayTest, T03ResetOfTheServerResetsTheClient) {
  Begin();
  server().Reset();
  EXPECT_TRUE(RunUntil(loop_, [&] { return Ended(RelayEnd::kServerReset); }));
  EXPECT_TRUE(RunUntil(loop_, [&] { return client().end() == "reset"; }));
}

TEST_F(RelayTest, T04ResetOfTheClientResetsTheServer) {
  Begin();
  client().Reset();
  EXPECT_TRUE(RunUntil(loop_, [&] { return Ended(RelayEnd::kClientReset); }));
  EXPECT_TRUE(RunUntil(loop_, [&] { return server().end() == "reset"; }));
}

TEST_F(RelayTest, T04ResetAfterTheFin) {
  Begin();
  client().Finish();
  ASSERT_TRUE(RunUntil(loop_, [&] { return server().end() == "fin"; }));
  client().Reset();
  EXPECT_TRUE(RunUntil(loop_, [&] { return Ended(RelayEnd::kClientReset); }));
}

TEST_F(RelayTest, T03ResetIsNotHeldUpByWhatNobodyReads) {
  Begin({.splice_after = 0});
  const std::string piece = Pattern(64 << 10);
  size_t last = 0;
  int still = 0;
  ASSERT_TRUE(RunUntil(loop_, [&] {  // until nothing more is taken
    server().Offer(piece);
    still = relay_->from_server() == last ? still + 1 : 0;
    last = relay_->from_server();
    return last > 0 && still > 20;
  }));
  server().Reset();
  EXPECT_TRUE(RunUntil(loop_, [&] { return Ended(RelayEnd::kServerReset); }));
}

class Bulk : public RelayTest, public testing::WithParamInterface<size_t> {};

TEST_P(Bulk, T05SenderIsStoppedWhenNobodyReads) {
  RelayLimits limits;
  limits.splice_after = GetParam();
  Begin(limits);
  const std::string piece = Pattern(256 << 10);
  const size_t most = 64 << 20;  // far more than the kernel's buffers of both connections
  size_t sent = 0;
  int still = 0;
  ASSERT_TRUE(RunUntil(loop_, [&] {
    const size_t now = client().Offer(piece);
    sent += now;
    still = now == 0 ? still + 1 : 0;
    return still > 50 || sent > most;
  }));
  EXPECT_LT(sent, most);
  // And goes on when it is read, with nothing lost.
  client().Finish();
  ASSERT_TRUE(RunUntil(loop_, [&] { return server().end() == "fin"; }));
  EXPECT_EQ(server().got().size(), sent);
}

TEST_P(Bulk, T06T25EveryByteArrivesInOrder) {
  RelayLimits limits;
  limits.splice_after = GetParam();
  Begin(limits);
  const std::string text = Pattern(24 << 20);
  size_t sent = 0;
  size_t echoed = 0;
  ASSERT_TRUE(RunUntil(
      loop_,
      [&] {
        sent += client().Offer(std::string_view(text).substr(sent));
        server().Read(200000);
        echoed += server().Offer(std::string_view(text).substr(echoed));
        client().Read(300000);
        return server().taken() == text.size() && client().taken() == text.size();
      },
      Millis(20000)));
  EXPECT_EQ(server().got(), text);
  EXPECT_EQ(client().got(), text);
  client().Finish();
  server().Finish();
  EXPECT_TRUE(RunUntil(loop_, [&] { return Ended(RelayEnd::kFinished); }));
}

TEST_P(Bulk, T24UrgentByteDoesNotStopTheStream) {
  RelayLimits limits;
  limits.splice_after = GetParam();
  Begin(limits);
  const std::string text = Pattern(1 << 20);
  ASSERT_TRUE(Pass(client(), server(), text));
  client().Send("before");
  client().Send("!", MSG_OOB);
  client().Send("after");
  client().Finish();
  ASSERT_TRUE(RunUntil(loop_, [&] { return server().end() == "fin"; }));
  const std::string tail = server().got().substr(text.size());
  EXPECT_TRUE(tail == "beforeafter" || tail == "before!after") << tail;
}

INSTANTIATE_TEST_SUITE_P(CopyAndSplice, Bulk, testing::Values(0, 128 << 10),
                         [](const auto& param) { return param.param == 0 ? "copy" : "splice"; });

TEST_F(RelayTest, T25PipeIsGivenBackWhenTheBulkIsOver) {
  const size_t before = OpenDescriptors();
  Begin();
  bool piped = false;
  const std::string text = Pattern(8 << 20);
  size_t sent = 0;
  ASSERT_TRUE(RunUntil(loop_, [&] {
    sent += client().Offer(std::string_view(text).substr(sent));
    piped = piped || OpenDescriptors() > before;
    return server().got().size() == text.size();
  }));
  EXPECT_TRUE(piped);
  EXPECT_TRUE(RunUntil(loop_, [&] { return OpenDescriptors() <= before; }));
  EXPECT_FALSE(end_.has_value());
}

TEST_F(RelayTest, T25WithoutDescriptorsItCopies) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit none = {.rlim_cur = 3, .rlim_max = limit.rlim_max};
  Begin();
  setrlimit(RLIMIT_NOFILE, &none);
  const std::string text = Pattern(4 << 20);
  const testing::AssertionResult passed = Pass(client(), server(), text);
  setrlimit(RLIMIT_NOFILE, &limit);
  ASSERT_TRUE(passed);
  EXPECT_EQ(server().got(), text);
}

TEST_F(RelayTest, T10IdleRelayEndsWithFin) {
  Begin({.idle = Millis(50)});
  EXPECT_TRUE(RunUntil(loop_, [&] { return Ended(RelayEnd::kIdle); }));
  EXPECT_TRUE(RunUntil(loop_, [&] { return client().end() == "fin" && server().end() == "fin"; }));
}

TEST_F(RelayTest, T10AByteInEitherDirectionKeepsItAlive) {
  constexpr Millis kIdle{200};
  Begin({.idle = kIdle});
  const Millis began = loop_.Now();
  bool turn = false;
  net::Timer talk(loop_, [&] { ((turn = !turn) ? client() : server()).Send("."); });
  talk.StartPeriodic(Millis(20));
  ASSERT_TRUE(RunUntil(loop_, [&] { return end_.has_value() || loop_.Now() - began > 3 * kIdle; }));
  EXPECT_FALSE(end_.has_value());
  talk.Stop();
  EXPECT_TRUE(RunUntil(loop_, [&] { return Ended(RelayEnd::kIdle); }));
}

TEST_F(RelayTest, T11HalfClosedAndSilentEndsSooner) {
  Begin({.idle = Millis(60000), .fin = Millis(50)});
  client().Finish();
  EXPECT_TRUE(RunUntil(loop_, [&] { return Ended(RelayEnd::kIdle); }));
}

TEST_F(RelayTest, NoLimitIsNone) {
  Begin({.idle = Millis(0), .fin = Millis(0)});
  client().Finish();
  ASSERT_TRUE(RunUntil(loop_, [&] { return server().end() == "fin"; }));
  RunTurns(loop_);
  EXPECT_FALSE(end_.has_value());
}

TEST_F(RelayTest, T21AbortResetsBoth) {
  Begin();
  RunTurns(loop_);
  relay_->Abort();
  EXPECT_TRUE(RunUntil(loop_, [&] { return client().end() == "reset" && server().end() == "reset"; }));
  EXPECT_FALSE(end_.has_value());
}

TEST_F(RelayTest, IsSmall) { EXPECT_LE(sizeof(Relay), 300U); }

}  // namespace
}  // namespace signpost::lb
