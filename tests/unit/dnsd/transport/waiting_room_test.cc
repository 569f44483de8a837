// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/transport/waiting_room.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns/world.h"
#include "tests/support/run_loop.h"

namespace signpost::transport {
namespace {

using catalog::Kind;
using query::Transport;
using test::Question;
using test::RunUntil;
using test::Service;
using test::World;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const catalog::Key kWeb{Kind::kService, "dc2", "web"};
const catalog::Key kDb{Kind::kService, "dc2", "db"};

class WaitingRoomTest : public ::testing::Test {
 protected:
  WaitingRoomTest() : room(loop, world.handler(), [this](const catalog::Key& key) { wanted.push_back(key.name); }) {
    world.Datacenters({"dc1", "dc2"});
  }

  // Asks as a transport does: what has to wait is parked. The answers' rcodes arrive in `answers`.
  void Ask(const std::string& name, const char* type = "A", Transport transport = Transport::kUdp) {
    const auto packet = Question(name, type).Packet();
    std::vector<uint8_t> out(65535);
    const query::Context context{.transport = transport, .now_ms = static_cast<uint64_t>(loop.Now().count())};
    world.handler().counters().received[static_cast<size_t>(transport)].Add();
    const auto reply = world.handler().Handle(packet, context, out);
    ASSERT_TRUE(reply.wanted) << name << " has to wait";
    room.Park(packet, context, *reply.wanted, [this](std::span<const uint8_t> answer) {
      const test::Reply decoded = test::Decode(answer, 512);
      answers.push_back(decoded.rcode + (decoded.answer.empty() ? "" : " " + decoded.answer[0]));
    });
  }

  // The algebra of query/counters.h, the gauge included.
  void ExpectSums() {
    const auto& c = world.counters();
    for (size_t t = 0; t < query::kTransports; ++t) {
      EXPECT_EQ(c.received[t].value(), c.answered[t].value() + room.waiting(static_cast<Transport>(t)));
    }
  }

  uint64_t Now() const { return static_cast<uint64_t>(loop.Now().count()); }

  net::Loop loop;
  World world;
  std::vector<std::string> wanted;
  std::vector<std::string> answers;
  WaitingRoom room;
};

TEST_F(WaitingRoomTest, AQuestionWaitsUntilItsKeyIsKnown) {
  Ask("web.service.dc2.consul");
  EXPECT_THAT(wanted, ElementsAre("web"));
  EXPECT_EQ(room.size(), 1U);
  EXPECT_EQ(room.waiting(Transport::kUdp), 1U);
  ExpectSums();
  room.Wake(kDb);
  EXPECT_THAT(answers, IsEmpty());
  world.Add(Service("web", Kind::kService, "dc2").On("w1", "10.0.8.1"));
  room.Wake(kWeb);
  EXPECT_THAT(answers, ElementsAre("NOERROR web.service.dc2.consul. 0 A 10.0.8.1"));
  EXPECT_EQ(room.size(), 0U);
  EXPECT_EQ(world.counters().parked.value(), 1U);
  ExpectSums();
  room.Wake(kWeb);
  EXPECT_EQ(answers.size(), 1U) << "answered once";
}

TEST_F(WaitingRoomTest, AKeyIsAskedForOnceHoweverManyWait) {
  Ask("web.service.dc2.consul");
  Ask("web.service.dc2.consul", "SRV", Transport::kTcp);
  Ask("v1.web.service.dc2.consul");
  Ask("db.service.dc2.consul");
  EXPECT_THAT(wanted, ElementsAre("web", "db"));
  EXPECT_EQ(room.waiting(Transport::kUdp), 3U);
  EXPECT_EQ(room.waiting(Transport::kTcp), 1U);
  world.At(Now()).Absent(kWeb);
  room.Wake(kWeb);
  EXPECT_THAT(answers, ElementsAre("NXDOMAIN", "NXDOMAIN", "NXDOMAIN"));
  EXPECT_EQ(room.size(), 1U);
  EXPECT_EQ(room.waiting(Transport::kTcp), 0U);
  ExpectSums();
}

TEST_F(WaitingRoomTest, WhatCannotBeFetchedIsServfail) {
  Ask("web.service.dc2.consul");
  world.At(Now()).Unavailable(kWeb);
  room.GiveUp(kWeb);
  EXPECT_THAT(answers, ElementsAre("SERVFAIL"));
  EXPECT_EQ(world.counters().timed_out.value(), 0U);
  ExpectSums();
}

TEST_F(WaitingRoomTest, AChainMayWaitForOneKeyAfterTheOther) {
  world.Add(Service("far").On("n1", "10.0.0.1").Address("web.service.dc2.consul"));
  Ask("far.service.consul");
  EXPECT_THAT(wanted, ElementsAre("web"));
  world.Add(Service("web", Kind::kService, "dc2").On("w1", "10.0.8.1").Address("db.service.dc2.consul"));
  room.Wake(kWeb);
  EXPECT_THAT(wanted, ElementsAre("web", "db"));
  EXPECT_THAT(answers, IsEmpty());
  EXPECT_EQ(room.size(), 1U);
  world.Add(Service("db", Kind::kService, "dc2").On("w2", "10.0.8.2"));
  room.Wake(kDb);
  EXPECT_THAT(answers, ElementsAre("NOERROR db.service.dc2.consul. 0 A 10.0.8.2"));
  EXPECT_EQ(world.counters().parked.value(), 1U);
  ExpectSums();
}

TEST_F(WaitingRoomTest, PatienceEnds) {
  Ask("web.service.dc2.consul");
  Ask("web.service.dc2.consul", "SRV", Transport::kTcp);
  const Millis start = loop.Now();
  ASSERT_TRUE(RunUntil(loop, [this] { return answers.size() == 2; }));
  EXPECT_GE(loop.Now() - start, WaitingRoom::kPatience - Millis(60)) << "not before its time";
  EXPECT_LT(loop.Now() - start, Millis(4000)) << "before Docker's resolver gives up";
  EXPECT_THAT(answers, ElementsAre("SERVFAIL", "SERVFAIL"));
  EXPECT_EQ(world.counters().timed_out.value(), 2U);
  EXPECT_EQ(room.size(), 0U);
  ExpectSums();
  room.Wake(kWeb);
  EXPECT_EQ(answers.size(), 2U);
}

TEST_F(WaitingRoomTest, AFullRoomAnswersServfailAtOnce) {
  for (size_t i = 0; i < WaitingRoom::kCapacity; ++i) Ask("web.service.dc2.consul");
  EXPECT_THAT(answers, IsEmpty());
  Ask("db.service.dc2.consul");
  EXPECT_THAT(answers, ElementsAre("SERVFAIL"));
  EXPECT_EQ(room.size(), WaitingRoom::kCapacity);
  EXPECT_EQ(world.counters().overloaded.value(), 1U);
  EXPECT_EQ(world.counters().parked.value(), WaitingRoom::kCapacity + 1);
  ExpectSums();
  world.At(Now()).Absent(kWeb);
  room.Wake(kWeb);
  EXPECT_EQ(answers.size(), WaitingRoom::kCapacity + 1);
  ExpectSums();
}

}  // namespace
}  // namespace signpost::transport
