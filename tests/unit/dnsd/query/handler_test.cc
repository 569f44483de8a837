// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/random.h"
#include "tests/support/dns/world.h"

namespace signpost::query {
namespace {

using test::Hex;
using test::Node;
using test::Question;
using test::Reply;
using test::Service;
using test::World;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kTsig[] =
    "036b6579 00 00fa 00ff 00000000 003d 0b 686d61632d736861323536 00 000065a0bc00 012c 0020 5a*32 0000 0000 0000";

uint64_t Sum(const auto& counters) {
  uint64_t sum = 0;
  for (const auto& counter : counters) sum += counter.value();
  return sum;
}

// The algebra of counters.h, less the gauge of those that wait.
void ExpectSums(const World& world, uint64_t waiting = 0) {
  const Counters& c = world.counters();
  uint64_t open = 0;
  for (size_t t = 0; t < kTransports; ++t) open += c.received[t].value() - c.answered[t].value() - Sum(c.dropped[t]);
  EXPECT_EQ(open, waiting);
  EXPECT_EQ(Sum(c.answered), Sum(c.rcodes));
  EXPECT_EQ(Sum(c.answered), Sum(c.types));
}

class HandlerTest : public ::testing::Test {
 protected:
  HandlerTest() { world.Add(Service("web").On("n1", "10.0.0.1").Port(80).On("n2", "10.0.0.2").Port(80)); }
  ~HandlerTest() override { ExpectSums(world, expected_waiting); }

  uint64_t rcodes(wire::Rcode rcode) const { return world.counters().rcodes[static_cast<size_t>(rcode)].value(); }
  uint64_t types(TypeBucket type) const { return world.counters().types[static_cast<size_t>(type)].value(); }

  World world;
  uint64_t expected_waiting = 0;
};

TEST_F(HandlerTest, AnswersAndCounts) {
  const Reply reply = world.Ask(Question("WEB.service.consul", "A").Id(0xfefe).Flags(0x0110));
  EXPECT_EQ(reply.id, 0xfefe);
  EXPECT_EQ(reply.flags, "aa rd") << "recursion is not offered, CD is cleared";
  EXPECT_EQ(reply.rcode, "NOERROR");
  EXPECT_EQ(reply.answer.size(), 2U);
  EXPECT_EQ(world.counters().answered[0].value(), 1U);
  EXPECT_EQ(rcodes(wire::Rcode::kNoError), 1U);
  EXPECT_EQ(types(TypeBucket::kA), 1U);
}

TEST_F(HandlerTest, CountsByTransportTypeAndRcode) {
  world.Ask(Question("web.service.consul", "SRV").Tcp());
  world.Ask("absent.service.consul", "AAAA");
  world.Ask("foreign.test", "TYPE999");
  EXPECT_EQ(world.counters().answered[1].value(), 1U);
  EXPECT_EQ(world.counters().answered[0].value(), 2U);
  EXPECT_EQ(rcodes(wire::Rcode::kNxDomain), 1U);
  EXPECT_EQ(rcodes(wire::Rcode::kRefused), 1U);
  EXPECT_EQ(types(TypeBucket::kSrv), 1U);
  EXPECT_EQ(types(TypeBucket::kAaaa), 1U);
  EXPECT_EQ(types(TypeBucket::kOther), 1U);
}

TEST_F(HandlerTest, SilenceForWhatIsNoQuery) {
  for (size_t size = 0; size < 12; ++size) EXPECT_EQ(world.AskBytes(std::vector<uint8_t>(size)).rcode, "none");
  EXPECT_EQ(world.Ask(Question("web.service.consul", "A").Flags(0x8000)).rcode, "none");
  const auto& dropped = world.counters().dropped;
  EXPECT_EQ(dropped[0][static_cast<size_t>(Drop::kShort)].value(), 12U);
  EXPECT_EQ(dropped[0][static_cast<size_t>(Drop::kResponse)].value(), 1U);
}

TEST_F(HandlerTest, OtherOpcodesAreNotImplemented) {
  for (uint16_t opcode = 1; opcode < 16; ++opcode) {
    const Reply reply =
        world.Ask(Question("web.service.consul", "A").Flags(static_cast<uint16_t>(opcode << 11 | 0x07ff)).Edns(1232));
    EXPECT_EQ(reply.rcode, "NOTIMP");
    EXPECT_EQ(reply.opcode, opcode);
    EXPECT_EQ(reply.flags, "");
    EXPECT_EQ(reply.bytes.size(), 12U);
  }
  EXPECT_EQ(types(TypeBucket::kNone), 15U);
}

TEST_F(HandlerTest, MalformedQueriesGetTheirHeaderBack) {
  const Reply cut = world.Ask(Question("web.service.consul", "A").Counts(-1, 1, -1, -1).Flags(0x0100));
  EXPECT_EQ(cut.rcode, "FORMERR");
  EXPECT_EQ(cut.flags, "rd");
  EXPECT_EQ(cut.bytes.size(), 12U);
  const Reply options = world.Ask(Question("web.service.consul", "A").Record(3, "00 0029 04d0 00000000 0002 000a"));
  EXPECT_EQ(options.rcode, "FORMERR");
  EXPECT_TRUE(options.has_opt);
  EXPECT_EQ(options.bytes.size(), 23U);
  EXPECT_EQ(world.AskBytes(Hex("1234 0000 0000 0000 0000 0000")).rcode, "FORMERR");
  EXPECT_EQ(world.AskBytes(std::vector<uint8_t>(65535), true).rcode, "FORMERR");
}

TEST_F(HandlerTest, BadVersKeepsTheQuestionAndComesFirst) {
  for (const char* name : {"web.service.consul", "absent.service.consul", "foreign.test"}) {
    const Reply reply = world.Ask(Question(name, "A").EdnsVersion(1).DnssecOk());
    EXPECT_EQ(reply.rcode, "BADVERS");
    EXPECT_EQ(reply.flags, "");
    EXPECT_EQ(reply.question, std::string(name) + ". A");
    EXPECT_EQ(reply.opt_ttl, 0x01008000U);
    EXPECT_THAT(reply.authority, IsEmpty());
  }
  EXPECT_EQ(rcodes(wire::Rcode::kBadVers), 3U);
}

TEST_F(HandlerTest, SignedQueriesAreNotAuthorised) {
  const Reply reply = world.Ask(Question("web.service.consul", "A").Record(3, kTsig));
  EXPECT_EQ(reply.rcode, "NOTAUTH");
  EXPECT_EQ(reply.tsig, "key. hmac-sha256. error 17");
  EXPECT_THAT(reply.answer, IsEmpty());
}

TEST_F(HandlerTest, TransfersAndOddTypes) {
  for (const bool tcp : {false, true}) {
    const auto ask = [&](const char* type) {
      return world.Ask(tcp ? Question("consul", type).Tcp() : Question("consul", type));
    };
    EXPECT_EQ(ask("AXFR").rcode, "REFUSED");
    EXPECT_EQ(ask("AXFR").question, "consul. AXFR");
    EXPECT_EQ(ask("IXFR").rcode, "REFUSED");
    EXPECT_EQ(ask("OPT").rcode, "FORMERR");
    EXPECT_EQ(ask("TSIG").rcode, "FORMERR");
    EXPECT_EQ(ask("MAILB").rcode, "NOTIMP");
    EXPECT_EQ(ask("TYPE0").rcode, "NOERROR");
  }
}

TEST_F(HandlerTest, ClassAnyIsAnsweredAsIn) {
  const Reply any = world.Ask(Question("web.service.consul", "A").Class(255));
  EXPECT_EQ(any.question, "web.service.consul. A CLASS255");
  EXPECT_THAT(any.answer, ElementsAre("web.service.consul. 0 A 10.0.0.1", "web.service.consul. 0 A 10.0.0.2"));
  EXPECT_EQ(world.Ask(Question("web.service.consul", "A").Class(3)).rcode, "REFUSED");
}

TEST_F(HandlerTest, NamesOfNobodyAreRefused) {
  for (const char* name : {".", "example.com", "notconsul", "home.arpa"}) {
    const Reply reply = world.Ask(name, "A");
    EXPECT_EQ(reply.rcode, "REFUSED") << name;
    EXPECT_EQ(reply.flags, "") << name;
    EXPECT_THAT(reply.authority, IsEmpty()) << name;
  }
}

TEST_F(HandlerTest, ReverseNamesAreOurs) {
  EXPECT_THAT(world.Ask("1.0.0.10.in-addr.arpa", "PTR").answer,
              ElementsAre("1.0.0.10.in-addr.arpa. 0 PTR n1.node.dc1.consul."));
  EXPECT_EQ(types(TypeBucket::kPtr), 1U);
}

TEST_F(HandlerTest, SizesAreHeldToTheByte) {
  world.Add(test::ManyInstances("many", 100));
  for (const int size : {0, 511, 512, 513, 1000, 1231, 1232, 1233, 65535}) {
    const Question question = Question("many.service.consul", "A").Edns(static_cast<uint16_t>(size));
    const Reply reply = world.Ask(question);
    EXPECT_EQ(reply.problem, "") << size;
    EXPECT_GT(reply.bytes.size() + 16, question.limit()) << "not filled at " << size;
  }
}

TEST_F(HandlerTest, TheLongestNameGetsAnSoaIn512Bytes) {  // W72, W74, W136
  std::string name;
  for (int i = 0; i < 123; ++i) name += "a.";  // 254 octets
  name += "consul";
  const Reply reply = world.Ask(Question(name, "A").Edns(512));
  EXPECT_EQ(reply.rcode, "NXDOMAIN");
  EXPECT_EQ(reply.authority.size(), 1U);
}

TEST_F(HandlerTest, OddBytesInNamesAreJustNames) {  // W75
  for (const char* name :
       {"\\000.service.consul", "\\255.service.consul", "a\\032b.service.consul", "a\\.b.service.consul"}) {
    EXPECT_EQ(world.Ask(name, "A").rcode, "NXDOMAIN") << name;
  }
}

TEST_F(HandlerTest, TellsTcpClientsTheIdleTimeoutTheyAskFor) {
  EXPECT_EQ(world.Ask(Question("web.service.consul", "A").Option(11).Tcp()).opt_data, "000b00020064");
  EXPECT_EQ(world.Ask(Question("web.service.consul", "A").Option(11)).opt_data, "");
}

TEST_F(HandlerTest, WhatHasToWaitIsNotCounted) {
  world.Datacenters({"dc1", "dc2"});
  EXPECT_EQ(world.Ask("web.service.dc2.consul", "A").rcode, "wait service web dc2");
  EXPECT_EQ(Sum(world.counters().answered), 0U);
  expected_waiting = 1;
}

TEST_F(HandlerTest, TheLastTryEndsTheWaiting) {
  world.Datacenters({"dc1", "dc2"}).LastTry(true);
  const Reply reply = world.Ask(Question("web.service.dc2.consul", "A").Edns(1232));
  EXPECT_EQ(reply.rcode, "SERVFAIL");
  EXPECT_EQ(reply.flags, "");
  EXPECT_EQ(reply.question, "web.service.dc2.consul. A");
  EXPECT_TRUE(reply.has_opt);
}

TEST_F(HandlerTest, AnAliasThatWaitedInVainLeavesNoHalfAnswer) {
  world.Datacenters({"dc1", "dc2"}).LastTry(true);
  world.Add(Service("far").On("n1", "10.0.0.1").Address("web.service.dc2.consul"));
  const Reply reply = world.Ask("far.service.consul", "A");
  EXPECT_EQ(reply.rcode, "SERVFAIL");
  EXPECT_THAT(reply.answer, IsEmpty());
}

TEST_F(HandlerTest, TruncatedAnswersAreCounted) {
  world.Add(test::ManyInstances("many", 100));
  world.Ask("many.service.consul", "A");
  world.Ask(Question("many.service.consul", "A").Tcp());
  EXPECT_EQ(world.counters().truncated.value(), 1U);
}

TEST_F(HandlerTest, RandomPacketsKeepTheSums) {
  Random random(4);
  const auto seed = Question("web.service.consul", "SRV").Edns(1232).Packet();
  for (int i = 0; i < 20000; ++i) {
    auto packet = seed;
    for (uint64_t n = random.Below(4); n > 0; --n)
      packet[random.Below(packet.size())] = static_cast<uint8_t>(random.Next());
    packet.resize(random.Below(4) == 0 ? random.Below(packet.size() + 1) : packet.size());
    const Reply reply = world.AskBytes(packet, random.Below(2) == 0, 1232);
    ASSERT_EQ(reply.problem, "");
    if (reply.rcode.starts_with("wait")) ++expected_waiting;
  }
}

}  // namespace
}  // namespace signpost::query
