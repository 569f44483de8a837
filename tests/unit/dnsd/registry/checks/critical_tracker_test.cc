// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/critical_tracker.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::registry {
namespace {

using std::chrono::seconds;

const CriticalTracker::Service kWeb{.node = "n", .id = "web"};
const CriticalTracker::Service kDb{.node = "n", .id = "db"};

std::string Ids(const std::vector<CriticalTracker::Service>& services) {
  std::string out;
  for (const auto& service : services) out += service.id + " ";
  return out;
}

class CriticalTrackerTest : public ::testing::Test {
 protected:
  // Examines every second; times above three seconds count as given.
  CriticalTracker tracker{{.minimum = seconds(3), .period = seconds(1)}};
};

TEST_F(CriticalTrackerTest, AServiceGoesWhenItWasCriticalForLonger) {
  tracker.Watch("a", kWeb, seconds(10));
  tracker.OnStatus("a", true, seconds(100));
  EXPECT_EQ(Ids(tracker.Due(seconds(109))), "");
  EXPECT_EQ(Ids(tracker.Due(seconds(110))), "") << "longer, not as long";
  EXPECT_EQ(Ids(tracker.Due(seconds(111))), "web ");
  EXPECT_EQ(Ids(tracker.Due(seconds(112))), "web ") << "until it is gone";
  tracker.Forget("a");
  EXPECT_EQ(Ids(tracker.Due(seconds(113))), "");
}

TEST_F(CriticalTrackerTest, TimeCountsFromTheFirstCriticalResult) {
  tracker.Watch("a", kWeb, seconds(10));
  EXPECT_EQ(Ids(tracker.Due(seconds(50))), "") << "never reported critical";
  tracker.OnStatus("a", true, seconds(100));
  tracker.OnStatus("a", true, seconds(108));
  EXPECT_EQ(Ids(tracker.Due(seconds(111))), "web ");
  tracker.OnStatus("a", false, seconds(112));
  EXPECT_EQ(Ids(tracker.Due(seconds(113))), "");
  tracker.OnStatus("a", true, seconds(114));
  EXPECT_EQ(Ids(tracker.Due(seconds(124))), "");
  EXPECT_EQ(Ids(tracker.Due(seconds(125))), "web ");
}

TEST_F(CriticalTrackerTest, ShortTimesAreStretched) {
  tracker.Watch("a", kWeb, seconds(1));
  tracker.OnStatus("a", true, seconds(0));
  EXPECT_EQ(Ids(tracker.Due(seconds(3))), "");
  EXPECT_EQ(Ids(tracker.Due(seconds(4))), "web ");
  CriticalTracker consul;
  consul.Watch("a", kWeb, seconds(1));
  consul.OnStatus("a", true, seconds(0));
  EXPECT_EQ(Ids(consul.Due(seconds(60))), "");
  EXPECT_EQ(Ids(consul.Due(seconds(89))), "") << "within 30 s of the examination before";
  EXPECT_EQ(Ids(consul.Due(seconds(90))), "web ");
}

TEST_F(CriticalTrackerTest, AServiceIsToldOnceHoweverManyChecksItHas) {
  tracker.Watch("a", kWeb, seconds(3));
  tracker.Watch("b", kWeb, seconds(3));
  tracker.Watch("c", kDb, seconds(3));
  for (const char* check : {"a", "b", "c", "nobody's"}) tracker.OnStatus(check, true, seconds(0));
  EXPECT_EQ(Ids(tracker.Due(seconds(10))), "web db ");
}

TEST_F(CriticalTrackerTest, RegisteringAgainBuysNoTime) {
  tracker.Watch("a", kWeb, seconds(10));
  tracker.OnStatus("a", true, seconds(0));
  tracker.Watch("a", kWeb, seconds(10));
  EXPECT_EQ(Ids(tracker.Due(seconds(11))), "web ");
  tracker.Watch("a", kWeb, seconds(20));
  EXPECT_EQ(Ids(tracker.Due(seconds(12))), "") << "another time is another watch";
  tracker.Watch("a", kWeb, seconds(0));
  EXPECT_EQ(tracker.size(), 0U);
}

}  // namespace
}  // namespace signpost::registry
