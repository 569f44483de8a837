// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/freshness.h"

#include <gtest/gtest.h>

namespace signpost::feed {
namespace {

using catalog::Freshness;
using std::chrono::hours;
using std::chrono::seconds;

constexpr FreshnessTracker::Part kParts[] = {FreshnessTracker::kContact, FreshnessTracker::kServices,
                                             FreshnessTracker::kNodes, FreshnessTracker::kHealth};

void AllGood(FreshnessTracker& tracker) {
  for (const auto part : kParts) tracker.Report(part, true);
}

TEST(Freshness, StartsUntilEverythingIsIn) {
  FreshnessTracker tracker(hours(1));
  EXPECT_EQ(tracker.At(seconds(0)), Freshness::kStarting);
  AllGood(tracker);
  EXPECT_EQ(tracker.At(seconds(1)), Freshness::kStarting);
  tracker.SetLoaded();
  EXPECT_EQ(tracker.At(seconds(2)), Freshness::kFresh);
  EXPECT_EQ(tracker.Age(seconds(2)), Nanos(0));
}

TEST(Freshness, AnyFailingPartMakesItStaleThenExpired) {
  for (const auto part : kParts) {
    FreshnessTracker tracker(hours(1));
    AllGood(tracker);
    tracker.SetLoaded();
    EXPECT_EQ(tracker.At(seconds(10)), Freshness::kFresh);
    tracker.Report(part, false);
    EXPECT_EQ(tracker.At(seconds(11)), Freshness::kStale);
    EXPECT_EQ(tracker.Age(seconds(11)), seconds(1));
    EXPECT_EQ(tracker.At(seconds(10) + hours(1) - seconds(1)), Freshness::kStale);
    EXPECT_EQ(tracker.At(seconds(10) + hours(1)), Freshness::kExpired);
    tracker.Report(part, true);
    EXPECT_EQ(tracker.At(seconds(20) + hours(1)), Freshness::kFresh);
  }
}

TEST(Freshness, LostRightsAreNotFresh) {
  FreshnessTracker tracker(hours(1));
  AllGood(tracker);
  tracker.SetLoaded();
  EXPECT_EQ(tracker.At(seconds(1)), Freshness::kFresh);
  tracker.SetTripped(true);
  EXPECT_EQ(tracker.At(seconds(2)), Freshness::kStale);
  tracker.SetTripped(false);
  EXPECT_EQ(tracker.At(seconds(3)), Freshness::kFresh);
}

TEST(Freshness, LostBeforeTheFirstCatalogKeepsStarting) {
  FreshnessTracker tracker(hours(1));
  tracker.SetTripped(true);
  AllGood(tracker);
  EXPECT_EQ(tracker.At(hours(100)), Freshness::kStarting);
}

TEST(Freshness, ARestoredCatalogBringsItsAge) {
  FreshnessTracker young(hours(1));
  young.Restored(seconds(600), seconds(5));
  EXPECT_EQ(young.At(seconds(5)), Freshness::kStale);
  EXPECT_EQ(young.Age(seconds(5)), seconds(600));
  EXPECT_EQ(young.At(seconds(5 + 3000)), Freshness::kExpired);
  FreshnessTracker from_the_future(hours(1));
  from_the_future.Restored(-hours(5), seconds(5));
  EXPECT_EQ(from_the_future.Age(seconds(5)), Nanos(0));
}

}  // namespace
}  // namespace signpost::feed
