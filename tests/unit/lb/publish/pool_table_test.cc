// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/pool_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/lb/publish/services.h"

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PoolTableTest : public ::testing::Test {
 protected:
  using Keys = std::vector<std::pair<std::string, std::string>>;

  std::set<std::string> Round(const Keys& keys) {
    table_.BeginRound();
    for (const auto& [service, tag] : keys) slots_[service + "/" + tag] = table_.SlotOf(service, tag, now_);
    return table_.EndRound(now_);
  }
  bool Update(const ServiceSpec& spec, bool tags_per_instance = true) {
    return table_.Update(spec.name, {Service(spec), tags_per_instance, settings_}, now_);
  }
  std::vector<std::string> Members(const std::string& key) {
    std::vector<std::string> names;
    for (const PoolMember& member : table_.pools()[slots_[key]]->members) names.push_back(member.endpoint->name());
    return names;
  }

  Millis now_{1000};
  PoolTable table_{Millis(100)};
  std::map<std::string, uint32_t> slots_;
  std::shared_ptr<const ServiceSettings> settings_ = std::make_shared<ServiceSettings>();
};

const InstanceSpec kA{.address = "192.0.2.1:80", .tags = {"http"}};
const InstanceSpec kB{.address = "192.0.2.2:80", .tags = {"http", "tcp"}};
const InstanceSpec kC{.address = "192.0.2.3:80", .tags = {}};

TEST_F(PoolTableTest, ATagsPoolHasTheInstancesThatCarryItC02) {
  EXPECT_THAT(Round({{"web", "http"}, {"web", "tcp"}, {"web", ""}}), ElementsAre("web"));
  EXPECT_TRUE(Update({.name = "web", .instances = {kA, kB, kC}}));
  EXPECT_THAT(Members("web/http"), ElementsAre("192.0.2.1:80", "192.0.2.2:80"));
  EXPECT_THAT(Members("web/tcp"), ElementsAre("192.0.2.2:80"));
  EXPECT_THAT(Members("web/"), ElementsAre("192.0.2.1:80", "192.0.2.2:80", "192.0.2.3:80"));
  const auto& pools = table_.pools();
  EXPECT_EQ(pools[0]->state, pools[1]->state);
  EXPECT_EQ(pools[slots_["web/http"]]->members[1].endpoint, pools[slots_["web/tcp"]]->members[0].endpoint);
}

TEST_F(PoolTableTest, WithoutTagsOfInstancesAllServe) {
  Round({{"web", "http"}});
  Update({.name = "web", .instances = {kC}}, false);
  EXPECT_THAT(Members("web/http"), ElementsAre("192.0.2.3:80"));
}

TEST_F(PoolTableTest, EqualContentKeepsThePool) {
  Round({{"web", "http"}});
  Update({.name = "web", .instances = {kA}});
  const auto pool = table_.pools()[0];
  InstanceSpec touched = kA;
  touched.modified = 77;
  EXPECT_FALSE(Update({.name = "web", .instances = {touched}})) << "an index alone is no news";
  EXPECT_EQ(table_.pools()[0], pool);
  settings_ = std::make_shared<ServiceSettings>();
  EXPECT_TRUE(Update({.name = "web", .instances = {kA}}));
}

TEST_F(PoolTableTest, WhoLeavesAllPoolsIsRemovedAndComesBackWithItsCountsR03) {
  Round({{"web", "http"}, {"web", ""}});
  Update({.name = "web", .instances = {kA, kB}});
  EXPECT_FALSE(table_.TakeRemoved());
  const auto b = table_.FindEndpoint("web", "192.0.2.2:80");
  b->counters.requests = 5;
  b->SetDrained(true);
  InstanceSpec untagged = kB;
  untagged.tags.clear();
  Update({.name = "web", .instances = {kA, untagged}});
  EXPECT_FALSE(table_.TakeRemoved()) << "it is in the other pool still";
  now_ = Millis(2000);
  Update({.name = "web", .instances = {kA}});
  EXPECT_TRUE(table_.TakeRemoved());
  EXPECT_FALSE(table_.TakeRemoved());
  EXPECT_EQ(b->removed(), Millis(2000));
  EXPECT_EQ(table_.FindEndpoint("web", "192.0.2.2:80"), b);  // for the wishes of operators
  Update({.name = "web", .instances = {kA, kB}});
  EXPECT_EQ(b->removed(), Millis(0));
  EXPECT_EQ(table_.FindEndpoint("web", "192.0.2.2:80"), b);
  EXPECT_EQ(b->counters.requests, 5U);
  EXPECT_TRUE(b->drained()) << "R10";
}

TEST_F(PoolTableTest, APoolThatNoRouteNamesEnds) {
  Round({{"web", "http"}, {"db", ""}});
  Update({.name = "web", .instances = {kA}});
  Update({.name = "db", .instances = {kB}});
  const uint32_t web = slots_["web/http"];
  EXPECT_THAT(Round({{"db", ""}}), ElementsAre("web"));
  EXPECT_EQ(table_.pools()[web], nullptr);
  EXPECT_TRUE(Update({.name = "web", .instances = {kA}}));
  EXPECT_TRUE(table_.TakeRemoved());
  EXPECT_FALSE(table_.Has("web"));
  EXPECT_THAT(Round({{"db", ""}, {"new", ""}}), ElementsAre("new"));
  EXPECT_NE(slots_["new/"], web) << "it rests";
  now_ += Millis(100);
  Round({{"db", ""}, {"new", ""}, {"late", ""}});
  EXPECT_EQ(slots_["late/"], web);
}

TEST_F(PoolTableTest, SlotsStayThroughRounds) {
  Round({{"web", "http"}, {"db", ""}});
  const uint32_t db = slots_["db/"];
  for (int i = 0; i < 5; ++i) EXPECT_THAT(Round({{"db", ""}, {"web", "http"}}), IsEmpty());
  EXPECT_EQ(slots_["db/"], db);
}

TEST_F(PoolTableTest, AnUnknownServiceHasAnEmptyPool) {
  Round({{"web", ""}});
  EXPECT_TRUE(table_.Update("web", {nullptr, true, settings_}, now_));
  EXPECT_THAT(Members("web/"), IsEmpty());
}

}  // namespace
}  // namespace signpost::lb
