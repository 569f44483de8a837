// Signpost. Apache-2.0; see LICENSE.
#include "common/net/deadline_book.h"

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace signpost::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A book with a clock that the test moves, and named deadlines that note when they fire.
class DeadlineBookTest : public ::testing::Test {
 protected:
  struct Named final : DeadlineOwner {
    Named(DeadlineBookTest& its_test, std::string its_name) : test(its_test), name(std::move(its_name)) {}
    void OnDeadline(Deadline& fired) override {
      EXPECT_EQ(&fired, &deadline);
      EXPECT_FALSE(deadline.armed());
      test.fired.push_back(name);
      if (const auto act = then) act();
    }
    DeadlineBookTest& test;
    std::string name;
    std::function<void()> then;
    Deadline deadline{*this};
  };

  void Arm(Named& named, int64_t after) { book.Arm(named.deadline, now, Millis(after)); }
  // What fires when the time moves on by so many milliseconds.
  std::vector<std::string> After(int64_t milliseconds) {
    now += Millis(milliseconds);
    fired.clear();
    book.Expire(now);
    return fired;
  }
  // What fires up to then when time moves as the book says.
  std::vector<std::string> Sleeping(int64_t milliseconds) {
    const Nanos end = now + Millis(milliseconds);
    fired.clear();
    for (auto wait = book.Wait(now); wait && now + *wait <= end; wait = book.Wait(now)) {
      now += *wait;
      book.Expire(now);
      ++wakes;
    }
    now = end;
    return fired;
  }

  Nanos now = Millis(1000000);
  std::vector<std::string> fired;
  int wakes = 0;
  DeadlineBook book;
  Named a{*this, "a"}, b{*this, "b"}, c{*this, "c"};
};

TEST_F(DeadlineBookTest, FiresNotBeforeItsTimeAndOnce) {
  Arm(a, 5);
  EXPECT_TRUE(a.deadline.armed());
  EXPECT_EQ(book.Wait(now), Millis(5));
  EXPECT_THAT(After(4), IsEmpty());
  EXPECT_THAT(After(1), ElementsAre("a"));
  EXPECT_FALSE(a.deadline.armed());
  EXPECT_THAT(After(100), IsEmpty());
  EXPECT_EQ(book.Wait(now), std::nullopt);
}

TEST_F(DeadlineBookTest, CountsFromTheNanosecondItIsArmedAt) {
  now += Nanos(999999);
  Arm(a, 5);
  EXPECT_THAT(After(4), IsEmpty());
  now += Nanos(999999);
  book.Expire(now);
  EXPECT_THAT(fired, IsEmpty());
  EXPECT_EQ(book.Wait(now), Millis(1));
  EXPECT_THAT(After(1), ElementsAre("a"));
}

TEST_F(DeadlineBookTest, IsLateByAnEighthAtMost) {
  const std::vector<std::pair<int64_t, int64_t>> cases = {
      {1, 1},     {5, 5},       {15, 15},       {50, 56},           {100, 112},
      {160, 180}, {1000, 1020}, {75000, 75020}, {3600000, 3600020}, {int64_t{20} << 32, (int64_t{20} << 32) + 20}};
  for (const auto& [after, latest] : cases) {
    for (int64_t offset = 0; offset < 30; ++offset) {
      now += Millis(1);
      DeadlineBook fresh;
      fresh.Arm(a.deadline, now, Millis(after));
      ASSERT_TRUE(fresh.Wait(now)) << after;
      EXPECT_GE(fresh.Wait(now)->count(), after);
      EXPECT_LE(fresh.Wait(now)->count(), latest);
    }
  }
}

TEST_F(DeadlineBookTest, OneDurationEndsInOrderOfArming) {
  Arm(b, 3000);
  Arm(c, 3000);
  Arm(a, 3000);
  EXPECT_THAT(After(3020), ElementsAre("b", "c", "a"));
}

TEST_F(DeadlineBookTest, DurationsEndInTheirOwnTime) {
  Arm(a, 3000);
  Arm(b, 1000);
  Arm(c, 2000);
  EXPECT_THAT(Sleeping(3100), ElementsAre("b", "c", "a"));
}

TEST_F(DeadlineBookTest, ArmingAgainMoves) {
  Arm(a, 1000);
  Arm(b, 1000);
  EXPECT_THAT(After(900), IsEmpty());
  Arm(a, 1000);
  EXPECT_THAT(After(120), ElementsAre("b"));
  EXPECT_THAT(After(900), ElementsAre("a"));
  Arm(a, 60000);
  Arm(a, 10);
  EXPECT_THAT(After(10), ElementsAre("a"));
}

TEST_F(DeadlineBookTest, CancelledAndDestroyedStaySilent) {
  Arm(a, 10);
  {
    Named gone(*this, "gone");
    Arm(gone, 10);
    Arm(b, 10);
  }
  a.deadline.Cancel();
  a.deadline.Cancel();
  EXPECT_FALSE(a.deadline.armed());
  EXPECT_THAT(After(1000), ElementsAre("b"));
}

TEST_F(DeadlineBookTest, OddDurationsAreBounded) {
  Arm(a, 0);
  EXPECT_THAT(After(0), IsEmpty());
  EXPECT_THAT(After(1), ElementsAre("a"));
  Arm(a, -1);
  EXPECT_THAT(After(1), ElementsAre("a"));
  Arm(a, std::numeric_limits<int64_t>::max());
  EXPECT_THAT(After(int64_t{9} * 365 * 86400 * 1000), IsEmpty());
  EXPECT_TRUE(a.deadline.armed());
}

TEST_F(DeadlineBookTest, ArmedInsideItselfWaitsAnew) {
  a.then = [this] { Arm(a, 0); };
  Arm(a, 10);
  EXPECT_THAT(After(10), ElementsAre("a"));
  EXPECT_THAT(After(1), ElementsAre("a"));
  EXPECT_TRUE(a.deadline.armed());
}

TEST_F(DeadlineBookTest, OwnersMayDoAnythingToOthersWhileTheyFire) {
  auto gone = std::make_unique<Named>(*this, "gone");
  a.then = [&] {
    gone.reset();
    b.deadline.Cancel();
    for (int64_t duration = 1; duration < 200; ++duration) Arm(c, duration);  // many new lists
    Arm(c, 70);
  };
  Arm(a, 10);
  Arm(*gone, 10);
  Arm(b, 10);
  EXPECT_THAT(After(12), ElementsAre("a"));
  EXPECT_THAT(Sleeping(100), ElementsAre("c"));
}

TEST_F(DeadlineBookTest, MayBeDestroyedInsideItself) {
  auto own = std::make_unique<Named>(*this, "own");
  own->then = [&] { own.reset(); };
  Arm(*own, 10);
  Arm(a, 10);
  EXPECT_THAT(After(11), ElementsAre("own", "a"));
}

TEST_F(DeadlineBookTest, OutlivesTheBook) {
  {
    DeadlineBook other;
    other.Arm(a.deadline, now, Millis(10));
    other.Arm(b.deadline, now, Millis(20));
  }
  EXPECT_FALSE(a.deadline.armed());
  EXPECT_FALSE(b.deadline.armed());
}

TEST_F(DeadlineBookTest, ThousandsEndInFewWakeUps) {
  std::vector<std::unique_ptr<Named>> many;
  for (int i = 0; i < 100000; ++i) {
    if (i % 100 == 0) now += Millis(1);  // over one second
    many.push_back(std::make_unique<Named>(*this, std::to_string(i)));
    Arm(*many.back(), 10000);
  }
  for (size_t i = 0; i < many.size(); i += 2) many[i]->deadline.Cancel();
  const std::vector<std::string> ended = Sleeping(10100);
  ASSERT_EQ(ended.size(), 50000U);
  for (size_t i = 0; i < ended.size(); ++i) ASSERT_EQ(ended[i], std::to_string(2 * i + 1));
  EXPECT_LE(wakes, 60);
}

TEST_F(DeadlineBookTest, EmptyListsGo) {
  for (int64_t duration = 1; duration <= 10000; ++duration) Arm(a, duration);
  EXPECT_LE(book.lists(), DeadlineBook::kExactLists);
}

TEST_F(DeadlineBookTest, AnyNumberOfDurationsKeepsItsTime) {
  constexpr int kMany = 3000;
  std::vector<std::unique_ptr<Named>> many;
  std::vector<Nanos> due(kMany);
  int on_time = 0;
  for (int i = 0; i < kMany; ++i) {
    many.push_back(std::make_unique<Named>(*this, std::to_string(i)));
    many.back()->then = [&, i] {
      if (now >= due[i] && now <= due[i] + Millis(40)) ++on_time;
    };
    const int64_t after = 1 + i * 37 % 60000;
    due[i] = now + Millis(after);
    Arm(*many.back(), after);
  }
  EXPECT_LE(book.lists(), DeadlineBook::kExactLists + 32);
  Sleeping(120000);
  EXPECT_EQ(on_time, kMany);
  EXPECT_EQ(book.Wait(now), std::nullopt);
}

}  // namespace
}  // namespace signpost::net
