// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/transport/tcp_service.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "common/base/bytes.h"
#include "tests/support/dns/world.h"
#include "tests/support/run_loop.h"

namespace signpost::transport {
namespace {

using catalog::Kind;
using test::Question;
using test::RunTurns;
using test::RunUntil;
using test::Service;
using test::World;
using ::testing::ElementsAre;

// A DNS client on a plain socket.
class Client {
 public:
  explicit Client(const net::SocketAddress& to) : fd_(socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    EXPECT_EQ(connect(fd_, to.get(), to.length()), 0) << to.ToString();
    fcntl(fd_, F_SETFL, O_NONBLOCK);
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Send(std::span<const uint8_t> bytes) {
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  void Ask(const Question& question) { Send(Framed(question)); }
  void FinishSending() { shutdown(fd_, SHUT_WR); }

  static std::vector<uint8_t> Framed(const Question& question) {
    const auto packet = question.Packet();
    std::vector<uint8_t> out(2);
    StoreU16(out.data(), static_cast<uint16_t>(packet.size()));
    out.insert(out.end(), packet.begin(), packet.end());
    return out;
  }

  // Takes what has come; the replies of whole messages are in `replies`.
  void Read() {
    uint8_t buffer[65536];
    for (;;) {
      const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
      if (n <= 0) {
        closed = closed || n == 0 || errno != EAGAIN;
        break;
      }
      bytes_.insert(bytes_.end(), buffer, buffer + n);
    }
    while (bytes_.size() >= 2 && bytes_.size() >= size_t{2} + LoadU16(bytes_.data())) {
      const size_t size = LoadU16(bytes_.data());
      replies.push_back(test::Decode(std::span(bytes_).subspan(2, size), 65535));
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(2 + size));
    }
  }

  std::vector<test::Reply> replies;
  bool closed = false;

 private:
  int fd_;
  std::vector<uint8_t> bytes_;
};

class TcpServiceTest : public ::testing::Test {
 protected:
  TcpServiceTest() : waiting(loop, world.handler(), [](const query::Want&) {}) {
    world.Datacenters({"dc1", "dc2"})
        .Add(Service("web").On("n1", "10.0.0.1").Port(80))
        .Add(test::ManyInstances("many", 2000));
  }

  void Listen(TcpOptions options = {}, size_t max_connections = 100, size_t max_per_client = 0) {
    budget = std::make_unique<TcpBudget>(max_connections, max_per_client);
    net::SocketAddress address = net::SocketAddress::Parse("127.0.0.1", 53).value();
    address.set_port(0);
    service =
        TcpService::Listen(loop, address, options, *budget, world.handler(), waiting, [this] { ++batches; }).value();
  }
  ::testing::AssertionResult Replies(Client& client, size_t n) {
    return RunUntil(loop, [&] { return client.Read(), client.replies.size() >= n; });
  }
  ::testing::AssertionResult Closed(Client& client) {
    return RunUntil(loop, [&] { return client.Read(), client.closed; });
  }
  ::testing::AssertionResult Connections(size_t n) {
    return RunUntil(loop, [&] { return service->connections() == n; });
  }

  uint64_t Now() const { return static_cast<uint64_t>(loop.Now().count()); }

  net::Loop loop;
  World world;
  WaitingRoom waiting;
  std::unique_ptr<TcpBudget> budget;
  std::unique_ptr<TcpService> service;
  int batches = 0;
};

TEST_F(TcpServiceTest, AnswersAndStaysOpen) {
  Listen();
  Client client(service->local());
  client.Ask(Question("web.service.consul", "A").Id(1));
  ASSERT_TRUE(Replies(client, 1));
  EXPECT_THAT(client.replies[0].answer, ElementsAre("web.service.consul. 0 A 10.0.0.1"));
  client.Ask(Question("web.service.consul", "SRV").Id(2));
  ASSERT_TRUE(Replies(client, 2));
  EXPECT_EQ(client.replies[1].id, 2);
  EXPECT_FALSE(client.closed);
  EXPECT_EQ(service->connections(), 1U);
  EXPECT_EQ(service->counters().accepted.value(), 1U);
  EXPECT_EQ(world.counters().received[1].value(), 2U);
  EXPECT_GE(batches, 2);
}

TEST_F(TcpServiceTest, MessagesMayComeInAnyPieces) {  // W210
  Listen();
  Client client(service->local());
  for (const uint8_t byte : Client::Framed(Question("web.service.consul", "A"))) {
    client.Send({&byte, 1});
    RunTurns(loop, 1);
  }
  ASSERT_TRUE(Replies(client, 1));
  EXPECT_EQ(client.replies[0].rcode, "NOERROR");
}

TEST_F(TcpServiceTest, FiftyQueriesInOnePiece) {  // W211
  Listen();
  Client client(service->local());
  std::vector<uint8_t> all;
  for (uint16_t i = 0; i < 50; ++i) {
    const auto one = Client::Framed(Question("web.service.consul", "A").Id(i));
    all.insert(all.end(), one.begin(), one.end());
  }
  client.Send(all);
  ASSERT_TRUE(Replies(client, 50));
  for (uint16_t i = 0; i < 50; ++i) EXPECT_EQ(client.replies[i].id, i);
}

TEST_F(TcpServiceTest, AQuestionThatWaitsHoldsNobodyUp) {  // W212
  Listen();
  Client client(service->local());
  client.Ask(Question("web.service.dc2.consul", "A").Id(1));
  client.Ask(Question("web.service.consul", "A").Id(2));
  ASSERT_TRUE(Replies(client, 1));
  EXPECT_EQ(client.replies[0].id, 2);
  world.Add(Service("web", Kind::kService, "dc2").On("w1", "10.0.8.1"));
  waiting.Wake(catalog::Key{Kind::kService, "dc2", "web"});
  ASSERT_TRUE(Replies(client, 2));
  EXPECT_EQ(client.replies[1].id, 1);
  EXPECT_THAT(client.replies[1].answer, ElementsAre("web.service.dc2.consul. 0 A 10.0.8.1"));
}

TEST_F(TcpServiceTest, AClientThatIsGoneGetsNothing) {
  Listen();
  {
    Client client(service->local());
    client.Ask(Question("web.service.dc2.consul", "A"));
    ASSERT_TRUE(RunUntil(loop, [&] { return waiting.size() == 1; }));
    service.reset();
  }
  world.At(Now()).Absent({Kind::kService, "dc2", "web"});
  waiting.Wake(catalog::Key{Kind::kService, "dc2", "web"});
  EXPECT_EQ(waiting.size(), 0U);
}

TEST_F(TcpServiceTest, AfterAHalfCloseTheAnswersStillCome) {  // W217
  Listen();
  Client client(service->local());
  client.Ask(Question("web.service.dc2.consul", "A").Id(1));
  client.Ask(Question("web.service.consul", "A").Id(2));
  client.FinishSending();
  ASSERT_TRUE(Replies(client, 1));
  EXPECT_FALSE(client.closed) << "one answer is still to come";
  world.At(Now()).Absent({Kind::kService, "dc2", "web"});
  waiting.Wake(catalog::Key{Kind::kService, "dc2", "web"});
  ASSERT_TRUE(Closed(client));
  ASSERT_EQ(client.replies.size(), 2U);
  EXPECT_EQ(client.replies[1].rcode, "NXDOMAIN");
  EXPECT_EQ(service->connections(), 0U);
}

TEST_F(TcpServiceTest, FramesThatNoClientSendsCloseTheConnection) {  // W213-W215
  for (const char* bytes : {"0000", "000b 00*11", "000c 1234 8000 0000 0000 0000 0000"}) {
    Listen();
    Client client(service->local());
    client.Ask(Question("web.service.consul", "A"));
    client.Send(test::Hex(bytes));
    ASSERT_TRUE(Closed(client)) << bytes;
    EXPECT_EQ(client.replies.size(), 1U) << "what came before is answered (W233)";
    EXPECT_EQ(service->counters().closed_framing.value(), 1U);
    EXPECT_EQ(service->connections(), 0U);
    EXPECT_EQ(budget->PercentUsed(), 0U);
  }
}

TEST_F(TcpServiceTest, AMalformedMessageIsAnsweredAndForgotten) {  // W232
  Listen();
  Client client(service->local());
  client.Ask(Question("web.service.consul", "A").Counts(2, -1, -1, -1));
  client.Ask(Question("web.service.consul", "A"));
  ASSERT_TRUE(Replies(client, 2));
  EXPECT_EQ(client.replies[0].rcode, "FORMERR");
  EXPECT_EQ(client.replies[1].rcode, "NOERROR");
}

TEST_F(TcpServiceTest, LargeAnswersArriveWhole) {  // W220
  Listen();
  Client client(service->local());
  for (uint16_t i = 0; i < 20; ++i) client.Ask(Question("many.service.consul", "SRV").Id(i));
  RunTurns(loop, 20);  // nobody reads: what the kernel does not take stays queued, and reading stops
  ASSERT_TRUE(Replies(client, 20));
  for (const auto& reply : client.replies) {
    EXPECT_EQ(reply.problem, "");
    EXPECT_GT(reply.bytes.size(), 60000U);
  }
}

TEST_F(TcpServiceTest, IdleConnectionsAreClosed) {
  Listen({.idle_timeout = Millis(200)});
  Client client(service->local());
  client.Ask(Question("web.service.consul", "A"));
  ASSERT_TRUE(Closed(client));
  EXPECT_EQ(client.replies.size(), 1U);
  EXPECT_EQ(service->counters().closed_idle.value(), 1U);
  EXPECT_EQ(service->connections(), 0U);
}

TEST_F(TcpServiceTest, AMessageThatIsNeverFinishedIsNotWaitedFor) {  // W216
  Listen({.idle_timeout = Millis(60000), .message_timeout = Millis(200)});
  Client client(service->local());
  client.Send(test::Hex("0064 00*50"));
  ASSERT_TRUE(Closed(client));
  EXPECT_EQ(service->counters().closed_slow.value(), 1U);
}

TEST_F(TcpServiceTest, AConnectionWithAQuestionThatWaitsIsNotIdle) {
  Listen({.idle_timeout = Millis(200)});
  Client client(service->local());
  client.Ask(Question("web.service.dc2.consul", "A"));
  ASSERT_TRUE(Replies(client, 1));
  EXPECT_EQ(client.replies[0].rcode, "SERVFAIL");
  EXPECT_EQ(service->counters().closed_idle.value(), 0U);
}

TEST_F(TcpServiceTest, OneTooManyTakesThePlaceOfTheMostIdle) {  // W223
  Listen({}, /*max_connections=*/2);
  Client first(service->local());
  ASSERT_TRUE(Connections(1));
  Client second(service->local());
  ASSERT_TRUE(Connections(2));
  first.Ask(Question("web.service.consul", "A"));
  ASSERT_TRUE(Replies(first, 1));
  Client third(service->local());
  ASSERT_TRUE(Closed(second));
  third.Ask(Question("web.service.consul", "A"));
  ASSERT_TRUE(Replies(third, 1));
  first.Read();
  EXPECT_FALSE(first.closed);
  EXPECT_EQ(service->counters().closed_for_room.value(), 1U);
}

TEST_F(TcpServiceTest, OneClientMayNotTakeAllConnections) {  // W224
  Listen({}, 100, /*max_per_client=*/2);
  Client first(service->local());
  Client second(service->local());
  ASSERT_TRUE(Connections(2));
  Client third(service->local());
  ASSERT_TRUE(Closed(third));
  EXPECT_EQ(service->counters().refused_client.value(), 1U);
  EXPECT_EQ(service->connections(), 2U);
}

TEST_F(TcpServiceTest, AFullHouseHasLessPatience) {  // W222
  Listen({.idle_timeout = Millis(2000)}, /*max_connections=*/1);
  Client client(service->local());
  ASSERT_TRUE(RunUntil(
      loop, [&] { return client.Read(), client.closed; }, Millis(1500)))
      << "a tenth of the timeout";
}

TEST_F(TcpServiceTest, DrainSendsWhatIsQueued) {  // W234
  Listen();
  Client client(service->local());
  client.Ask(Question("many.service.consul", "SRV"));
  ASSERT_TRUE(RunUntil(loop, [&] { return world.counters().answered[1].value() == 1; }));
  service->Drain();
  ASSERT_TRUE(Closed(client));
  ASSERT_EQ(client.replies.size(), 1U);
  EXPECT_EQ(client.replies[0].problem, "");
  EXPECT_EQ(service->connections(), 0U);
  EXPECT_EQ(budget->PercentUsed(), 0U);
}

}  // namespace
}  // namespace signpost::transport
