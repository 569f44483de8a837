// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/run_loop.h"
#include "tests/unit/lb/publish/publisher_world.h"
#include "tests/unit/lb/publish/services.h"

namespace signpost::lb {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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
