// Signpost. Apache-2.0; see LICENSE.
// Services: which records, how many, in what order, with what beside them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "dnsd/service_zone/answer.h"
#include "tests/support/dns/world.h"
#include "tests/unit/dnsd/service_zone/negative.h"

namespace signpost::service_zone {
namespace {

using test::ExpectNegative;
using test::ManyInstances;
using test::Node;
using test::Question;
using test::Reply;
using test::Service;
using test::World;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(AnswerServiceTest, AddressesOfUsableInstances) {
  World world([](Settings& s) { s.service_ttl.Set("web", 7); });
  world.Add(Service("web")
                .On("n1", "10.0.0.1")
                .On("n2", "10.0.0.2")
                .Warning()
                .On("n3", "10.0.0.3")
                .Critical()
                .On("n4", "2001:db8::4")
                .On("n5", "10.0.0.1"));
  EXPECT_THAT(world.Ask("Web.service.consul", "A").answer,
              ElementsAre("Web.service.consul. 7 A 10.0.0.1", "Web.service.consul. 7 A 10.0.0.2"));
  EXPECT_THAT(world.Ask("web.service.consul", "AAAA").answer, ElementsAre("web.service.consul. 7 AAAA 2001:db8::4"));
  EXPECT_EQ(world.Ask("web.service.consul", "ANY").answer.size(), 3U);
  EXPECT_EQ(world.Ask("web.service.consul", "A").flags, "aa");
  EXPECT_THAT(world.Ask("web.service.consul", "A").additional, IsEmpty());
}

TEST(AnswerServiceTest, NoDataIsNotNoName) {
  World world;
  world.Add(Service("four").On("n1", "10.0.0.1")).Add(Service("dead").On("n1", "10.0.0.1").Tag("v1").Critical());
  ExpectNegative(world.Ask("four.service.consul", "AAAA"), "NOERROR");
  ExpectNegative(world.Ask("four.service.consul", "MX"), "NOERROR");
  ExpectNegative(world.Ask("four.service.consul", "CNAME"), "NOERROR");
  ExpectNegative(world.Ask("four.service.consul", "NS"), "NOERROR");
  for (const char* type : {"A", "AAAA", "SRV", "TXT", "ANY"}) {
    ExpectNegative(world.Ask("dead.service.consul", type), "NOERROR");
    ExpectNegative(world.Ask("v1.dead.service.consul", type), "NOERROR");
  }
  EXPECT_EQ(world.Ask("v2.dead.service.consul", "A").rcode, "NXDOMAIN");
}

TEST(AnswerServiceTest, SrvCarriesWeightPortTargetAndItsAddress) {
  World world([](Settings& s) { s.service_ttl.Set("*", 3); });
  world.Add(Service("web")
                .On(Node("N1", "10.0.0.1").Meta("k", "v"))
                .Port(80)
                .Weights(10, 2)
                .On("n2", "10.0.0.2")
                .Port(81)
                .Weights(10, 2)
                .Warning()
                .On("n2", "10.0.0.2")
                .Port(82)
                .Address("10.0.1.2")
                .On("n3", "2001:db8::3")
                .Port(83));
  const Reply reply = world.Ask(Question("web.service.consul", "SRV").Edns(1232));
  EXPECT_THAT(reply.answer, ElementsAre("web.service.consul. 3 SRV 1 1 82 0a000102.addr.dc1.consul.",
                                        "web.service.consul. 3 SRV 1 1 83 n3.node.dc1.consul.",
                                        "web.service.consul. 3 SRV 1 10 80 N1.node.dc1.consul.",
                                        "web.service.consul. 3 SRV 1 2 81 n2.node.dc1.consul."));
  EXPECT_THAT(reply.additional,
              ElementsAre("0a000102.addr.dc1.consul. 3 A 10.0.1.2", "N1.node.dc1.consul. 3 A 10.0.0.1",
                          "N1.node.dc1.consul. 3 TXT \"k=v\"", "n2.node.dc1.consul. 3 A 10.0.0.2",
                          "n3.node.dc1.consul. 3 AAAA 2001:db8::3"));
}

TEST(AnswerServiceTest, DualStackTargetsHaveBothAddresses) {
  World world;
  world.Add(Service("web")
                .On("n1", "10.0.0.1")
                .Port(80)
                .Address("10.0.4.11")
                .Tagged("lan_ipv4", "10.0.4.12")
                .Tagged("lan_ipv6", "2001:db8:4::12"));
  const Reply reply = world.Ask("web.service.consul", "SRV");
  const std::string target = "20010db8000400000000000000000012.addr.dc1.consul.";
  EXPECT_THAT(reply.answer, ElementsAre("web.service.consul. 0 SRV 1 1 80 " + target));
  EXPECT_THAT(reply.additional, ElementsAre(target + " 0 A 10.0.4.12", target + " 0 AAAA 2001:db8:4::12"));
}

TEST(AnswerServiceTest, AdditionalRecordsComeOncePerTargetAndNode) {
  World world;
  world.Add(Service("web")
                .On(Node("n1", "10.0.0.1").Meta("k", "v"))
                .Port(80)
                .On("n2", "10.0.0.2")
                .Port(80)
                .On("n1", "")
                .Port(81)
                .On("n1", "")
                .Port(82)
                .Address("10.0.1.1"));
  const Reply reply = world.Ask(Question("web.service.consul", "SRV").Edns(1232));
  EXPECT_EQ(reply.problem, "");
  EXPECT_EQ(reply.answer.size(), 4U);
  EXPECT_THAT(reply.additional,
              ElementsAre("0a000101.addr.dc1.consul. 0 A 10.0.1.1", "n1.node.dc1.consul. 0 A 10.0.0.1",
                          "n1.node.dc1.consul. 0 TXT \"k=v\"", "n2.node.dc1.consul. 0 A 10.0.0.2"));
}

TEST(AnswerServiceTest, NodeTextBesideSrvIsAnOption) {
  World world([](Settings& s) { s.node_meta_txt = false; });
  world.Add(Service("web").On(Node("n1", "10.0.0.1").Meta("k", "v")).Port(80));
  EXPECT_THAT(world.Ask("web.service.consul", "SRV").additional, ElementsAre("n1.node.dc1.consul. 0 A 10.0.0.1"));
}

TEST(AnswerServiceTest, TagsFilterEveryType) {
  World world;
  world.Add(Service("web").On("n1", "10.0.0.1").Port(80).Tag("V1").On("n2", "10.0.0.2").Port(81).Tag("v2").Tag("a.b"));
  EXPECT_THAT(world.Ask("v1.web.service.consul", "A").answer, ElementsAre("v1.web.service.consul. 0 A 10.0.0.1"));
  EXPECT_THAT(world.Ask("_web._v2.service.consul", "SRV").answer,
              ElementsAre("_web._v2.service.consul. 0 SRV 1 1 81 n2.node.dc1.consul."));
  EXPECT_THAT(world.Ask("_Web._TCP.service.consul", "SRV").answer.size(), 2U);
  EXPECT_THAT(world.Ask("A.b.web.service.consul", "A").answer.size(), 1U);
  ExpectNegative(world.Ask("b.web.service.consul", "A"), "NOERROR");
  EXPECT_EQ(world.Ask("v1.web.service.consul", "TXT").answer.size(), 1U);
}

TEST(AnswerServiceTest, TextTellsEachInstance) {
  World world([](Settings& s) { s.service_ttl.Set("*", 3); });
  world.Add(Service("web")
                .On("n1", "10.0.0.1")
                .Id("w1")
                .Weights(9, 1)
                .Tag("v1")
                .Meta("zone", "a")
                .On("n2", "10.0.0.2")
                .Id("w2")
                .Warning()
                .On("n3", "10.0.0.3")
                .Critical());
  EXPECT_THAT(
      world.Ask("web.service.consul", "TXT").answer,
      ElementsAre(
          "web.service.consul. 3 TXT \"id=w1\" \"node=n1\" \"status=passing\" \"weight=9\" \"tags=v1\" \"zone=a\"",
          "web.service.consul. 3 TXT \"id=w2\" \"node=n2\" \"status=warning\" \"weight=1\" \"tags=\""));
}

TEST(AnswerServiceTest, TextThatDoesNotFitIsLeftToTcp) {
  World world;
  world.Add(ManyInstances("many", 100));
  const Reply udp = world.Ask(Question("many.service.consul", "TXT").Edns(1232));
  EXPECT_TRUE(udp.truncated());
  EXPECT_THAT(udp.answer, IsEmpty());
  EXPECT_EQ(world.Ask(Question("many.service.consul", "TXT").Tcp()).answer.size(), 100U);
}

TEST(AnswerServiceTest, ACutAddressSetFillsThePacketAndSaysSo) {
  World world;
  world.Add(ManyInstances("many", 100));
  // 12 header, 25 question, 16 each.
  const Reply plain = world.Ask("many.service.consul", "A");
  EXPECT_TRUE(plain.truncated());
  EXPECT_EQ(plain.answer.size(), (512U - 37) / 16);
  const Reply large = world.Ask(Question("many.service.consul", "A").Edns(1232));
  EXPECT_TRUE(large.truncated());
  EXPECT_EQ(large.answer.size(), (1232U - 37 - 11) / 16);
  const Reply tiny = world.Ask(Question("many.service.consul", "A").Edns(100));
  EXPECT_EQ(tiny.answer.size(), (512U - 37 - 11) / 16);
  const Reply huge = world.Ask(Question("many.service.consul", "A").Edns(65535));
  EXPECT_EQ(huge.answer.size(), large.answer.size());
  const Reply tcp = world.Ask(Question("many.service.consul", "A").Tcp());
  EXPECT_FALSE(tcp.truncated());
  EXPECT_EQ(tcp.answer.size(), 100U);
  EXPECT_EQ(world.counters().truncated.value(), 4U);
}

TEST(AnswerServiceTest, ASetThatFitsExactlyIsNotCut) {
  World world;
  world.Add(ManyInstances("many", 29));  // 37 + 29 * 16 = 501
  EXPECT_FALSE(world.Ask("many.service.consul", "A").truncated());
  EXPECT_EQ(world.Ask("many.service.consul", "A").answer.size(), 29U);
}

TEST(AnswerServiceTest, BothFamiliesShareThePacket) {
  World world;
  Service service("dual");
  for (int i = 1; i <= 20; ++i)
    service.On(Node("n" + std::to_string(i), "10.0.0." + std::to_string(i))
                   .Tagged("lan_ipv6", "2001:db8::" + std::to_string(i)));
  world.Add(service);
  const Reply reply = world.Ask("dual.service.consul", "ANY");
  EXPECT_TRUE(reply.truncated());
  EXPECT_EQ(reply.answer.size(), 20U + (512 - 37 - 20 * 16) / 28);
  EXPECT_EQ(world.Ask(Question("dual.service.consul", "ANY").Edns(1232)).answer.size(), 40U);
}

TEST(AnswerServiceTest, SrvComesWholeOrNotAtAll) {
  World world;
  world.Add(ManyInstances("many", 40));
  for (const Question& question :
       {Question("many.service.consul", "SRV"), Question("many.service.consul", "SRV").Edns(1232)}) {
    const Reply reply = world.Ask(question);
    EXPECT_TRUE(reply.truncated());
    EXPECT_THAT(reply.answer, IsEmpty());
    EXPECT_THAT(reply.authority, IsEmpty());
    EXPECT_THAT(reply.additional, IsEmpty());
  }
  const Reply tcp = world.Ask(Question("many.service.consul", "SRV").Tcp());
  EXPECT_EQ(tcp.answer.size(), 40U);
  EXPECT_EQ(tcp.additional.size(), 40U);
}

TEST(AnswerServiceTest, AdditionalRecordsThatDoNotFitAreLeftOutQuietly) {
  World world;
  world.Add(ManyInstances("many", 10));  // 10 SRV of 39 bytes, room for a few addresses
  const Reply reply = world.Ask("many.service.consul", "SRV");
  EXPECT_FALSE(reply.truncated());
  EXPECT_EQ(reply.answer.size(), 10U);
  EXPECT_LT(reply.additional.size(), 10U);
  EXPECT_GT(reply.additional.size(), 0U);
}

TEST(AnswerServiceTest, MoreThanTcpCanCarryIsCappedWithoutTc) {  // W230
  World world;
  world.Add(ManyInstances("many", 5000, "node-with-a-long-name-"));
  for (const char* type : {"A", "SRV", "TXT"}) {
    const Reply reply = world.Ask(Question("many.service.consul", type).Tcp());
    EXPECT_EQ(reply.problem, "") << type;
    EXPECT_FALSE(reply.truncated()) << type;
    EXPECT_GT(reply.answer.size(), 500U) << type;
    EXPECT_LT(reply.answer.size(), 5000U) << type;
    EXPECT_GT(reply.bytes.size(), 65000U) << type;
  }
}

TEST(AnswerServiceTest, LimitsOfPolicyNeverSetTc) {
  World world([](Settings& s) {
    s.udp_answer_limit = 3;
    s.a_record_limit = 5;
    s.answer_limit.Set("few", 2);
  });
  world.Add(ManyInstances("many", 10)).Add(ManyInstances("few", 10));
  const auto count = [&](const Question& question) {
    const Reply reply = world.Ask(question);
    EXPECT_FALSE(reply.truncated());
    return reply.answer.size();
  };
  EXPECT_EQ(count(Question("many.service.consul", "A")), 3U);
  EXPECT_EQ(count(Question("many.service.consul", "A").Edns(512)), 3U);
  EXPECT_EQ(count(Question("many.service.consul", "A").Edns(513)), 5U);
  EXPECT_EQ(count(Question("many.service.consul", "A").Tcp()), 5U);
  EXPECT_EQ(count(Question("many.service.consul", "ANY").Tcp()), 5U);
  EXPECT_EQ(count(Question("many.service.consul", "SRV")), 3U);
  EXPECT_EQ(count(Question("many.service.consul", "SRV").Edns(1232)), 10U);
  EXPECT_EQ(count(Question("many.service.consul", "SRV").Tcp()), 10U);
  EXPECT_EQ(count(Question("few.service.consul", "A")), 2U);
  EXPECT_EQ(count(Question("few.service.consul", "SRV").Tcp()), 2U);
}

TEST(AnswerServiceTest, TheLimitCountsBothFamiliesTogether) {
  World world([](Settings& s) { s.a_record_limit = 3; });
  Service service("dual");
  for (int i = 1; i <= 2; ++i)
    service.On(Node("n" + std::to_string(i), "10.0.0." + std::to_string(i))
                   .Tagged("lan_ipv6", "2001:db8::" + std::to_string(i)));
  world.Add(service);
  EXPECT_EQ(world.Ask("dual.service.consul", "ANY").answer.size(), 3U);
}

TEST(AnswerServiceTest, OrderIsDrawnByWeightForEveryAnswer) {
  World world;
  world.Add(Service("web")
                .On("n1", "10.0.0.1")
                .Port(1)
                .Weights(8, 1)
                .On("n2", "10.0.0.2")
                .Port(2)
                .Weights(1, 1)
                .On("n3", "10.0.0.3")
                .Port(3)
                .Weights(9, 1)
                .Warning());
  constexpr int kAnswers = 20000;
  std::map<std::string, int> a;
  std::map<std::string, int> srv;
  for (int i = 0; i < kAnswers; ++i) {
    ++a[world.Ask("web.service.consul", "A").in_order.at(0)];
    ++srv[world.Ask("web.service.consul", "SRV").in_order.at(0)];
  }
  const double expected[] = {0.8 * kAnswers, 0.1 * kAnswers, 0.1 * kAnswers};
  const auto chi = [&](std::map<std::string, int>& seen, const std::vector<std::string>& records) {
    double sum = 0;
    for (size_t i = 0; i < records.size(); ++i)
      sum += (seen[records[i]] - expected[i]) * (seen[records[i]] - expected[i]) / expected[i];
    return sum;
  };
  EXPECT_LT(chi(a, {"web.service.consul. 0 A 10.0.0.1", "web.service.consul. 0 A 10.0.0.2",
                    "web.service.consul. 0 A 10.0.0.3"}),
            13.82);
  EXPECT_LT(chi(srv, {"web.service.consul. 0 SRV 1 8 1 n1.node.dc1.consul.",
                      "web.service.consul. 0 SRV 1 1 2 n2.node.dc1.consul.",
                      "web.service.consul. 0 SRV 1 1 3 n3.node.dc1.consul."}),
            13.82);
}

TEST(AnswerServiceTest, AQueryByDistanceKeepsItsOrder) {
  World world;
  world.Add(Service("near", catalog::Kind::kQuery)
                .KeepOrder()
                .On("n3", "10.0.0.3")
                .Port(3)
                .On("n1", "10.0.0.1")
                .Port(1)
                .Weights(9, 9)
                .On("n2", "10.0.0.2")
                .Port(2));
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(world.Ask("near.query.consul", "A").in_order,
                ElementsAre("near.query.consul. 0 A 10.0.0.3", "near.query.consul. 0 A 10.0.0.1",
                            "near.query.consul. 0 A 10.0.0.2"));
    EXPECT_THAT(world.Ask("near.query.consul", "SRV").in_order.at(0),
                "near.query.consul. 0 SRV 1 1 3 n3.node.dc1.consul.");
  }
}

TEST(AnswerServiceTest, FailoverNamesTheDatacenterThatAnswered) {
  World world;
  world.Add(Service("far", catalog::Kind::kQuery)
                .AnsweredBy("dc2")
                .OwnTtl(11)
                .On(Node("w1", "10.0.8.1", "dc2"))
                .Port(80)
                .On(Node("w2", "10.0.8.2", "dc2"))
                .Port(80)
                .Address("10.0.8.9"));
  const Reply reply = world.Ask("far.query.consul", "SRV");
  EXPECT_THAT(reply.answer, ElementsAre("far.query.consul. 11 SRV 1 1 80 0a000809.addr.dc2.consul.",
                                        "far.query.consul. 11 SRV 1 1 80 w1.node.dc2.consul."));
}

TEST(AnswerServiceTest, ADatacenterThatIsNoLabelMakesNoTarget) {
  World world;
  for (const std::string& bad :
       {std::string(64, 'x'), std::string(200, 'x'), std::string(255, 'x'), std::string(300, 'x')}) {
    world.Add(Service("far", catalog::Kind::kQuery)
                  .AnsweredBy(bad)
                  .On(Node("w1", "10.0.8.1", bad))
                  .Port(80)
                  .Address("10.0.8.9"));
    const Reply srv = world.Ask(Question("far.query.consul", "SRV").Tcp());
    EXPECT_EQ(srv.problem, "") << bad.size();
    EXPECT_EQ(srv.rcode, "NOERROR");
    EXPECT_THAT(srv.answer, IsEmpty());
    EXPECT_EQ(world.Ask("far.query.consul", "A").answer.size(), 1U);
  }
}

TEST(AnswerServiceTest, OtherDatacentersAndConnect) {
  World world;
  world.Datacenters({"dc1", "dc2"});
  world.Add(Service("web", catalog::Kind::kService, "dc2")
                .Translated()
                .On(Node("w1", "203.0.113.1", "dc2").Tagged("wan", "203.0.113.1"))
                .Port(80));
  EXPECT_THAT(world.Ask("web.service.dc2.consul", "SRV").answer,
              ElementsAre("web.service.dc2.consul. 0 SRV 1 1 80 cb007101.addr.dc2.consul."));
  EXPECT_EQ(world.Ask("web.service.consul", "A").rcode, "NXDOMAIN");
  world.Add(Service("web", catalog::Kind::kConnect).On("px", "10.0.0.55").Named("web-proxy").Port(21000));
  EXPECT_THAT(world.Ask("x.y.web.connect.consul", "SRV").answer,
              ElementsAre("x.y.web.connect.consul. 0 SRV 1 1 21000 px.node.dc1.consul."));
}

TEST(AnswerServiceTest, LettersOfTheQuestionStayInTheOwner) {
  World world;
  world.Add(Service("web").On("n1", "10.0.0.1").Port(80));
  EXPECT_THAT(world.Ask("wEB.sErvice.CONSUL", "SRV").answer,
              ElementsAre("wEB.sErvice.CONSUL. 0 SRV 1 1 80 n1.node.dc1.consul."));
}

}  // namespace
}  // namespace signpost::service_zone
