// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/support/run_loop.h"
#include "tests/unit/lb/discovery/fake_dns.h"

namespace signpost::lb {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;
using Kind = HostReading::Kind;
using test::DnsMode;
using test::RunUntil;

class TargetBookTest : public ::testing::Test {
 protected:
  TargetBookTest() : fake(loop), client(loop, {.servers = {fake.address()}, .timeout = 100ms, .tcp_domain = ""}) {}

  HostReading Resolve(const std::string& host) {
    TargetBook::Readings out;
    book.Resolve({host}, [&](const TargetBook::Readings& readings) { out = readings; });
    EXPECT_TRUE(RunUntil(loop, [&] { return !out.empty(); }));
    return out[host];
  }

  // h.example, once its 10 ms are over.
  bool Becomes(Kind kind) {
    for (int tries = 0; tries < 1000; ++tries) {
      if (Resolve("h.example").kind == kind) return true;
      test::RunTurns(loop, 2);
    }
    return false;
  }

  net::Loop loop;
  test::FakeDns fake;
  DnsClient client;
  TargetBook book{loop, client, {.min_interval = 10ms, .max_interval = 60000ms}, true};
};

TEST_F(TargetBookTest, BothFamiliesKeptByTtl) {
  fake.Set("h.example", test::kTypeA, {test::A("h.example", "10.0.0.1", 60)});
  fake.Set("h.example", test::kTypeAaaa, {test::Aaaa("h.example", "2001:db8::1", 30)});
  const HostReading first = Resolve("h.example");
  EXPECT_EQ(first.kind, Kind::kKnown);
  EXPECT_THAT(first.addresses, SizeIs(2));
  EXPECT_LE(first.until - loop.Now(), 30s);
  EXPECT_GE(first.until - loop.Now(), 29s);
  const int asked = fake.asked();
  bool at_once = false;
  book.Resolve({"h.example"}, [&](const TargetBook::Readings&) { at_once = true; });
  EXPECT_TRUE(at_once);
  EXPECT_EQ(fake.asked(), asked);
}

TEST_F(TargetBookTest, NothingToResolve) {
  bool at_once = false;
  book.Resolve({}, [&](const TargetBook::Readings& readings) { at_once = readings.empty(); });
  EXPECT_TRUE(at_once);
}

TEST_F(TargetBookTest, KnownAddressesOutliveFailuresButNotNews) {
  fake.Set("h.example", test::kTypeA, {test::A("h.example", "10.0.0.1")});
  EXPECT_THAT(Resolve("h.example").addresses, SizeIs(1));
  fake.mode = DnsMode::kServFail;
  EXPECT_TRUE(Becomes(Kind::kFailed));
  EXPECT_THAT(Resolve("h.example").addresses, SizeIs(1));
  EXPECT_EQ(Resolve("h.example").reason, "servfail");
  fake.mode = DnsMode::kNxDomain;
  EXPECT_TRUE(Becomes(Kind::kNone));
  EXPECT_THAT(Resolve("h.example").addresses, IsEmpty());
}

TEST_F(TargetBookTest, OneQuestionForAllWhoWait) {
  fake.Set("h.example", test::kTypeA, {test::A("h.example", "10.0.0.1", 60)});
  int told = 0;
  for (int i = 0; i < 5; ++i) {
    book.Resolve({"h.example"}, [&](const TargetBook::Readings&) { ++told; });
  }
  EXPECT_TRUE(RunUntil(loop, [&] { return told == 5; }));
  EXPECT_EQ(fake.asked("udp h.example A"), 1);
}

TEST_F(TargetBookTest, ThirtyTwoHostsAtATime) {
  std::set<std::string> hosts;
  for (int i = 0; i < 100; ++i) hosts.insert("h" + std::to_string(i) + ".example");
  size_t most = 0, told = 0;
  fake.before_answer = [&] { most = std::max(most, client.in_flight()); };
  book.Resolve(hosts, [&](const TargetBook::Readings& readings) { told = readings.size(); });
  EXPECT_TRUE(RunUntil(loop, [&] { return told == 100; }));
  EXPECT_GT(most, 32U);
  EXPECT_LE(most, 2 * TargetBook::kMaxParallel);
}

}  // namespace
}  // namespace signpost::lb
