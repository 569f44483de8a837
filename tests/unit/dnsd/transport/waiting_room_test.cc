// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/transport/waiting_room.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/support/dns/world.h"
#include "tests/support/run_loop.h"
#include "tests/unit/dnsd/resolver/upstream_message.h"

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
const resolver::Question kWww = resolver::Ask("www.example.com", "A");

class WaitingRoomTest : public ::testing::Test {
 protected:
  WaitingRoomTest()
      : room(
            loop, world.handler(), [this](const query::Want& want) { wanted.push_back(NameOf(want)); },
            [this] { ++rounds; }) {
    world.Datacenters({"dc1", "dc2"}).Follow([](query::Policy& policy) {
      EXPECT_TRUE(policy.recursion.Add("local").ok());
      policy.routes = std::make_shared<const resolver::Routes>(
          std::vector{resolver::Route{test::WireName("."), {net::SocketAddress::Parse("192.0.2.53", 53).value()}, 1}});
    });
  }

  static std::string NameOf(const query::Want& want) {
    if (const auto* key = std::get_if<catalog::Key>(&want)) return key->name;
    return std::get<resolver::Question>(want).name;
  }

  // Asks as a transport does: what has to wait is parked. The answers' rcodes arrive in `answers`.
  void Ask(const std::string& name, const char* type = "A", Transport transport = Transport::kUdp, uint8_t client = 1) {
    const auto packet = Question(name, type).Flags(0x0100).Packet();
    std::vector<uint8_t> out(65535);
    const std::array<uint8_t, 4> ip = {127, 0, 0, client};
    const query::Context context{.transport = transport, .now_ms = Now(), .peer_ip = ip};
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

  // What the resolver brings for www.example.com A, delivered as a worker does; for those who wait only.
  void Settle(const resolver::Settled& settled) {
    query::Forwarded& forwarded = world.handler().sources().forwarded();
    forwarded.Arrive(settled);
    room.Wake(settled.question);
    forwarded.Leave();
  }
  resolver::Settled Good() { return Said(kWww, "www.example.com 0 A 192.0.2.7"); }
  resolver::Settled Said(const resolver::Question& question, const std::string& record) {
    const auto packet = resolver::UpstreamMessage(question).Answer(record).Packet();
    const resolver::SentQuestion sent{.question = question, .id = resolver::kId};
    return {.question = question, .answer = resolver::ReadReply(packet, sent, {}, Now()).answer};
  }
  resolver::Settled Failure() {
    return {.question = kWww, .answer = resolver::MakeFailure(kWww, wire::Ede::kNetworkError, "no answer", Now(), 0)};
  }
  void LimitClients(uint32_t most) {
    world.Follow([most](query::Policy& policy) { policy.max_waiting_per_client = most; });
  }

  net::Loop loop;
  World world;
  std::vector<std::string> wanted;
  std::vector<std::string> answers;
  int rounds = 0;  // told that questions were handled again
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
  world.Add(Service("web", Kind::kService, "dc2").On("w1", "10.0.8.1"));  // an absence would end while all are answered
  room.Wake(kWeb);
  EXPECT_EQ(answers.size(), WaitingRoom::kCapacity + 1);
  ExpectSums();
}

TEST_F(WaitingRoomTest, AForwardedQuestionIsAnsweredWithWhatTheResolverBrings) {
  Ask("www.example.com");
  Ask("WWW.example.com", "A", Transport::kTcp, 2);
  EXPECT_THAT(wanted, ElementsAre(kWww.name)) << "asked once, whoever waits (F56)";
  EXPECT_EQ(rounds, 0);
  Settle(Good());
  EXPECT_THAT(answers, ElementsAre("NOERROR www.example.com. 0 A 192.0.2.7", "NOERROR WWW.example.com. 0 A 192.0.2.7"));
  EXPECT_EQ(rounds, 1);
  EXPECT_EQ(room.size(), 0U);
  ExpectSums();
  Settle(Good());
  EXPECT_EQ(answers.size(), 2U) << "answered once";
  Ask("www.example.com");
  EXPECT_EQ(wanted.size(), 2U) << "what may not be kept is asked for anew";
}

TEST_F(WaitingRoomTest, OnlyThoseWhoWaitForThatQuestionAreWoken) {
  Ask("www.example.com");
  Ask("www.example.com", "AAAA");
  Ask("x.example.com");
  Settle(Good());
  EXPECT_EQ(answers.size(), 1U);
  EXPECT_EQ(room.size(), 2U);
  ExpectSums();
}

TEST_F(WaitingRoomTest, AFailureIsAnAnswer) {
  Ask("www.example.com");
  Settle(Failure());
  EXPECT_THAT(answers, ElementsAre("SERVFAIL"));
  EXPECT_EQ(world.counters().timed_out.value(), 0U);
}

TEST_F(WaitingRoomTest, FromTheCatalogToAnUpstream) {
  Ask("web.service.dc2.consul");
  world.Add(Service("web", Kind::kService, "dc2").On("w1", "10.0.8.1").Address("www.example.com"));
  room.Wake(kWeb);
  EXPECT_THAT(wanted, ElementsAre("web", kWww.name));
  EXPECT_THAT(answers, IsEmpty());
  Settle(Good());
  EXPECT_THAT(answers, ElementsAre("NOERROR web.service.dc2.consul. 0 CNAME www.example.com."));
  EXPECT_EQ(world.counters().parked.value(), 1U);
  ExpectSums();
}

// From an upstream to an exposed name, whose balancer has a host name that only an upstream knows.
class WaitingForTwoPiecesTest : public WaitingRoomTest {
 protected:
  WaitingForTwoPiecesTest() {
    world.Add(Service("shop").On("n1", "10.0.0.1").Tag("http"));
    world.Add(Service("lb").On("e1", "10.9.0.1").Address("lb.cloud.test"));
    world.Follow([](query::Policy& policy) {
      policy.exposure = query::Exposure{.domain = test::WireName("pub.test"), .balancer = "lb"};
    });
  }
  const resolver::Question x = resolver::Ask("x.test", "A"), y = resolver::Ask("y.test", "A");
  const resolver::Question lb = resolver::Ask("lb.cloud.test", "A");
};

TEST_F(WaitingForTwoPiecesTest, EachIsAskedForOnceThoughNeitherMayBeKept) {
  Ask("x.test");
  Settle(Said(x, "x.test 0 CNAME shop.pub.test"));
  EXPECT_THAT(wanted, ElementsAre(x.name, lb.name));
  EXPECT_THAT(answers, IsEmpty());
  Settle(Said(lb, "lb.cloud.test 0 A 192.0.2.7"));
  EXPECT_THAT(wanted, ElementsAre(x.name, lb.name));
  EXPECT_THAT(answers, ElementsAre("NOERROR lb.cloud.test. 0 A 192.0.2.7"));
  EXPECT_EQ(room.size(), 0U);
  Ask("x.test");
  Ask("y.test");
  EXPECT_THAT(wanted, ElementsAre(x.name, lb.name, x.name, y.name)) << "whoever comes later asks anew";
}

TEST_F(WaitingForTwoPiecesTest, ThoseWhoCameBeforeShareThem) {
  Ask("x.test");
  Ask("y.test", "A", Transport::kTcp);
  Settle(Said(x, "x.test 0 CNAME shop.pub.test"));
  Settle(Said(lb, "lb.cloud.test 0 A 192.0.2.7"));
  Settle(Said(y, "y.test 0 CNAME x.test"));
  EXPECT_EQ(answers.size(), 2U);
  EXPECT_EQ(room.size(), 0U);
  ExpectSums();
}

TEST_F(WaitingRoomTest, WhatWantsAlwaysMoreIsAnsweredAfterSomeRounds) {
  Ask("www.example.com");
  for (size_t round = 1; round < WaitingRoom::kMaxRounds; ++round) room.Wake(kWww);
  EXPECT_THAT(answers, IsEmpty());
  EXPECT_EQ(wanted.size(), WaitingRoom::kMaxRounds);
  room.Wake(kWww);
  EXPECT_THAT(answers, ElementsAre("SERVFAIL"));
  EXPECT_EQ(wanted.size(), WaitingRoom::kMaxRounds);
  EXPECT_EQ(room.size(), 0U);
  ExpectSums();
}

TEST_F(WaitingRoomTest, TheResolverIsGivenALittleMoreTimeThanItTakes) {
  static_assert(WaitingRoom::kForwardPatience > resolver::Resolver::kDeadline);
  static_assert(WaitingRoom::kForwardPatience < Millis(4000), "Docker's resolver gives up then");
  Ask("www.example.com");
  Ask("web.service.dc2.consul");
  const Millis start = loop.Now();
  ASSERT_TRUE(RunUntil(loop, [this] { return answers.size() == 1; }));
  EXPECT_LT(loop.Now() - start, WaitingRoom::kForwardPatience - Millis(500)) << "the catalog's, after its own time";
  ASSERT_TRUE(RunUntil(loop, [this] { return answers.size() == 2; }));
  EXPECT_GE(loop.Now() - start, WaitingRoom::kForwardPatience - Millis(60)) << "not before its time";
  EXPECT_LT(loop.Now() - start, Millis(4000));
  EXPECT_THAT(answers, ElementsAre("SERVFAIL", "SERVFAIL"));
  EXPECT_EQ(world.counters().timed_out.value(), 2U);
  EXPECT_EQ(rounds, 2);
  ExpectSums();
}

TEST_F(WaitingRoomTest, OneClientLeavesRoomForOthers) {  // F40
  LimitClients(3);
  for (const char* name : {"a.example.com", "b.example.com", "www.example.com"}) Ask(name);
  EXPECT_THAT(answers, IsEmpty());
  Ask("d.example.com");
  Ask("web.service.dc2.consul");
  EXPECT_THAT(answers, ElementsAre("SERVFAIL", "SERVFAIL")) << "whatever it waits for";
  EXPECT_EQ(world.counters().overloaded.value(), 2U);
  EXPECT_EQ(wanted.size(), 3U) << "nobody is asked for these";
  Ask("d.example.com", "A", Transport::kUdp, 2);
  EXPECT_EQ(answers.size(), 2U) << "another client";
  Settle(Failure());
  EXPECT_EQ(answers.size(), 3U);
  Ask("e.example.com");
  EXPECT_EQ(answers.size(), 3U) << "one has left, one may come";
  Ask("f.example.com");
  EXPECT_EQ(answers.size(), 4U);
  ExpectSums();
}

TEST_F(WaitingRoomTest, ZeroIsNoLimitOfItsOwn) {
  LimitClients(0);
  for (int i = 0; i < 5000; ++i) Ask("www.example.com");
  EXPECT_THAT(answers, IsEmpty());
  Settle(Failure());
  EXPECT_EQ(answers.size(), 5000U);
}

}  // namespace
}  // namespace signpost::transport
