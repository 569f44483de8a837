// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/run_loop.h"
#include "tests/unit/lb/publish/services.h"

namespace signpost::lb {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PublisherTest : public ::testing::Test {
 protected:
  PublisherTest() {
    options_.public_domain = "example.org";
    options_.http_listen = {Address("198.18.0.1:80")};
    options_.tcp_bind = {Address("198.18.0.1:1")};
  }

  FileConfig Config(std::string_view services, std::string_view routes) {
    auto config = ReadFileConfig(services, routes);
    EXPECT_TRUE(config.ok()) << config.status().text();
    return config.ok() ? std::move(config).value() : FileConfig();
  }
  void Start(std::string_view services = "", std::string_view routes = "") {
    publisher_ = std::make_unique<Publisher>(loop_, options_, Config(services, routes),
                                             [this](std::shared_ptr<const Routes> routes_now, bool removed) {
                                               routes_ = std::move(routes_now);
                                               ++publications_;
                                               removed_ = removed;
                                             });
    Next();
  }
  // Runs until the publication of what was told just now.
  void Next() {
    const int before = publications_;
    ASSERT_TRUE(test::RunUntil(loop_, [&] { return publications_ > before; }));
  }
  void Consul(const ServiceSpec& spec) { publisher_->OnService(SourceKind::kConsul, Service(spec)); }
  void Gone(const std::string& name) { publisher_->OnGone(SourceKind::kConsul, name); }
  void Ready(const std::set<std::string>& unknown = {}) { publisher_->OnReady(SourceKind::kConsul, unknown); }

  // "service: address ..." of the pool behind a host, or "404".
  std::string Host(const std::string& host, const std::string& path = "/") {
    const HttpRoute* route = routes_->http->Find(host, path);
    return route == nullptr ? "404" : PoolText(route->slot);
  }
  // The same of a port at 198.18.0.1; "closed" without a listener.
  std::string Port(int port) {
    for (const ListenerPlan& plan : routes_->listeners) {
      if (plan.address == Address("198.18.0.1:" + std::to_string(port))) {
        return (plan.lingering ? "lingers " : "") + PoolText(plan.slot);
      }
    }
    return "closed";
  }
  std::string PoolText(uint32_t slot) {
    const auto& pool = routes_->pools.at(slot);
    if (!pool) return "null";
    std::string text = pool->service + ":";
    for (const PoolMember& member : pool->members) text += " " + member.endpoint->name();
    return text;
  }

  net::Loop loop_;
  PublishOptions options_;
  std::shared_ptr<const Routes> routes_;
  int publications_ = 0;
  bool removed_ = false;
  std::unique_ptr<Publisher> publisher_;
};

const InstanceSpec kHttp1{.address = "192.0.2.1:80", .tags = {"http"}};
const InstanceSpec kHttp2{.address = "192.0.2.2:80", .tags = {"http"}};
const InstanceSpec kTcp1{.address = "192.0.2.1:99", .tags = {"tcp"}};

TEST_F(PublisherTest, PublishesTheConfigFileAtOnce) {
  Start(
      R"({"web": {"endpoints": ["192.0.2.1:80"], "tags": ["http"], "max_fails": 7}})",
      R"([{"host": "w", "service": "web"}, {"host": "x", "service": "unknown"}, {"host": "r", "redirect": 301, "to": "/"}])");
  EXPECT_EQ(publications_, 1);
  EXPECT_EQ(Host("w"), "web: 192.0.2.1:80");
  EXPECT_EQ(Host("web.example.org"), "web: 192.0.2.1:80");
  EXPECT_EQ(Host("x"), "unknown:") << "D34: a known route without endpoints";
  EXPECT_EQ(Host("y"), "404") << "H54";
  EXPECT_EQ(routes_->http->Find("r", "/")->redirect, 301);
  EXPECT_EQ(routes_->pools[routes_->http->Find("w", "/")->slot]->settings->max_fails, 7U);
  EXPECT_EQ(routes_->listeners[0].address.ToString(), "198.18.0.1:80");
  EXPECT_NE(publisher_->Find("web"), nullptr);
  EXPECT_EQ(publisher_->Find("unknown"), nullptr);
}

TEST_F(PublisherTest, ATurnsChangesAreOnePublication) {
  Start();
  Consul({.name = "web", .instances = {kHttp1, kHttp2}});
  Consul({.name = "redis-6379", .instances = {kTcp1}});
  EXPECT_EQ(Host("web.example.org"), "404") << "not from inside the call";
  Next();
  EXPECT_EQ(publications_, 2);
  EXPECT_EQ(Host("web.example.org"), "web: 192.0.2.1:80 192.0.2.2:80") << "C01";
  EXPECT_EQ(Port(6379), "redis-6379: 192.0.2.1:99") << "C08";
  EXPECT_FALSE(removed_);
}

TEST_F(PublisherTest, ChangedInstancesKeepTheRouteTable) {
  Start();
  Consul({.name = "web", .instances = {kHttp1, kHttp2}});
  Next();
  const auto table = routes_->http;
  Consul({.name = "web", .instances = {kHttp1, {.address = "192.0.2.2:80", .tags = {}}}});
  Next();
  EXPECT_EQ(Host("web.example.org"), "web: 192.0.2.1:80") << "C02";
  EXPECT_TRUE(removed_);
  EXPECT_EQ(routes_->http, table);
  EXPECT_EQ(publisher_->routes(), routes_);
}

TEST_F(PublisherTest, EqualContentIsNotPublishedC18) {
  Start();
  Consul({.name = "web", .instances = {kHttp1}});
  Next();
  InstanceSpec touched = kHttp1;
  touched.modified = 99;
  Consul({.name = "web", .instances = {touched}});
  Consul({.name = "other", .instances = {{.address = "192.0.2.9:80"}}});
  test::RunTurns(loop_);
  EXPECT_EQ(publications_, 2);
}

TEST_F(PublisherTest, AServiceWithoutInstancesKeepsItsHostH55) {
  Start();
  Consul({.name = "web", .instances = {kHttp1}});
  Next();
  Consul({.name = "web", .tags = {"http"}, .state = ServiceState::kEmpty});
  Next();
  EXPECT_EQ(Host("web.example.org"), "web:");
}

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

TEST_F(PublisherTest, ComingBackWithinTheLingerKeepsListenerAndSlotC10) {
  Start();
  Consul({.name = "redis-6379", .instances = {kTcp1}});
  Ready();
  Next();
  const uint32_t slot = routes_->listeners[1].slot;
  Gone("redis-6379");
  Next();
  EXPECT_EQ(Port(6379), "lingers redis-6379:");
  Consul({.name = "redis-6379", .instances = {kTcp1}});
  Next();
  EXPECT_EQ(Port(6379), "redis-6379: 192.0.2.1:99");
  EXPECT_EQ(routes_->listeners[1].slot, slot);
}

TEST_F(PublisherTest, AfterTheLingerThePortIsClosedAndNothingIsLeft) {
  options_.linger = Millis(20);
  Start();
  Consul({.name = "redis-6379", .instances = {kTcp1}});
  Next();
  Gone("redis-6379");
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return Port(6379) == "closed"; }));
  EXPECT_EQ(publisher_->Find("redis-6379"), nullptr);
  for (const auto& pool : routes_->pools) EXPECT_EQ(pool, nullptr);
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

TEST_F(PublisherTest, WarnsOfWhatCannotBeUsed) {
  Start();
  Consul({.name = "x-80", .instances = {{.address = "192.0.2.1:1", .tags = {"tcp"}}}});
  Consul({.name = "web",
          .instances = {{.address = "192.0.2.1:80", .tags = {"http"}, .meta = {{"lb.max_fails", "many"}}}}});
  Next();
  ASSERT_THAT(publisher_->warnings(), SizeIs(2));
  EXPECT_THAT(publisher_->warnings()[0], HasSubstr("max_fails"));
  EXPECT_THAT(publisher_->warnings()[1], HasSubstr("port 80")) << "C12";
  Consul({.name = "web", .instances = {kHttp1}});
  Gone("x-80");
  Next();
  EXPECT_THAT(publisher_->warnings(), IsEmpty());
}

TEST_F(PublisherTest, TheOperatorsWishesOutliveUpdatesR10) {
  Start();
  Consul({.name = "web", .instances = {kHttp1, kHttp2}});
  Next();
  EXPECT_TRUE(publisher_->SetDrained("web", "192.0.2.1:80", true).ok());
  EXPECT_TRUE(publisher_->SetWeight("web", "192.0.2.2:80", 7).ok());
  EXPECT_EQ(publisher_->SetDrained("web", "192.0.2.9:80", true).kind(), ErrorKind::kNotFound);
  EXPECT_EQ(publisher_->SetWeight("db", "192.0.2.1:80", 1).kind(), ErrorKind::kNotFound);
  EXPECT_EQ(publisher_->SetWeight("web", "192.0.2.2:80", 65536).kind(), ErrorKind::kInvalid);
  InstanceSpec heavier = kHttp2;
  heavier.weight = 3;
  Consul({.name = "web", .instances = {kHttp1, heavier}});
  Next();
  const Pool& pool = *routes_->pools[routes_->http->Find("web.example.org", "/")->slot];
  EXPECT_TRUE(pool.members[0].endpoint->drained());
  EXPECT_EQ(pool.members[1].endpoint->admin_weight(), 7);
  EXPECT_EQ(pool.members[1].weight, 3U) << "B07, R11";
}

TEST_F(PublisherTest, DnsStandsInForAnOldCatalogWithTheCatalogsHostC27) {
  options_.dns_after = Millis(30);
  Start();
  publisher_->OnService(SourceKind::kDns, Service({.name = "web", .instances = {{"192.0.2.9:80"}}}));
  Consul({.name = "web", .instances = {kHttp1}});
  Next();
  EXPECT_EQ(Host("web.example.org"), "web: 192.0.2.1:80");
  Consul({.name = "web", .instances = {kHttp1}, .state = ServiceState::kHeld});
  Next();
  EXPECT_EQ(Host("web.example.org"), "web: 192.0.2.9:80");
  Consul({.name = "web", .instances = {kHttp1}});
  Next();
  EXPECT_EQ(Host("web.example.org"), "web: 192.0.2.1:80");
}

TEST_F(PublisherTest, ASnapshotServesUntilTheCatalogSpeaksD33) {
  Start();
  Consul({.name = "web", .instances = {kHttp1}, .created = 7});
  Consul({.name = "old", .instances = {kHttp2}, .created = 8});
  Next();
  const std::string snapshot = publisher_->SaveSnapshot();
  Start();
  ASSERT_TRUE(publisher_->LoadSnapshot(snapshot).ok());
  Next();
  EXPECT_EQ(Host("web.example.org"), "web: 192.0.2.1:80");
  EXPECT_EQ(publisher_->Find("web")->state, ServiceState::kHeld);
  Consul({.name = "web", .instances = {kHttp2}, .created = 30});
  Ready();
  Next();
  EXPECT_EQ(Host("web.example.org"), "web: 192.0.2.2:80");
  EXPECT_EQ(Host("old.example.org"), "old:") << "gone meanwhile; it lingers";
  EXPECT_FALSE(publisher_->LoadSnapshot("{").ok());
  EXPECT_TRUE(publisher_->LoadSnapshot(snapshot).ok());
  EXPECT_EQ(publisher_->Find("web")->state, ServiceState::kKnown) << "too late, nothing is taken over";
}

TEST_F(PublisherTest, WhatCannotBeReadAtTheStartIsKeptFromTheSnapshotD33) {
  Start();
  Consul({.name = "web", .instances = {kHttp1}, .created = 7});
  Next();
  const std::string snapshot = publisher_->SaveSnapshot();
  Start();
  ASSERT_TRUE(publisher_->LoadSnapshot(snapshot).ok());
  Ready({"web"});
  Next();
  EXPECT_EQ(Host("web.example.org"), "web: 192.0.2.1:80");
  EXPECT_EQ(publisher_->SaveSnapshot(), snapshot) << "and is kept in the next one";
  Gone("web");
  Next();
  EXPECT_EQ(publisher_->Find("web"), nullptr);
}

TEST_F(PublisherTest, ASourceThatIsNotThereHasNoServicesInASnapshot) {
  Start();
  publisher_->OnService(SourceKind::kDns, Service({.name = "d", .instances = {{"192.0.2.9:80"}}}));
  Consul({.name = "web", .instances = {kHttp1}, .created = 7});
  Next();
  const std::string snapshot = publisher_->SaveSnapshot();
  for (const bool before : {false, true}) {
    Start();
    if (before) publisher_->OnReady(SourceKind::kDns, {});
    ASSERT_TRUE(publisher_->LoadSnapshot(snapshot).ok());
    if (!before) publisher_->OnReady(SourceKind::kDns, {});
    Next();
    EXPECT_EQ(publisher_->Find("d"), nullptr) << before;
    EXPECT_NE(publisher_->Find("web"), nullptr);
  }
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

TEST_F(PublisherTest, ReconfiguresAsAWhole) {
  Start(R"({"a": {"endpoints": ["192.0.2.1:80"]}})", R"([{"host": "a", "service": "a"}])");
  Consul({.name = "web", .instances = {kHttp1}});
  Next();
  options_.public_domain = "example.net";
  publisher_->Reconfigure(options_, Config(R"({"b": {"endpoints": ["192.0.2.2:80"]}, "web": {"max_fails": 9}})",
                                           R"([{"host": "b", "service": "b"}])"));
  Next();
  EXPECT_EQ(Host("a"), "404");
  EXPECT_EQ(Host("b"), "b: 192.0.2.2:80");
  EXPECT_EQ(Host("web.example.net"), "web: 192.0.2.1:80");
  EXPECT_EQ(routes_->pools[routes_->http->Find("web.example.net", "/")->slot]->settings->max_fails, 9U);
  EXPECT_EQ(publisher_->Find("a"), nullptr);
}

TEST_F(PublisherTest, ManyServicesOneChangeIsQuickC25) {
  Start();
  for (int i = 0; i < 5000; ++i) {
    Consul({.name = "s" + std::to_string(i), .instances = {kHttp1, kHttp2}, .created = 1});
  }
  Ready();
  Next();
  EXPECT_EQ(routes_->http->routes().size(), 5000U);
  const auto start = std::chrono::steady_clock::now();
  constexpr int kChanges = 50;
  for (int i = 0; i < kChanges; ++i) {
    Consul({.name = "s77", .instances = i % 2 == 0 ? std::vector{kHttp1} : std::vector{kHttp1, kHttp2}});
    Next();
  }
  const auto each = (std::chrono::steady_clock::now() - start) / kChanges;
  EXPECT_LT(each, std::chrono::milliseconds(20));  // 5 ms, the loop's millisecond ticks, and a busy machine
}

}  // namespace
}  // namespace signpost::lb
