// Signpost. Apache-2.0; see LICENSE.
// How the watch keeps its picture whole: the order of a round, events, lists, the guard.
#include "registrar/docker/engine_watch.h"

#include "tests/unit/registrar/docker/watch_fixture.h"

namespace signpost::registrar {
namespace {

constexpr char kFirstSince[] = "GET /v1.41/events?since=1795341600.000000005&filters=";

TEST_F(EngineWatchTest, SubscribesFromTheEnginesOwnTimeBeforeItListsAndInspects) {
  engine_.Put(1);
  BeginSynced();
  const std::vector<std::string>& asked = engine_.requests;
  ASSERT_EQ(asked.size(), 6U);
  EXPECT_EQ(asked[0], "GET /_ping");
  EXPECT_EQ(asked[1], "GET /version");
  EXPECT_EQ(asked[2], "GET /v1.41/info");
  EXPECT_TRUE(asked[3].starts_with(kFirstSince)) << asked[3];
  EXPECT_EQ(asked[4], "GET /v1.41/containers/json?all=1");
  EXPECT_EQ(engine_.Inspects(1), 1);
  EXPECT_EQ(told_, (std::vector<std::string>{"connected E1", "runs 1", "synced"}));
  EXPECT_TRUE(watch_->connected());
  EXPECT_GT(watch_->last_list().count(), 0);
}

TEST_F(EngineWatchTest, StoppedContainersAreNotInspectedUntilSomebodyAsks) {
  engine_.Put(1, "exited");
  engine_.Put(2);
  BeginSynced();
  EXPECT_EQ(engine_.Inspects(1), 0);
  watch_->Refresh(IdOf(1));
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("stopped 1") == 1; }));
}

TEST_F(EngineWatchTest, AskingOftenDoesNotPutOffTheAnswer) {
  BeginSynced();
  engine_.Put(1, "exited");
  engine_.hold = "GET /v1.41/containers/" + IdOf(1);
  watch_->Refresh(IdOf(1));
  ASSERT_TRUE(RunUntil(loop_, [&] { return engine_.Inspects(1) == 1; }));
  watch_->Refresh(IdOf(1));
  RunTurns(loop_);
  engine_.Release();
  ASSERT_TRUE(RunUntil(loop_, [&] {
    watch_->Refresh(IdOf(1));
    return Told("stopped 1") == 1;
  }));
  EXPECT_LE(engine_.Inspects(1), 2);
}

// Case 76 as well: what the list calls restarting is inspected; whether it counts is the mapping's business.
TEST_F(EngineWatchTest, TheRestartingAreInspected) {
  engine_.Put(1, "restarting");
  BeginSynced();
  EXPECT_EQ(Told("runs 1"), 1);
}

TEST_F(EngineWatchTest, EventsThatComeBeforeTheListActAfterIt) {
  engine_.Put(1);
  engine_.hold = "GET /v1.41/containers/json";
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return engine_.Lists() == 1; }));
  engine_.Put(2);
  engine_.Emit(2, "start", 10);
  ASSERT_TRUE(RunUntil(loop_, [&] { return counters().events[0].value() == 1; }));
  EXPECT_EQ(told_, std::vector<std::string>{"connected E1"});
  engine_.Release();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 1; }));
  EXPECT_TRUE(Before("event start 2", "runs 2"));
  EXPECT_EQ(engine_.Inspects(2), 1);
}

TEST_F(EngineWatchTest, AnEventCausesOneInspect) {
  BeginSynced();
  engine_.Put(7);
  engine_.Emit(7, "start", 10);
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("runs 7") == 1; }));
  EXPECT_TRUE(Before("event start 7", "runs 7"));
  engine_.Put(7, "exited");
  engine_.Emit(7, "die", 11);
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("stopped 7") == 1; }));
  engine_.Remove(7);
  engine_.Emit(7, "destroy", 12);
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("gone 7") == 1; }));
  EXPECT_EQ(engine_.Inspects(7), 3);
}

// Case 68 and 69: whatever the order, the last inspect decides, and one that began before an event says nothing.
TEST_F(EngineWatchTest, AnAnswerThatAnEventMadeOldIsAskedForAgain) {
  BeginSynced();
  engine_.Put(1);
  engine_.hold = "GET /v1.41/containers/" + IdOf(1);
  engine_.Emit(1, "start", 10);
  ASSERT_TRUE(RunUntil(loop_, [&] { return engine_.Inspects(1) == 1; }));
  engine_.Emit(1, "die", 11);
  engine_.Emit(1, "destroy", 12);
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("event destroy 1") == 1; }));
  engine_.Release();  // says that it runs
  engine_.Remove(1);
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("gone 1") == 1; }));
  EXPECT_EQ(Told("runs 1"), 0);
  EXPECT_EQ(engine_.Inspects(1), 2);
}

TEST_F(EngineWatchTest, NetworkEventsConcernRunningContainersOnly) {
  engine_.Put(1);
  engine_.Put(2, "exited");
  BeginSynced();
  const auto connect = [&](int number) {
    engine_.Say(R"({"Type":"network","Action":"connect","Actor":{"ID":"n","Attributes":{"container":")" + IdOf(number) +
                "\"}},\"timeNano\":5}\n");
  };
  connect(2);
  connect(1);
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("runs 1") == 2; }));
  EXPECT_EQ(Told("event network 2"), 1);
  EXPECT_EQ(engine_.Inspects(2), 0);
}

TEST_F(EngineWatchTest, AKillBeforeTheFirstInspectIsToldAfterIt) {
  engine_.Put(1);
  engine_.hold = "GET /v1.41/containers/" + IdOf(1);
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return engine_.Inspects(1) == 1; }));
  engine_.Emit(1, "kill", 10, R"("signal":"15")");
  ASSERT_TRUE(RunUntil(loop_, [&] { return counters().events[2].value() == 1; }));
  engine_.Release();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("event kill 1") == 1; }));
  EXPECT_TRUE(Before("runs 1", "event kill 1"));
}

// Case 88: bounded parallelism, one inspect each and at most one more.
TEST_F(EngineWatchTest, ManyStartsAreInspectedAFewAtATime) {
  options_.parallel_inspects = 4;
  BeginSynced();
  engine_.hold = "GET /v1.41/containers/";
  for (int i = 1; i <= 500; ++i) engine_.Put(i);
  for (int i = 1; i <= 500; ++i) engine_.Emit(i, "start", 100 + i);
  ASSERT_TRUE(RunUntil(loop_, [&] { return counters().events[0].value() == 500 && counters().inspects.value() > 0; }));
  RunTurns(loop_);
  EXPECT_EQ(engine_.Count("GET /v1.41/containers/a"), 4);
  engine_.Release();
  std::set<std::string> up;
  ASSERT_TRUE(RunUntil(loop_, [&] {
    for (const std::string& what : told_) {
      if (what.starts_with("runs ")) up.insert(what);
    }
    return up.size() == 500;
  }));
  EXPECT_LE(counters().inspects.value(), 1000U);
}

TEST_F(EngineWatchTest, AListInspectsOnlyWhatLooksDifferent) {
  options_.list_period = Millis(15);
  engine_.Put(1);
  engine_.Put(2);
  BeginSynced();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 3; }));
  EXPECT_EQ(engine_.Inspects(1) + engine_.Inspects(2), 2);
  engine_.Put(2, "exited");  // no event tells it
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("stopped 2") == 1; }));
  engine_.Remove(1);
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("gone 1") == 1; }));
  EXPECT_EQ(counters().guarded_lists.value(), 0U);
}

TEST_F(EngineWatchTest, AllAreInspectedNowAndThen) {
  options_.list_period = Millis(10);
  options_.inspect_all_period = Millis(40);
  engine_.Put(1);
  BeginSynced();
  ASSERT_TRUE(RunUntil(loop_, [&] { return engine_.Inspects(1) == 3; }));
  EXPECT_GT(counters().lists.value(), 3U);
}

TEST_F(EngineWatchTest, RelistListsNow) {
  BeginSynced();
  watch_->Relist();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 2; }));
}

// Case 97.
TEST_F(EngineWatchTest, AListWithoutMostContainersNeedsASecondOne) {
  for (int i = 1; i <= 5; ++i) engine_.Put(i);
  BeginSynced();
  bool empty = true;
  engine_.override = [&](const std::string& request) -> std::optional<std::string> {
    if (!request.starts_with("GET /v1.41/containers/json") || !std::exchange(empty, false)) return std::nullopt;
    return Reply(200, "[]");
  };
  watch_->Relist();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 2; }));
  EXPECT_EQ(counters().guarded_lists.value(), 1U);
  EXPECT_EQ(std::count_if(told_.begin(), told_.end(), [](const auto& what) { return what.starts_with("gone"); }), 0);
  EXPECT_EQ(engine_.Inspects(1), 1) << "the doubted list had no consequence";
}

TEST_F(EngineWatchTest, TheSecondListIsBelieved) {
  for (int i = 1; i <= 5; ++i) engine_.Put(i);
  BeginSynced();
  engine_.containers.clear();
  watch_->Relist();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 2; }));
  EXPECT_EQ(counters().guarded_lists.value(), 1U);
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(Told("gone " + std::to_string(i)), 1);
}

// A list may be older than a start; and a proxy that drops one entry is no news either.
TEST_F(EngineWatchTest, NobodyIsGoneBecauseAListLacksIt) {
  engine_.Put(1);
  BeginSynced();
  engine_.override = [](const std::string& request) -> std::optional<std::string> {
    if (!request.starts_with("GET /v1.41/containers/json")) return std::nullopt;
    return Reply(200, "[]");
  };
  watch_->Relist();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 2; }));
  EXPECT_EQ(Told("gone 1"), 0);
  EXPECT_EQ(Told("runs 1"), 2);
}

}  // namespace
}  // namespace signpost::registrar
