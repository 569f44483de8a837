// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/support/run_loop.h"
#include "tests/unit/lb/discovery/fake_dns.h"

namespace signpost::lb {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;
using namespace std::chrono_literals;
using Kind = DnsReply::Kind;
using test::DnsMode;
using test::FakeDns;
using test::RunUntil;

const std::string kName = "web.service.consul";

class DnsClientTest : public ::testing::Test {
 protected:
  DnsClientTest() : fake(loop) { fake.Set(kName, test::kTypeSrv, Instances(5)); }

  static std::vector<test::WireRecord> Instances(int count) {
    std::vector<test::WireRecord> out;
    for (int i = 0; i < count; ++i) out.push_back(test::Srv(kName, 1, 1, 80, "n" + std::to_string(i) + ".example"));
    return out;
  }

  DnsClient& Client() {
    if (!client) {
      if (options.servers.empty()) options.servers = {fake.address()};
      client = std::make_unique<DnsClient>(loop, options);
    }
    return *client;
  }

  DnsReply Ask(const std::string& name = kName) {
    DnsReply out;
    bool done = false;
    Client().Ask({name, dns::Type::kSrv}, [&](DnsReply reply) {
      out = std::move(reply);
      done = true;
    });
    EXPECT_FALSE(done) << "never from inside Ask";
    EXPECT_TRUE(RunUntil(loop, [&] { return done; }));
    return out;
  }

  net::Loop loop;
  FakeDns fake;
  DnsClientOptions options{.servers = {}, .timeout = 100ms, .edns_size = 1232, .tcp_domain = ""};
  std::unique_ptr<DnsClient> client;
};

TEST_F(DnsClientTest, AsksOverUdpWithEdns) {
  const DnsReply reply = Ask();
  EXPECT_EQ(reply.kind, Kind::kAnswer);
  EXPECT_TRUE(reply.udp);
  EXPECT_THAT(reply.answer.answers, SizeIs(5));
  EXPECT_EQ(fake.asked("udp " + kName + " SRV"), 1);
  EXPECT_EQ(fake.with_edns, 1);
  EXPECT_EQ(Client().good(), 1U);
}

TEST_F(DnsClientTest, NxDomainIsAnAnswer) {
  fake.mode = DnsMode::kNxDomain;
  const DnsReply reply = Ask();
  EXPECT_EQ(reply.kind, Kind::kAnswer);
  EXPECT_EQ(reply.answer.rcode, dns::kNxDomain);
}

// Case D14.
TEST_F(DnsClientTest, FailuresAndTheirCounters) {
  const struct {
    DnsMode mode;
    const char* reason;
  } cases[] = {{DnsMode::kServFail, "servfail"},  {DnsMode::kRefused, "refused"},
               {DnsMode::kDrop, "timeout"},       {DnsMode::kGarbage, "no DNS message"},
               {DnsMode::kWrongId, "another id"}, {DnsMode::kWrongQuestion, "another question"}};
  for (const auto& c : cases) {
    fake.mode = c.mode;
    const DnsReply reply = Ask();
    EXPECT_EQ(reply.kind, Kind::kFailed) << c.reason;
    EXPECT_EQ(reply.reason, c.reason);
    EXPECT_GE(Client().bad().at(c.reason), 1U);
  }
  EXPECT_EQ(Client().good(), 0U);
}

TEST_F(DnsClientTest, EachTryHasItsOwnIdAndPort) {
  fake.mode = DnsMode::kDrop;
  Ask();
  ASSERT_THAT(fake.ids, SizeIs(3));
  EXPECT_THAT(std::set<uint16_t>(fake.ids.begin(), fake.ids.end()), SizeIs(3));
  EXPECT_THAT(std::set<uint16_t>(fake.ports.begin(), fake.ports.end()), SizeIs(3));
}

TEST_F(DnsClientTest, ALostDatagramIsSentAgain) {
  fake.mode = DnsMode::kDrop;
  fake.before_answer = [&] { fake.mode = fake.asked() == 0 ? DnsMode::kDrop : DnsMode::kAnswer; };
  EXPECT_EQ(Ask().kind, Kind::kAnswer);
  EXPECT_EQ(fake.asked(), 2);
}

// Case D20.
TEST_F(DnsClientTest, TruncatedIsAskedAgainOverTcp) {
  fake.Set(kName, test::kTypeSrv, Instances(100));
  fake.mode = DnsMode::kTruncate;
  const DnsReply reply = Ask();
  EXPECT_EQ(reply.kind, Kind::kAnswer);
  EXPECT_FALSE(reply.udp);
  EXPECT_THAT(reply.answer.answers, SizeIs(100));
  EXPECT_EQ(fake.asked("udp " + kName + " SRV"), 1);
  EXPECT_EQ(fake.asked("tcp " + kName + " SRV"), 1);
  EXPECT_NE(fake.ids.at(0), fake.ids.at(1)) << "the id is not used again";
}

// Case D22.
TEST_F(DnsClientTest, TruncatedAndTcpRefused) {
  fake.mode = DnsMode::kTruncate;
  fake.refuse_tcp = true;
  const DnsReply reply = Ask();
  EXPECT_EQ(reply.kind, Kind::kPartial);
  EXPECT_THAT(reply.answer.answers, SizeIs(2));
  EXPECT_THAT(reply.reason, HasSubstr("truncated, and tcp failed"));
  EXPECT_THAT(Client().bad(), Contains(Pair("tcp", 1U)));
  EXPECT_THAT(Client().bad(), Contains(Pair("truncated", 1U)));
}

// Case D21.
TEST_F(DnsClientTest, ConsulIsAskedOverTcpOnceItShowedItself) {
  options.tcp_domain = "Consul.";
  fake.Set(kName, test::kTypeSrv, Instances(60));
  fake.mode = DnsMode::kCutSilently;
  fake.authoritative = true;
  EXPECT_THAT(Ask().answer.answers, SizeIs(60));
  EXPECT_THAT(Ask().answer.answers, SizeIs(60));
  EXPECT_EQ(fake.asked("udp " + kName + " SRV"), 1);
  EXPECT_EQ(fake.asked("tcp " + kName + " SRV"), 2);
}

TEST_F(DnsClientTest, NamesElsewhereStayOnUdp) {
  options.tcp_domain = "consul";
  fake.authoritative = true;
  fake.Set("web.example", test::kTypeSrv, {test::Srv("web.example", 1, 1, 80, "n.example")});
  Ask();
  EXPECT_TRUE(Ask("web.example").udp);
  EXPECT_EQ(fake.asked("tcp web.example SRV"), 0);
}

TEST_F(DnsClientTest, ConsulWithoutTcpIsHalfBelieved) {
  options.tcp_domain = "consul";
  fake.mode = DnsMode::kCutSilently;
  fake.authoritative = true;
  fake.refuse_tcp = true;
  for (int i = 0; i < 2; ++i) {
    const DnsReply reply = Ask();
    EXPECT_EQ(reply.kind, Kind::kPartial);
    EXPECT_THAT(reply.answer.answers, SizeIs(2));
  }
}

// Case D24.
TEST_F(DnsClientTest, EdnsRefusedIsRemembered) {
  fake.mode = DnsMode::kFormErrOnEdns;
  EXPECT_EQ(Ask().kind, Kind::kAnswer);
  EXPECT_EQ(fake.asked(), 2);
  EXPECT_EQ(Ask().kind, Kind::kAnswer);
  EXPECT_EQ(fake.asked(), 3);
  EXPECT_EQ(fake.with_edns, 1);
}

// Case D30.
TEST_F(DnsClientTest, ASecondServerOvertakesADeadOne) {
  FakeDns dead(loop);
  dead.mode = DnsMode::kDrop;
  options.servers = {dead.address(), fake.address()};
  options.timeout = 1000ms;
  const Millis start = loop.Now();
  EXPECT_EQ(Ask().kind, Kind::kAnswer);
  EXPECT_LT(loop.Now() - start, 1000ms);
  const int asked = dead.asked();
  EXPECT_EQ(asked, 1);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Ask().kind, Kind::kAnswer);
  EXPECT_EQ(dead.asked(), asked) << "no delay after the first failure";
}

TEST_F(DnsClientTest, ARefusingServerSendsUsToTheNext) {
  for (const DnsMode mode : {DnsMode::kServFail, DnsMode::kRefused}) {
    FakeDns bad(loop);
    bad.mode = mode;
    options.servers = {bad.address(), fake.address()};
    options.timeout = 10000ms;
    client.reset();
    EXPECT_EQ(Ask().kind, Kind::kAnswer);  // at once, not after a time-out
    EXPECT_EQ(bad.asked(), 1);
    client.reset();
  }
}

TEST_F(DnsClientTest, NobodyListens) {
  options.servers = {net::SocketAddress::Parse("127.0.0.1:1", 0).value()};
  EXPECT_EQ(Ask().reason, "unreachable");
}

TEST_F(DnsClientTest, NoServersAtAll) {
  client = std::make_unique<DnsClient>(loop, options);
  EXPECT_EQ(Ask().reason, "no servers");
}

// Case D31: a server that dies and comes back with the same address.
TEST_F(DnsClientTest, ComesBackWithItsServer) {
  auto first = std::make_unique<FakeDns>(loop);
  const uint16_t port = first->address().port();
  options.servers = {first->address()};
  Ask();
  first.reset();
  test::RunTurns(loop);
  EXPECT_EQ(Ask().kind, Kind::kFailed);
  FakeDns second(loop, port);
  second.Set(kName, test::kTypeSrv, Instances(3));
  EXPECT_THAT(Ask().answer.answers, SizeIs(3));
}

TEST_F(DnsClientTest, ABadNameFails) { EXPECT_EQ(Ask("a..b").reason, "bad name"); }

// Case D32: two thousand names at once, over either transport.
TEST_F(DnsClientTest, ManyQuestionsAtOnce) {
  for (const bool tcp : {false, true}) {
    options.tcp_domain = tcp ? "consul" : "";
    options.timeout = 5000ms;
    fake.authoritative = tcp;
    fake.answers_per_connection = 100;  // a server that closes now and then
    client.reset();
    Ask();
    int answered = 0;
    for (int i = 0; i < 2000; ++i) {
      Client().Ask({kName, dns::Type::kSrv}, [&](const DnsReply& reply) {
        EXPECT_EQ(reply.kind, Kind::kAnswer) << reply.reason;
        ++answered;
      });
    }
    EXPECT_TRUE(RunUntil(
        loop, [&] { return answered == 2000; }, 20000ms));
    EXPECT_EQ(Client().in_flight(), 0U);
    client.reset();
  }
}

TEST_F(DnsClientTest, AFewForgedAnswersAreIgnored) {
  fake.forged = 5;
  EXPECT_TRUE(Ask().udp);
  EXPECT_EQ(Client().bad().at("another id"), 5U);
}

TEST_F(DnsClientTest, AForgersFloodLeadsToTcp) {
  options.timeout = 5000ms;
  fake.forged = 20;
  const DnsReply reply = Ask();
  EXPECT_EQ(reply.kind, Kind::kAnswer);
  EXPECT_FALSE(reply.udp);
}

TEST_F(DnsClientTest, MayDieWithOpenQuestions) {
  fake.mode = DnsMode::kDrop;
  bool called = false;
  Client().Ask({kName, dns::Type::kSrv}, [&](const DnsReply&) { called = true; });
  EXPECT_TRUE(RunUntil(loop, [&] { return fake.asked() == 1; }));
  client.reset();
  test::RunTurns(loop);
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace signpost::lb
