// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/unit/lb/discovery/dns_source_world.h"

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(DnsSourceTest, TellsASetOnceAndIsReady) {
  Serve(1, 3);
  StartWeb();
  EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
  EXPECT_EQ(sink.ready, 1);
  EXPECT_THAT(Texts(*Web()), ElementsAre("10.0.0.1:80 p1 w10", "10.0.0.2:80 p1 w10", "10.0.0.3:80 p1 w10"));
  Readings(5);
  EXPECT_EQ(sink.told, 1);
  EXPECT_EQ(sink.ready, 1);
}

// Case D25, with addresses along.
TEST_F(DnsSourceTest, NoQuestionForAddressesThatCameAlong) {
  Serve(1, 3);
  StartWeb();
  Readings(5);
  EXPECT_EQ(fake.asked(), fake.asked("udp " + kWeb + " SRV"));
}

// Case D25, without; D26 and D28.
TEST_F(DnsSourceTest, AsksForTheTargetsAddresses) {
  fake.Set(kWeb, test::kTypeSrv,
           {test::Srv(kWeb, 1, 30, 80, "three.example", 60), test::Srv(kWeb, 1, 5, 81, "one.example", 60),
            test::Srv(kWeb, 2, 5, 82, "one.example", 60)});
  fake.Set("three.example", test::kTypeA,
           {test::A("three.example", "10.0.0.1", 60), test::A("three.example", "10.0.0.2", 60),
            test::A("three.example", "10.0.0.3", 60)});
  fake.Set("one.example", test::kTypeCname, {test::Cname("one.example", "alias.example", 60)});
  fake.Set("alias.example", test::kTypeA, {test::A("alias.example", "10.0.0.9", 60)});
  StartWeb();
  EXPECT_TRUE(Becomes(5, ServiceState::kKnown));
  EXPECT_THAT(Texts(*Web()), ElementsAre("10.0.0.1:80 p1 w10", "10.0.0.2:80 p1 w10", "10.0.0.3:80 p1 w10",
                                         "10.0.0.9:81 p1 w5", "10.0.0.9:82 p2 w5"));
  EXPECT_EQ(fake.asked("udp three.example A"), 1);
  EXPECT_EQ(fake.asked("udp one.example A"), 1);
  EXPECT_EQ(fake.asked("udp alias.example A"), 1);
}

// Case D27.
TEST_F(DnsSourceTest, IPv6OnlyTarget) {
  fake.Set(kWeb, test::kTypeSrv, {test::Srv(kWeb, 1, 1, 80, "six.example")});
  fake.Set("six.example", test::kTypeAaaa, {test::Aaaa("six.example", "2001:db8::1")});
  StartWeb();
  EXPECT_TRUE(Becomes(1, ServiceState::kKnown));
  EXPECT_THAT(Texts(*Web()), ElementsAre("[2001:db8::1]:80 p1 w1"));
  source.reset();
  sink.services.clear();
  sink.told = sink.ready = 0;
  options.ipv6 = false;
  StartWeb();
  EXPECT_TRUE(Becomes(0, ServiceState::kEmpty));
  EXPECT_EQ(Web()->reason, "six.example: no records");
}

// Case D12, D10: a name without SRV records, asked at most once per interval.
TEST_F(DnsSourceTest, ANameWithAPortMayHaveAddressesOnly) {
  fake.Set("web.example", test::kTypeA, {test::A("web.example", "10.0.0.1"), test::A("web.example", "10.0.0.2")});
  options.names = {{.service = "web", .name = "Web.Example.", .port = 8080, .tags = {"HTTP"}}};
  Start();
  EXPECT_TRUE(Becomes(2, ServiceState::kKnown));
  EXPECT_THAT(Texts(*Web()), ElementsAre("10.0.0.1:8080 p0 w1", "10.0.0.2:8080 p0 w1"));
  EXPECT_THAT(Web()->tags, ElementsAre("http"));
  EXPECT_THAT(Web()->instances.at(0).tags, ElementsAre("http"));
  Readings(10);
  EXPECT_EQ(fake.asked("udp web.example SRV"), 1);
  EXPECT_EQ(fake.asked("udp web.example AAAA"), 1);
}

// Case D08.
TEST_F(DnsSourceTest, DeclaredAbsent) {
  fake.Set(kWeb, test::kTypeSrv, {test::Srv(kWeb, 0, 0, 0, ".")});
  StartWeb();
  EXPECT_TRUE(Becomes(0, ServiceState::kDeclaredAbsent));
}

TEST_F(DnsSourceTest, ANamePerVersion) {
  Serve(1, 3);
  const std::string v2 = "v2." + kWeb;
  fake.Set(v2, test::kTypeSrv, {test::Srv(v2, 1, 10, 80, "n3.node.consul")}, {test::A("n3.node.consul", "10.0.0.3")});
  options.names = {{.service = "web", .name = kWeb, .tags = {"http"}, .versions = {{"v2", v2}}}};
  Start();
  EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
  EXPECT_EQ(sink.told, 1) << "not before all names have spoken";
  std::map<std::string, std::string> versions;
  for (const Instance& instance : Web()->instances) versions[instance.address.ToString()] = instance.version;
  EXPECT_EQ(versions["10.0.0.1:80"], "default");
  EXPECT_EQ(versions["10.0.0.3:80"], "v2");
}

// Case D34.
TEST_F(DnsSourceTest, ReadyWithTheFirstAnswer) {
  Serve(1, 3);
  fake.mode = DnsMode::kDrop;
  StartWeb();
  EXPECT_TRUE(RunUntil(loop, [&] { return source->Status().failing; }));
  EXPECT_FALSE(source->Status().ready);
  EXPECT_THAT(sink.services, IsEmpty());
  fake.mode = DnsMode::kAnswer;
  EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
  EXPECT_EQ(sink.ready, 1);
  EXPECT_TRUE(source->Status().ready);
}

TEST_F(DnsSourceTest, NothingToDoIsReady) {
  Start();
  EXPECT_TRUE(RunUntil(loop, [&] { return sink.ready == 1; }));
}

TEST_F(DnsSourceTest, MayDieWithOpenQuestions) {
  fake.mode = DnsMode::kDrop;
  options.browse = "service.consul";
  StartWeb();
  EXPECT_TRUE(RunUntil(loop, [&] { return fake.asked() > 0; }));
  source.reset();
  fake.mode = DnsMode::kAnswer;
  test::RunTurns(loop, 10);
  EXPECT_EQ(sink.told, 0);
}

}  // namespace
}  // namespace signpost::lb
