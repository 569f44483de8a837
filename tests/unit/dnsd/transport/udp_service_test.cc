// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/transport/udp_service.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/dns/world.h"
#include "tests/support/run_loop.h"

namespace signpost::transport {
namespace {

using catalog::Kind;
using test::Question;
using test::RunUntil;
using test::Service;
using test::World;
using ::testing::ElementsAre;

class UdpServiceTest : public ::testing::Test {
 protected:
  UdpServiceTest() : waiting(loop, world.handler(), [](const query::Want&) {}) {
    world.Datacenters({"dc1", "dc2"}).Add(Service("web").On("n1", "10.0.0.1").Port(80));
    net::SocketAddress address = net::SocketAddress::Parse("127.0.0.1", 53).value();
    address.set_port(0);
    service = UdpService::Bind(loop, address, world.handler(), waiting, [this] { ++batches; }).value();
    client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    EXPECT_EQ(connect(client, service->local().get(), service->local().length()), 0);
  }
  ~UdpServiceTest() override { close(client); }

  void Ask(const Question& question) {
    const auto packet = question.Packet();
    EXPECT_EQ(send(client, packet.data(), packet.size(), 0), static_cast<ssize_t>(packet.size()));
  }
  ::testing::AssertionResult Replies(size_t n) {
    return RunUntil(loop, [&] {
      uint8_t buffer[65536];
      for (ssize_t size; (size = recv(client, buffer, sizeof buffer, 0)) > 0;) {
        replies.push_back(test::Decode(std::span(buffer).first(static_cast<size_t>(size)), 1232));
      }
      return replies.size() >= n;
    });
  }

  uint64_t Now() const { return static_cast<uint64_t>(loop.Now().count()); }

  net::Loop loop;
  World world;
  WaitingRoom waiting;
  std::unique_ptr<UdpService> service;
  int client = -1;
  std::vector<test::Reply> replies;
  int batches = 0;
};

TEST_F(UdpServiceTest, AnswersEachDatagram) {
  for (uint16_t i = 0; i < 10; ++i) Ask(Question("web.service.consul", "A").Id(i));
  ASSERT_TRUE(Replies(10));
  for (uint16_t i = 0; i < 10; ++i) EXPECT_EQ(replies[i].id, i);
  EXPECT_THAT(replies[0].answer, ElementsAre("web.service.consul. 0 A 10.0.0.1"));
  EXPECT_EQ(world.counters().received[0].value(), 10U);
  EXPECT_EQ(world.counters().answered[0].value(), 10U);
  EXPECT_GE(batches, 1);
  uint64_t timed = 0;
  for (const auto& bucket : world.counters().latency) timed += bucket.value();
  EXPECT_EQ(timed, 10U) << "each query is in the histogram";
}

TEST_F(UdpServiceTest, GarbageIsDroppedAndTheNextQueryAnswered) {  // W23, W24
  ASSERT_EQ(send(client, "", 0, 0), 0);
  ASSERT_EQ(send(client, "x", 1, 0), 1);
  Ask(Question("web.service.consul", "A").Flags(0x8000));
  Ask(Question("web.service.consul", "A").Id(7));
  ASSERT_TRUE(Replies(1));
  EXPECT_EQ(replies[0].id, 7);
  EXPECT_EQ(world.counters().received[0].value(), 4U);
  EXPECT_EQ(world.counters().dropped[0][static_cast<size_t>(query::Drop::kShort)].value(), 2U);
  EXPECT_EQ(world.counters().dropped[0][static_cast<size_t>(query::Drop::kResponse)].value(), 1U);
}

TEST_F(UdpServiceTest, AQuestionThatWaitsIsAnsweredLater) {
  Ask(Question("web.service.dc2.consul", "A").Id(9).Edns(1232));
  ASSERT_TRUE(RunUntil(loop, [&] { return waiting.size() == 1; }));
  world.Add(Service("web", Kind::kService, "dc2").On("w1", "10.0.8.1"));
  waiting.Wake(catalog::Key{Kind::kService, "dc2", "web"});
  ASSERT_TRUE(Replies(1));
  EXPECT_EQ(replies[0].id, 9);
  EXPECT_TRUE(replies[0].has_opt);
  EXPECT_THAT(replies[0].answer, ElementsAre("web.service.dc2.consul. 0 A 10.0.8.1"));
}

TEST_F(UdpServiceTest, AnAnswerForAClosedSocketGoesNowhere) {
  Ask(Question("web.service.dc2.consul", "A"));
  ASSERT_TRUE(RunUntil(loop, [&] { return waiting.size() == 1; }));
  service.reset();
  world.At(Now()).Absent({Kind::kService, "dc2", "web"});
  waiting.Wake(catalog::Key{Kind::kService, "dc2", "web"});
  EXPECT_EQ(waiting.size(), 0U);
  EXPECT_EQ(world.counters().answered[0].value(), 1U);
}

}  // namespace
}  // namespace signpost::transport
