// Signpost. Apache-2.0; see LICENSE.
// What a source makes of answers that fail, are empty, or say less than the ones before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "lb/discovery/dns_source.h"
#include "tests/unit/lb/discovery/dns_source_world.h"

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Case D14.
TEST_F(DnsSourceTest, FailuresKeepTheSet) {
  Serve(1, 3);
  StartWeb();
  EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
  for (const DnsMode mode : {DnsMode::kServFail, DnsMode::kRefused, DnsMode::kDrop, DnsMode::kGarbage,
                             DnsMode::kWrongId, DnsMode::kWrongQuestion}) {
    fake.mode = mode;
    EXPECT_TRUE(Becomes(3, ServiceState::kHeld)) << static_cast<int>(mode);
    EXPECT_TRUE(RunUntil(loop, [&] { return source->Status().failing; }));
    EXPECT_THAT(source->Status().reason, HasSubstr("1 of 1 names fail, web: "));
    fake.mode = DnsMode::kAnswer;
    EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
    EXPECT_FALSE(source->Status().failing);
  }
  std::vector<std::string> reasons;
  for (const auto& [reason, count] : source->Status().bad) reasons.push_back(reason);
  EXPECT_THAT(reasons,
              ElementsAre("another id", "another question", "no DNS message", "refused", "servfail", "timeout"));
}

// Case D14: the name answers, a target's server does not. What that target had stays; what is gone elsewhere goes.
TEST_F(DnsSourceTest, ATargetThatCannotBeReadKeepsItsAddresses) {
  const auto one = test::Srv(kWeb, 1, 1, 80, "one.example"), two = test::Srv(kWeb, 1, 1, 80, "two.example"),
             three = test::Srv(kWeb, 1, 1, 80, "three.example");
  const auto along = [](int number) {
    const char* const names[] = {"one.example", "two.example", "three.example"};
    return test::A(names[number - 1], "10.0.0." + std::to_string(number));
  };
  fake.Set(kWeb, test::kTypeSrv, {one, two, three}, {along(1), along(2), along(3)});
  StartWeb();
  EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
  fake.broken = {"two.example"};
  fake.Set(kWeb, test::kTypeSrv, {one, two}, {along(1)});
  EXPECT_TRUE(RunUntil(loop, [&] { return source->Status().failing && Web()->instances.size() == 2; }));
  EXPECT_THAT(Texts(*Web()), ElementsAre("10.0.0.1:80 p1 w1", "10.0.0.2:80 p1 w1"));
  EXPECT_THAT(source->Status().reason, HasSubstr("two.example: "));
  fake.broken.clear();
  EXPECT_TRUE(RunUntil(loop, [&] { return Web()->instances.size() == 1; })) << "it has no address, and says so";
}

TEST_F(DnsSourceTest, ReadyNamesWhatCouldNotBeRead) {
  Serve(1, 3);
  fake.broken = {"other.example"};
  options.names = {{.service = "web", .name = kWeb}, {.service = "other", .name = "other.example"}};
  Start();
  EXPECT_TRUE(RunUntil(loop, [&] { return sink.ready == 1; }));
  EXPECT_THAT(sink.unknown, ElementsAre("other"));
}

// Cases D16, D17, D15.
TEST_F(DnsSourceTest, EmptyOnlyAfterALongTime) {
  Serve(1, 3);
  StartWeb();
  EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
  for (const auto& [mode, reason] : {std::pair(DnsMode::kNxDomain, "NXDOMAIN"), {DnsMode::kEmpty, "no records"}}) {
    fake.mode = mode;
    const Millis start = loop.Now();
    EXPECT_TRUE(Becomes(3, ServiceState::kHeld));
    EXPECT_EQ(Web()->reason, reason);
    EXPECT_TRUE(Becomes(0, ServiceState::kEmpty));
    EXPECT_GE(loop.Now() - start, options.hold_empty);
    fake.mode = DnsMode::kAnswer;
    EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
  }
}

// Case D18.
TEST_F(DnsSourceTest, MassLossIsConfirmed) {
  Serve(1, 20);
  StartWeb();
  EXPECT_TRUE(Becomes(20, ServiceState::kKnown));
  Serve(1, 5);
  const Millis start = loop.Now();
  EXPECT_TRUE(Becomes(20, ServiceState::kHeld));
  EXPECT_TRUE(Becomes(5, ServiceState::kKnown));
  EXPECT_GE(loop.Now() - start, options.confirm_loss);
}

// Case D22.
TEST_F(DnsSourceTest, TruncatedWithoutTcpAddsOnly) {
  Serve(1, 10);
  StartWeb();
  EXPECT_TRUE(Becomes(10, ServiceState::kKnown));
  Serve(11, 10);
  fake.mode = DnsMode::kTruncate;
  fake.refuse_tcp = true;
  EXPECT_TRUE(Becomes(12, ServiceState::kHeld));
  EXPECT_THAT(Web()->reason, HasSubstr("tcp failed"));
  EXPECT_TRUE(source->Status().failing);
}

// Case D23.
TEST_F(DnsSourceTest, RotatingSubsets) {
  int round = 0;
  fake.before_answer = [&] { Serve(1 + (round++ * 7) % 43, 8); };
  StartWeb();
  EXPECT_TRUE(Becomes(50, ServiceState::kKnown));
  Readings(20);
  EXPECT_TRUE(WebHas(50, ServiceState::kKnown));
}

}  // namespace
}  // namespace signpost::lb
