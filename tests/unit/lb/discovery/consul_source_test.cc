// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/consul_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/support/consul/fake_consul.h"
#include "tests/support/run_loop.h"

namespace signpost::lb {
namespace {

using ::testing::HasSubstr;

class RecordingServices final : public SourceSink {
 public:
  void OnService(SourceKind, DiscoveredServicePtr service) override {
    ++told[service->name];
    services[service->name] = std::move(service);
  }
  void OnGone(SourceKind, const std::string& name) override { services[name] = nullptr; }
  void OnReady(SourceKind, const std::set<std::string>& names) override {
    unknown = names;
    ready = true;
  }

  // "held 80 81": state and ports; "absent"; "" when never told.
  std::string Of(const std::string& name) const {
    const auto at = services.find(name);
    if (at == services.end()) return "";
    if (!at->second) return "absent";
    constexpr const char* kStates[] = {"known", "held", "empty", "declared absent"};
    std::string text = kStates[static_cast<size_t>(at->second->state)];
    for (const Instance& instance : at->second->instances) text += " " + std::to_string(instance.address.port());
    return text;
  }

  std::map<std::string, DiscoveredServicePtr> services;
  std::map<std::string, int> told;
  std::set<std::string> unknown;
  bool ready = false;
};

class ConsulSourceTest : public ::testing::Test {
 protected:
  ConsulSourceTest() {
    fake_.Put({.id = "web-1", .service = "web", .port = 80, .tags = {"http"}});
    fake_.Put({.id = "web-2", .service = "web", .port = 81, .tags = {"http"}});
    fake_.Put({.id = "db-1", .service = "db", .port = 5432});
    options_.confirm_empty = Millis(20);
    options_.confirm_loss = Millis(30);
  }

  void Start() {
    options_.agent.url = fake_.url();
    source_ = MakeConsulSource(loop_, options_, sink_);
    source_->Start();
  }
  void StartReady() {
    Start();
    ASSERT_TRUE(Until([&] { return sink_.ready; }));
  }
  ::testing::AssertionResult Until(const std::function<bool()>& done, Millis deadline = Millis(5000)) {
    return test::RunUntil(loop_, done, deadline);
  }
  ::testing::AssertionResult Becomes(const std::string& name, const std::string& what) {
    auto result = Until([&] { return sink_.Of(name) == what; });
    if (!result) result << "; it is '" << sink_.Of(name) << "'";
    return result;
  }

  net::Loop loop_;
  test::FakeConsul fake_{loop_};
  RecordingServices sink_;
  ConsulSourceOptions options_;
  std::unique_ptr<ConsulSource> source_;
};

TEST_F(ConsulSourceTest, FollowsWhatIsTaggedOrWanted) {
  options_.wanted = {"db", "unknown"};
  fake_.Put({.id = "redis-1", .service = "redis-6379", .port = 6379, .tags = {"tcp"}});
  fake_.Put({.id = "fabio-1", .service = "fabio", .port = 9998, .tags = {"urlprefix-/x"}});
  fake_.Put({.id = "other-1", .service = "other", .port = 1, .tags = {"https"}});
  StartReady();
  EXPECT_EQ(sink_.Of("web"), "known 80 81");
  EXPECT_EQ(sink_.Of("db"), "known 5432");
  EXPECT_EQ(sink_.Of("redis-6379"), "known 6379");
  EXPECT_EQ(sink_.Of("fabio"), "known 9998");
  EXPECT_EQ(sink_.Of("unknown"), "empty");
  EXPECT_EQ(sink_.Of("other"), "");
  EXPECT_EQ(sink_.services["web"]->tags, std::vector<std::string>{"http"});
  EXPECT_GT(sink_.services["web"]->create_index, 0U);
  const SourceStatus status = source_->Status();
  EXPECT_TRUE(status.ready);
  EXPECT_FALSE(status.failing) << status.reason;
  EXPECT_GT(status.good, 0U);
}

TEST_F(ConsulSourceTest, ChangesArriveC01C03) {
  StartReady();
  fake_.Put({.id = "web-2", .service = "web", .port = 81, .status = "critical", .tags = {"http"}});
  ASSERT_TRUE(Becomes("web", "known 80"));
  fake_.Put({.id = "new-1", .service = "new", .port = 7, .tags = {"http"}});
  ASSERT_TRUE(Becomes("new", "known 7"));
  fake_.Put({.id = "web-1", .service = "web", .port = 80, .status = "critical", .tags = {"http"}});
  ASSERT_TRUE(Becomes("web", "empty"));
  EXPECT_EQ(sink_.services["web"]->tags, std::vector<std::string>{"http"}) << "H55";
}

TEST_F(ConsulSourceTest, WarningInstancesHaveTheirWeightC04) {
  fake_.Put({.id = "web-1",
             .service = "web",
             .port = 80,
             .status = "warning",
             .tags = {"http"},
             .weight = 9,
             .warning_weight = 4});
  StartReady();
  ASSERT_EQ(sink_.services["web"]->instances.size(), 2U);
  EXPECT_EQ(sink_.services["web"]->instances[0].weight, 4U);
}

TEST_F(ConsulSourceTest, ADeregisteredServiceIsConfirmedThenGoneC09) {
  StartReady();
  fake_.Remove("web-1");
  fake_.Remove("web-2");
  ASSERT_TRUE(Becomes("web", "absent"));
}

TEST_F(ConsulSourceTest, AServiceThatLosesItsTagIsGone) {
  StartReady();
  fake_.Put({.id = "web-1", .service = "web", .port = 80});
  fake_.Put({.id = "web-2", .service = "web", .port = 81});
  ASSERT_TRUE(Becomes("web", "absent"));
}

TEST_F(ConsulSourceTest, LostRightsKeepEverythingC21C22) {
  StartReady();
  fake_.LoseRights(true);
  ASSERT_TRUE(Until([&] { return source_->Status().failing && fake_.requests("/v1/health/service/web") > 3; }));
  EXPECT_THAT(source_->Status().reason, HasSubstr("token has lost its rights"));
  EXPECT_EQ(sink_.Of("web"), "held 80 81");
  fake_.LoseRights(false);
  ASSERT_TRUE(Becomes("web", "known 80 81"));
  ASSERT_TRUE(Until([&] { return !source_->Status().failing; }));
}

TEST_F(ConsulSourceTest, AFilteredListIsNotEmptyC22) {
  StartReady();
  fake_.Filter(true);
  ASSERT_TRUE(Becomes("web", "held 80 81"));
}

TEST_F(ConsulSourceTest, ARefusedTokenIsNamedC21) {
  StartReady();
  fake_.FailWith("/v1/", 403);
  ASSERT_TRUE(Becomes("web", "held 80 81"));
  ASSERT_TRUE(Until([&] { return source_->Status().failing; }));
  EXPECT_THAT(source_->Status().reason, HasSubstr("token is refused"));
  fake_.FailWith("/v1/", 200);
  ASSERT_TRUE(Becomes("web", "known 80 81"));
}

TEST_F(ConsulSourceTest, AnAgentThatGoesAndComesBackC20) {
  StartReady();
  fake_.Stop();
  ASSERT_TRUE(Becomes("web", "held 80 81"));
  fake_.Put({.id = "web-3", .service = "web", .port = 82, .tags = {"http"}});
  fake_.Start();
  ASSERT_TRUE(Becomes("web", "known 80 81 82"));
}

TEST_F(ConsulSourceTest, NoLeaderHoldsC19) {
  StartReady();
  fake_.LoseLeader(true);
  fake_.Put({.id = "web-3", .service = "web", .port = 82, .tags = {"http"}});
  ASSERT_TRUE(Becomes("web", "held 80 81"));
  EXPECT_EQ(sink_.services["web"]->reason, "no cluster leader");
}

TEST_F(ConsulSourceTest, StaleRepliesAddAndDoNotRemoveC24) {
  StartReady();
  fake_.SetLastContact(Millis(60000));
  fake_.Remove("web-1");
  ASSERT_TRUE(Becomes("web", "held 80 81"));
  fake_.Put({.id = "web-3", .service = "web", .port = 82, .tags = {"http"}});
  ASSERT_TRUE(Becomes("web", "held 80 81 82"));
}

TEST_F(ConsulSourceTest, PoliciesComeWithTheirServicesAndGoK10) {
  fake_.PutKey("lb/policy/web", R"({"split": "v1:95,v2:5"})");
  StartReady();
  EXPECT_EQ(sink_.services["web"]->policy, R"({"split": "v1:95,v2:5"})");
  EXPECT_EQ(sink_.told["web"], 1);
  fake_.PutKey("lb/policy/web", "other");
  ASSERT_TRUE(Until([&] { return sink_.services["web"]->policy == "other"; }));
  fake_.PutKey("lb/policy/web", "");
  ASSERT_TRUE(Until([&] { return sink_.services["web"]->policy.empty(); }));
}

TEST_F(ConsulSourceTest, WithoutRightToReadPoliciesServicesAreTold) {
  fake_.FailWith("/v1/kv/", 403);
  StartReady();
  EXPECT_EQ(sink_.Of("web"), "known 80 81");
  EXPECT_FALSE(source_->Status().failing);
}

TEST_F(ConsulSourceTest, MoreServicesThanWatchesAreReadInTurn) {
  options_.max_watches = 2;
  for (int i = 0; i < 8; ++i) {
    fake_.Put({.id = "s" + std::to_string(i), .service = "s" + std::to_string(i), .port = 100 + i, .tags = {"http"}});
  }
  StartReady();
  for (int i = 0; i < 8; ++i) EXPECT_EQ(sink_.Of("s" + std::to_string(i)), "known " + std::to_string(100 + i));
  EXPECT_LE(fake_.blocked(), 4U);
  fake_.Put({.id = "s7", .service = "s7", .port = 200, .tags = {"http"}});
  ASSERT_TRUE(Becomes("s7", "known 200"));
  fake_.Remove("s7");
  ASSERT_TRUE(Becomes("s7", "absent"));
  fake_.Stop();
  ASSERT_TRUE(Becomes("s6", "held 106"));
  fake_.Start();
  ASSERT_TRUE(Becomes("s6", "known 106"));
}

TEST_F(ConsulSourceTest, AFailureIsNewsOfItsOwnNameOnly) {
  options_.max_watches = 1;
  for (const char* name : {"a", "b", "c", "d"}) {
    fake_.Put({.id = name, .service = name, .port = 100, .tags = {"http"}});
  }
  fake_.FailWith("/v1/health/service/b", 403);
  StartReady();
  EXPECT_THAT(sink_.unknown, ::testing::ElementsAre("b"));
  for (const char* name : {"a", "c", "d", "web"}) EXPECT_THAT(sink_.Of(name), HasSubstr("known")) << name;
  fake_.FailWith("/v1/health/service/c", 403);
  ASSERT_TRUE(Becomes("c", "held 100"));
  EXPECT_EQ(sink_.Of("d"), "known 100");
  fake_.FailWith("/v1/health/service/b", 200);
  ASSERT_TRUE(Becomes("b", "known 100"));
}

TEST_F(ConsulSourceTest, AnAgentWithoutRoomForAWatchIsReadInTurn) {
  for (const char* name : {"a", "b", "c"}) fake_.Put({.id = name, .service = name, .port = 100, .tags = {"http"}});
  int refused = 0;
  fake_.OnRequest([&](const std::string& path, const std::string&) {
    if (path.starts_with("/v1/health/service/b") && ++refused == 2) fake_.FailWith("/v1/health/service/b", 200);
  });
  fake_.FailWith("/v1/health/service/b", 429);
  StartReady();
  EXPECT_THAT(sink_.unknown, ::testing::IsEmpty());
  EXPECT_EQ(sink_.Of("b"), "known 100");
  ASSERT_TRUE(Until([&] { return fake_.requests("/v1/health/service/b") > 4; })) << "in turn, not held";
}

TEST_F(ConsulSourceTest, ManyServicesAreReadAsFastAsRepliesCome) {
  options_.max_watches = 1;
  constexpr int kMany = 1500;
  for (int i = 0; i < kMany; ++i) {
    const std::string name = "s" + std::to_string(i);
    fake_.Put({.id = name, .service = name, .port = 100, .tags = {"http"}});
  }
  Start();
  ASSERT_TRUE(Until([&] { return sink_.ready; }, Millis(5000))) << "at one in 5 ms it would take 7.5 s";
  EXPECT_EQ(sink_.told.size(), size_t{kMany} + 1);
}

TEST_F(ConsulSourceTest, EqualContentIsNotToldAgainAndReadsAreFewC18) {
  StartReady();
  const int requests = fake_.requests("/v1/health/service/web");
  for (int i = 0; i < 100; ++i) {
    fake_.PutNode("srv1", "127.0.0.1");
    test::RunTurns(loop_, 2);
  }
  EXPECT_EQ(sink_.told["web"], 1);
  EXPECT_LE(fake_.requests("/v1/health/service/web") - requests, 3);
}

TEST_F(ConsulSourceTest, WantedServicesChange) {
  StartReady();
  source_->SetWanted({"db"});
  ASSERT_TRUE(Becomes("db", "known 5432"));
  source_->SetWanted({});
  ASSERT_TRUE(Becomes("db", "absent"));
}

TEST_F(ConsulSourceTest, ARestartedCatalogIsFollowedC16) {
  options_.wait = Millis(100);  // the held requests ask for an index that is far away now
  StartReady();
  fake_.Reset();
  ASSERT_TRUE(Becomes("web", "absent"));
  fake_.Put({.id = "web-1", .service = "web", .port = 90, .tags = {"http"}});
  ASSERT_TRUE(Becomes("web", "known 90"));
}

TEST_F(ConsulSourceTest, StartsWithoutAnAgentD34) {
  fake_.Stop();
  Start();
  ASSERT_TRUE(Until([&] { return source_->Status().failing; }));
  EXPECT_FALSE(sink_.ready);
  fake_.Start();
  ASSERT_TRUE(Until([&] { return sink_.ready; }));
  EXPECT_EQ(sink_.Of("web"), "known 80 81");
}

}  // namespace
}  // namespace signpost::lb
