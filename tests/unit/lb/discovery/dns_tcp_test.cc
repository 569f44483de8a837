// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_tcp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/support/run_loop.h"
#include "tests/unit/lb/discovery/fake_dns.h"

namespace signpost::lb {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace std::chrono_literals;
using test::DnsMode;
using test::RunUntil;

class DnsTcpTest : public ::testing::Test {
 protected:
  DnsTcpTest() : fake(loop), tcp(loop, fake.address(), 1000ms) {
    fake.Set("web.example", test::kTypeSrv, {test::Srv("web.example", 1, 1, 80, "n.example")});
  }

  uint64_t Ask() {
    return tcp.Ask({"web.example", dns::Type::kSrv}, [this](const Result<dns::Answer>& result) {
      results.push_back(result.ok() ? "" : result.status().text());
    });
  }
  ::testing::AssertionResult Told(size_t count) {
    return RunUntil(loop, [&, count] { return results.size() == count; });
  }

  net::Loop loop;
  test::FakeDns fake;
  DnsTcp tcp;
  std::vector<std::string> results;  // "" = an answer
};

TEST_F(DnsTcpTest, ManyQuestionsOnOneConnection) {
  for (int i = 0; i < 50; ++i) Ask();
  EXPECT_TRUE(Told(50));
  EXPECT_THAT(results, Each(""));
  EXPECT_EQ(fake.connections, 1);
  EXPECT_THAT(std::set<uint16_t>(fake.ids.begin(), fake.ids.end()), SizeIs(50));
  Ask();
  EXPECT_TRUE(Told(51));
  EXPECT_EQ(fake.connections, 1);
}

TEST_F(DnsTcpTest, AServerThatClosesAfterEachAnswer) {
  fake.answers_per_connection = 1;
  for (int i = 0; i < 10; ++i) Ask();
  EXPECT_TRUE(Told(10));
  EXPECT_THAT(results, Each(""));
  EXPECT_EQ(fake.connections, 10);
}

TEST_F(DnsTcpTest, AServerThatOnlyCloses) {
  fake.refuse_tcp = true;
  Ask();
  EXPECT_TRUE(Told(1));
  EXPECT_NE(results[0], "");
  EXPECT_LE(fake.connections, 2);
}

TEST_F(DnsTcpTest, NobodyListens) {
  DnsTcp lost(loop, net::SocketAddress::Parse("127.0.0.1:1", 0).value(), 1000ms);
  std::string told;
  lost.Ask({"web.example", dns::Type::kSrv}, [&](const Result<dns::Answer>& result) { told = result.status().text(); });
  EXPECT_TRUE(RunUntil(loop, [&] { return !told.empty(); }));
  EXPECT_THAT(told, HasSubstr("connection refused"));
}

TEST_F(DnsTcpTest, GarbageFailsItsQuestion) {
  fake.mode = DnsMode::kWrongQuestion;
  Ask();
  EXPECT_TRUE(Told(1));
  EXPECT_EQ(results[0], "another question");
}

TEST_F(DnsTcpTest, GivingUpMovesTheOthersToANewConnection) {
  fake.mode = DnsMode::kDrop;
  const uint64_t first = Ask();
  Ask();
  EXPECT_TRUE(RunUntil(loop, [&] { return fake.asked() == 2; }));
  fake.mode = DnsMode::kAnswer;
  tcp.GiveUp(first);
  EXPECT_TRUE(Told(1));
  EXPECT_EQ(results[0], "");
  EXPECT_EQ(fake.connections, 2);
}

TEST_F(DnsTcpTest, ACancelledQuestionIsSilent) {
  tcp.Cancel(Ask());
  Ask();
  EXPECT_TRUE(Told(1));
  test::RunTurns(loop);
  EXPECT_THAT(results, SizeIs(1));
}

}  // namespace
}  // namespace signpost::lb
