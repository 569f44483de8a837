// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/engine/commit_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dnsd/registry/model/catalog_writes.h"
#include "tests/support/run_loop.h"
#include "tests/unit/dnsd/registry/engine/held_parts.h"
#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

using test::RunUntil;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const catalog::Key kWeb{catalog::Kind::kService, "dc1", "web"};

// A node n1 with a service web:80 and its check, told and stored.
class CommitQueueTest : public ::testing::Test {
 protected:
  CommitQueueTest() {
    state.Put(TestNode("n1"));
    PutWeb(80);
    PutCheck(state, TestCheck("n1", "c1", "web"));
    state.TakeJournal();
    zone.Start(sink);
  }

  void PutWeb(int64_t port) {
    ServiceRow row = TestService("n1", "web");
    row.port = port;
    PutService(state, row);
  }
  // A write that somebody waits for: web gets another port.
  void Write(int64_t port) {
    state.BeginWrite();
    PutWeb(port);
    queue->Commit(state.TakeJournal(), Note("port " + std::to_string(port)));
  }
  // What a health check says.
  void Report(std::string_view status, const std::string& check = "c1") {
    const auto redo = [this, status, check] { PutCheckStatus(state, "n1", check, status, ""); };
    state.BeginWrite();
    redo();
    queue->CommitSoft(state.TakeJournal(), check, redo);
  }
  // c1 to c20, all of web.
  void PutChecks() {
    for (int i = 1; i <= 20; ++i) PutCheck(state, TestCheck("n1", "c" + std::to_string(i), "web"));
    state.TakeJournal();
  }
  std::unique_ptr<WatchHub::Watch> WatchEvents() {
    return watches.Add({{Topic::Kind::kEvents, ""}}, [this] { log.push_back("events wake"); });
  }
  CommitQueue::Done Note(const std::string& what) {
    return [this, what](const Status& status) { log.push_back(what + (status.ok() ? " counts" : " is refused")); };
  }
  std::unique_ptr<WatchHub::Watch> WatchWeb() {
    return watches.Add({{Topic::Kind::kService, "web"}}, [this] { log.push_back("web wakes"); });
  }
  std::vector<std::string> Log() { return std::exchange(log, {}); }
  std::string CheckStatus() const { return state.FindCheck("n1", "c1")->status; }

  net::Loop loop;
  State state;
  HeldStore store;
  HeldSink sink;
  ZoneFeed zone{state, "dc1", "n1"};
  WatchHub watches;
  std::vector<std::string> log;
  std::vector<std::string> changed;  // keys that on_changed was told
  std::unique_ptr<CommitQueue> queue =
      std::make_unique<CommitQueue>(loop, state, zone, watches, store.Function(), [this](const Journal& journal) {
        for (const RowChange& change : journal.changes) changed.push_back(change.key);
      });
  const std::string check_key = PartKey("n1", "c1");
};

TEST_F(CommitQueueTest, GoesToDiskThenToDnsThenToThoseWhoWait) {
  const auto watch = WatchWeb();
  sink.hold = true;
  Write(81);
  EXPECT_EQ(sink.Ports(kWeb), "80") << "not stored yet";
  store.Answer(Status::Ok());
  EXPECT_EQ(sink.Ports(kWeb), "81");
  EXPECT_THAT(Log(), IsEmpty()) << "the zone has not settled";
  sink.Release();
  EXPECT_THAT(Log(), ElementsAre("port 81 counts", "web wakes"));
  EXPECT_EQ(sink.index, state.index());
}

TEST_F(CommitQueueTest, WhatComesMeanwhileGoesTogether) {
  Write(81);
  Write(82);
  Write(83);
  EXPECT_THAT(store.Keys(), SizeIs(1));
  store.Answer(Status::Ok());
  EXPECT_THAT(store.Keys(), ElementsAre(PartKey("n1", "web") + " " + PartKey("n1", "web")));
  EXPECT_THAT(Log(), ElementsAre("port 81 counts"));
  store.Answer(Status::Ok());
  EXPECT_THAT(Log(), ElementsAre("port 82 counts", "port 83 counts"));
  EXPECT_EQ(sink.Ports(kWeb), "83");
}

TEST_F(CommitQueueTest, WhatIsRefusedIsTakenBackWithAllThatCameAfterIt) {
  const uint64_t before = state.ServiceIndex("web");
  Write(81);
  Write(82);
  const auto watch = WatchWeb();
  store.Answer(kDiskFull);
  EXPECT_EQ(state.FindService("n1", "web")->port, 80);
  EXPECT_EQ(sink.Ports(kWeb), "80");
  EXPECT_TRUE(queue->failing());
  EXPECT_THAT(store.batches, IsEmpty());
  EXPECT_THAT(Log(), ElementsAre("web wakes", "port 81 is refused", "port 82 is refused"));
  EXPECT_GT(state.ServiceIndex("web"), before + 1) << "an index that was shown never names another state";
  EXPECT_THAT(changed, ElementsAre(PartKey("n1", "web"), PartKey("n1", "web")));
}

TEST_F(CommitQueueTest, WritesWorkAgainAfterARefusal) {
  Write(81);
  store.Answer(kDiskFull);
  Write(82);
  store.Answer(Status::Ok());
  EXPECT_FALSE(queue->failing());
  EXPECT_THAT(Log(), ElementsAre("port 81 is refused", "port 82 counts"));
  EXPECT_EQ(sink.Ports(kWeb), "82");
}

TEST_F(CommitQueueTest, AReaderWaitsForWhatTheStateHolds) {
  queue->WhenSettled(Note("idle"));
  EXPECT_THAT(Log(), ElementsAre("idle counts"));
  Write(81);
  queue->WhenSettled(Note("first"));
  Write(82);
  queue->WhenSettled(Note("second"));
  store.Answer(Status::Ok());
  EXPECT_THAT(Log(), ElementsAre("port 81 counts", "first counts"));
  store.Answer(kDiskFull);
  EXPECT_THAT(Log(), ElementsAre("port 82 is refused", "second is refused"));
  queue->WhenSettled(Note("later"));
  EXPECT_THAT(Log(), ElementsAre("later counts"));
}

TEST_F(CommitQueueTest, AWriteThatChangesNothingIsAReader) {
  Write(81);
  Write(81);
  EXPECT_THAT(Log(), IsEmpty());
  store.Answer(Status::Ok());
  EXPECT_THAT(Log(), ElementsAre("port 81 counts", "port 81 counts"));
  EXPECT_THAT(store.batches, IsEmpty());
}

TEST_F(CommitQueueTest, AHealthCheckCountsWhileTheDiskIsFull) {
  Write(81);
  store.Answer(kDiskFull);
  const auto watch = WatchWeb();
  Log();
  Report("critical");
  EXPECT_EQ(sink.Ports(kWeb), "") << "DNS leaves the sick instance out";
  EXPECT_THAT(Log(), ElementsAre("web wakes"));
  EXPECT_THAT(store.batches, IsEmpty()) << "tried again later";
  EXPECT_TRUE(RunUntil(loop, [&] { return store.batches.size() == 1; }));
  EXPECT_THAT(store.Keys(), ElementsAre(check_key));
  store.Answer(Status::Ok());
  EXPECT_FALSE(queue->failing());
  EXPECT_EQ(CheckStatus(), "critical");
}

TEST_F(CommitQueueTest, WhatAHealthCheckSaidSurvivesARefusal) {
  Write(81);
  Report("warning");
  Report("critical");
  store.Answer(kDiskFull);
  EXPECT_EQ(CheckStatus(), "critical");
  EXPECT_EQ(sink.Ports(kWeb), "");
  EXPECT_EQ(changed.back(), check_key) << "who follows the checks hears of it again";
  EXPECT_THAT(Log(), ElementsAre("port 81 is refused"));
  Write(82);
  EXPECT_THAT(store.Keys(), ElementsAre(check_key + " " + PartKey("n1", "web"))) << "stored with the next write";
  store.Answer(kDiskFull);
  EXPECT_EQ(CheckStatus(), "critical");
  EXPECT_EQ(state.FindService("n1", "web")->port, 80);
}

TEST_F(CommitQueueTest, AHealthCheckTellsNothingOfAWriteThatMayBeRefused) {
  Write(81);
  store.Answer(kDiskFull);
  Write(82);  // on its way
  Report("warning");
  EXPECT_EQ(sink.Ports(kWeb), "80");
  store.Answer(kDiskFull);
  EXPECT_EQ(sink.Ports(kWeb), "") << "80 with a warning";
  EXPECT_EQ(sink.services[kWeb]->instances.front().port, 80);
  EXPECT_EQ(CheckStatus(), "warning");
}

TEST_F(CommitQueueTest, ARemovedCheckIsNotMadeAnew) {
  Report("critical");
  state.BeginWrite();
  RemoveCheck(state, "n1", "c1");
  queue->Commit(state.TakeJournal(), Note("removal"));
  store.Answer(Status::Ok());
  store.Answer(Status::Ok());
  Write(81);
  store.Answer(kDiskFull);
  EXPECT_EQ(state.FindCheck("n1", "c1"), nullptr);
}

TEST_F(CommitQueueTest, NewsThatIsNotStoredDoesNotMeanThatTheDiskWorks) {
  Write(81);
  store.Answer(kDiskFull);
  Log();
  Journal event;
  event.touched.insert({Topic::Kind::kEvents, ""});
  const auto watch = WatchEvents();
  queue->Commit(std::move(event), Note("event"));
  EXPECT_THAT(Log(), ElementsAre("event counts", "events wake"));
  EXPECT_THAT(store.batches, IsEmpty());
  EXPECT_TRUE(queue->failing());
}

TEST_F(CommitQueueTest, ARefusedWriteUsesNoIndexesForTheChecksThatWait) {
  PutChecks();
  Write(81);
  store.Answer(kDiskFull);
  for (int i = 1; i <= 20; ++i) Report("critical", "c" + std::to_string(i));
  store.AnswerAtOnce(kDiskFull);
  const uint64_t before = state.index();
  for (int i = 0; i < 10; ++i) Write(82);
  EXPECT_EQ(state.index(), before + 20) << "one for the write, one for taking it back";
  for (int i = 0; i < 10; ++i) queue->Probe();
  EXPECT_EQ(state.index(), before + 20);
  EXPECT_EQ(state.FindCheck("n1", "c20")->status, "critical");
}

TEST_F(CommitQueueTest, WhileStorageIsProbedChecksAndReadersGoOn) {
  Write(81);
  store.Answer(kDiskFull);
  Log();
  queue->Probe();
  Report("critical");
  EXPECT_EQ(sink.Ports(kWeb), "");
  queue->WhenSettled(Note("reader"));
  EXPECT_THAT(Log(), ElementsAre("reader counts"));
  const uint64_t before = state.index();
  store.Answer(kDiskFull);
  EXPECT_EQ(state.index(), before);
  EXPECT_THAT(store.batches, IsEmpty());
  queue->Probe();
  store.Answer(Status::Ok());
  EXPECT_THAT(store.Keys(), ElementsAre(check_key)) << "what waited is stored as soon as there is room";
}

TEST_F(CommitQueueTest, StorageIsOnlyProbedWhileNoIndexIsLeft) {
  Write(81);
  store.Answer(kDiskFull);
  Report("critical");
  queue->SetHasIndex([] { return false; });
  const uint64_t before = state.index();
  EXPECT_TRUE(RunUntil(loop, [&] { return store.batches.size() == 1; }));
  EXPECT_THAT(store.Keys(), ElementsAre(""));
  store.Answer(kDiskFull);
  EXPECT_EQ(state.index(), before);
  EXPECT_TRUE(RunUntil(loop, [&] { return store.batches.size() == 1; })) << "and again";
  store.Answer(Status::Ok());
  EXPECT_THAT(store.Keys(), ElementsAre(check_key));
}

TEST_F(CommitQueueTest, EventsHappenWhateverBecomesOfTheWritesBesideThem) {
  const auto watch = WatchEvents();
  state.BeginWrite();
  PutWeb(81);
  state.Touch({Topic::Kind::kEvents, ""});
  queue->Commit(state.TakeJournal(), {});
  store.Answer(kDiskFull);
  EXPECT_THAT(Log(), ElementsAre("events wake"));
  Write(82);
  state.Touch({Topic::Kind::kEvents, ""});
  queue->Commit(state.TakeJournal(), {});
  EXPECT_THAT(Log(), IsEmpty());
  store.Answer(kDiskFull);
  EXPECT_THAT(Log(), ElementsAre("events wake", "port 82 is refused"));
}

TEST_F(CommitQueueTest, AReaderWaitsForAHealthCheckThatABatchHoldsUp) {
  Write(81);
  store.Answer(kDiskFull);
  Write(82);  // on its way
  Report("warning");
  Log();
  queue->WhenSettled(Note("reader"));
  store.Answer(Status::Ok());
  EXPECT_THAT(Log(), ElementsAre("port 82 counts")) << "DNS does not know of the warning yet";
  store.Answer(Status::Ok());
  EXPECT_THAT(Log(), ElementsAre("reader counts"));
}

TEST_F(CommitQueueTest, WithoutAStoreEverythingCounts) {
  queue = std::make_unique<CommitQueue>(loop, state, zone, watches, CommitQueue::Store(), [](const auto&) {});
  Write(81);
  EXPECT_THAT(Log(), ElementsAre("port 81 counts"));
  EXPECT_EQ(sink.Ports(kWeb), "81");
}

TEST_F(CommitQueueTest, AnAnswerThatComesTooLateIsDropped) {
  Write(81);
  queue.reset();
  store.Answer(Status::Ok());
  EXPECT_THAT(Log(), IsEmpty());
}

TEST_F(CommitQueueTest, AStoreMayAnswerAtOnce) {
  store.AnswerAtOnce(kDiskFull);
  Write(81);
  Report("critical");
  EXPECT_EQ(state.FindService("n1", "web")->port, 80);
  EXPECT_EQ(CheckStatus(), "critical");
  store.AnswerAtOnce(Status::Ok());
  Write(82);
  EXPECT_THAT(Log(), ElementsAre("port 81 is refused", "port 82 counts"));
}

}  // namespace
}  // namespace signpost::registry
