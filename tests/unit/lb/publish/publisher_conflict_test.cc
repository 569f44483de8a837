// Signpost. Apache-2.0; see LICENSE.
// Several that want one host or one port: who gets it, and what is said of the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "lb/publish/publisher.h"
#include "tests/support/run_loop.h"
#include "tests/unit/lb/publish/publisher_world.h"
#include "tests/unit/lb/publish/services.h"

namespace signpost::lb {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(PublisherTest, OfTwoServicesForOnePortTheOlderWinsAndTheOtherWaitsC11) {
  options_.linger = Millis(40);
  Start();
  Consul({.name = "b-7000", .instances = {{.address = "192.0.2.2:1", .tags = {"tcp"}}}, .created = 20});
  Consul({.name = "a-7000", .instances = {{.address = "192.0.2.1:1", .tags = {"tcp"}}}, .created = 10});
  Ready();
  Next();
  EXPECT_EQ(Port(7000), "a-7000: 192.0.2.1:1");
  ASSERT_THAT(publisher_->conflicts(), SizeIs(1));
  EXPECT_EQ(publisher_->conflicts()[0].what, "port 7000");
  EXPECT_EQ(publisher_->conflicts()[0].winner, "a-7000");
  EXPECT_EQ(publisher_->conflicts()[0].loser, "b-7000");
  Gone("a-7000");
  Next();
  EXPECT_EQ(Port(7000), "lingers a-7000:") << "C09";
  Next();
  EXPECT_EQ(Port(7000), "b-7000: 192.0.2.2:1");
  EXPECT_THAT(publisher_->conflicts(), IsEmpty());
}

TEST_F(PublisherTest, AtTheStartTheOldestWinsWhateverTheOrderC11) {
  Start();
  Consul({.name = "a-7000", .instances = {kTcp1}, .created = 11});
  Next();
  EXPECT_EQ(Port(7000), "a-7000: 192.0.2.1:99");
  Consul({.name = "b-7000", .instances = {{.address = "192.0.2.2:99", .tags = {"tcp"}}}, .created = 10});
  Ready();
  Next();
  EXPECT_EQ(Port(7000), "b-7000: 192.0.2.2:99") << "even when it is the last of the start to be told";
  Consul({.name = "c-7000", .instances = {{.address = "192.0.2.3:99", .tags = {"tcp"}}}, .created = 9});
  test::RunTurns(loop_);
  EXPECT_EQ(Port(7000), "b-7000: 192.0.2.2:99");
}

TEST_F(PublisherTest, TwoNamesThatFoldToOneHostC14) {
  Start();
  Consul({.name = "Web", .instances = {kHttp1}, .created = 5});
  Consul({.name = "web", .instances = {kHttp2}, .created = 4});
  Ready();
  Next();
  EXPECT_EQ(Host("web.example.org"), "web: 192.0.2.2:80");
  ASSERT_THAT(publisher_->conflicts(), SizeIs(1));
  EXPECT_EQ(publisher_->conflicts()[0].what, "host web.example.org");
  EXPECT_EQ(publisher_->conflicts()[0].loser, "Web");
}

TEST_F(PublisherTest, TheConfigFilesRouteBeatsTheTag) {
  Start(R"({"mine": {"endpoints": ["192.0.2.7:80"]}})", R"([{"host": "web.example.org", "service": "mine"}])");
  Consul({.name = "web", .instances = {kHttp1}});
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return !publisher_->conflicts().empty(); }));
  EXPECT_EQ(publisher_->conflicts()[0].winner, "the config file");
  EXPECT_EQ(Host("web.example.org"), "mine: 192.0.2.7:80");
}

TEST_F(PublisherTest, AServiceOfDnsIsYoungerThanTheCatalogsAndTheFilesIsOlder) {
  Start();
  publisher_->OnService(SourceKind::kDns,
                        Service({.name = "a-7000", .instances = {{.address = "192.0.2.9:1", .tags = {"tcp"}}}}));
  Consul({.name = "b-7000", .instances = {kTcp1}, .created = 10});
  Ready();
  publisher_->OnReady(SourceKind::kDns, {});
  Next();
  EXPECT_EQ(Port(7000), "b-7000: 192.0.2.1:99");
  Start(R"({"c-7000": {"endpoints": ["192.0.2.7:80"], "tags": ["tcp"]}})");
  Consul({.name = "b-7000", .instances = {kTcp1}, .created = 10});
  test::RunTurns(loop_);
  EXPECT_EQ(Port(7000), "c-7000: 192.0.2.7:80");
}

TEST_F(PublisherTest, APortIsOneThingWhoeverNamesAnAddress) {
  Start(R"({"mine": {"endpoints": ["192.0.2.7:80"]}})", R"([{"tcp": "198.18.0.1:6379", "service": "mine"}])");
  Consul({.name = "redis-6379", .instances = {kTcp1}, .created = 1});
  Consul({.name = "x-7000", .instances = {kTcp1}, .created = 1});
  Consul({.name = "y",
          .instances = {{.address = "192.0.2.2:1", .tags = {"urlprefix-198.18.0.1:7000 proto=tcp"}}},
          .created = 2});
  Ready();
  Next();
  EXPECT_EQ(Port(6379), "mine: 192.0.2.7:80");
  EXPECT_EQ(Port(7000), "x-7000: 192.0.2.1:99");
  ASSERT_THAT(publisher_->conflicts(), SizeIs(2));
  EXPECT_EQ(publisher_->conflicts()[0].what, "port 6379");
  EXPECT_EQ(publisher_->conflicts()[0].winner, "the config file");
  EXPECT_EQ(publisher_->conflicts()[1].loser, "y");
}

TEST_F(PublisherTest, SaysWhatHasNoListener) {
  Start(R"({"mine": {"endpoints": ["192.0.2.7:80"]}})", R"([{"tcp": "198.18.0.1:80", "service": "mine"}])");
  EXPECT_THAT(publisher_->warnings(),
              ::testing::ElementsAre("the config file's route to service 'mine' is not served at "
                                     "198.18.0.1:80, where another listener is"));
}

TEST_F(PublisherTest, ManyConflictsAreQuick) {
  Start();
  for (int i = 0; i < 5000; ++i) {
    Consul({.name = "s" + std::to_string(i) + "-7000", .instances = {kTcp1}, .created = 1});
  }
  Ready();
  Next();
  ASSERT_THAT(publisher_->conflicts(), SizeIs(4999));
  const auto start = std::chrono::steady_clock::now();
  Consul({.name = "late-7000", .instances = {kTcp1}, .created = 2});
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return publisher_->conflicts().size() == 5000; }));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(200));
}

}  // namespace
}  // namespace signpost::lb
