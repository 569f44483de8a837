// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dnsd/registry/model/agent_writes.h"
#include "dnsd/registry/model/catalog_writes.h"
#include "dnsd/registry/model/kv_writes.h"
#include "dnsd/registry/model/session_writes.h"
#include "tests/support/run_loop.h"
#include "tests/unit/dnsd/registry/engine/held_parts.h"
#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using test::RunTurns;
using test::RunUntil;
using ::testing::IsEmpty;

const catalog::Key kWeb{catalog::Kind::kService, "dc1", "web"};

std::shared_ptr<const CheckDefinition> Ttl(Millis ttl) {
  CheckDefinition definition;
  definition.kind = CheckDefinition::Kind::kTtl;
  definition.ttl = ttl;
  return std::make_shared<const CheckDefinition>(definition);
}

EngineOptions Options(const std::string& node) {
  EngineOptions options;
  options.node = node;
  return options;
}

class EngineTest : public ::testing::Test {
 protected:
  explicit EngineTest(bool with_store = false) {
    State loaded;
    loaded.Put(TestNode("own"));
    loaded.TakeJournal();
    engine = std::make_unique<Engine>(loop, clock, Options("own"), std::move(loaded),
                                      with_store ? store.Function() : Engine::Store());
    engine->Start(sink);
  }

  // web:80 with a check that wants a sign of life in every `ttl`.
  void RegisterWeb(Millis ttl, std::string status = "passing") {
    AgentService web{.service = TestService("own", "web"), .checks = {TestCheck("own", "alive", "web", status)}};
    web.service.port = 80;
    web.checks.front().run = Ttl(ttl);
    engine->state().BeginWrite();
    RegisterAgentService(engine->state(), "own", std::move(web), false);
    engine->Commit({});
  }
  void PutSession(const std::string& id, const std::string& ttl, Strings checks = {}) {
    SessionRow row = TestSession(id, "own", std::move(checks));
    row.ttl = ttl;
    engine->state().BeginWrite();
    engine->state().Put(row);
    engine->Commit({});
  }
  // A write of its own for the heartbeat, as the API makes it.
  Status Heartbeat(std::string_view status, std::string_view output = "") {
    engine->state().BeginWrite();
    const Status known = engine->Heartbeat("alive", status, output);
    engine->Commit({});
    return known;
  }
  std::string CheckStatus() const {
    const auto row = engine->state().FindCheck("own", "alive");
    return row ? row->status : "none";
  }
  void Lock(const std::string& key, const std::string& session) {
    engine->state().BeginWrite();
    KvAcquire(engine->state(), {.key = key, .value = ""}, session, Millis(0));
    engine->Commit({});
  }
  bool HasSession(const std::string& id) const { return engine->state().FindSession(id) != nullptr; }

  net::Loop loop;
  StillClock clock;
  HeldStore store;
  HeldSink sink;
  std::unique_ptr<Engine> engine;
};

class StoredEngineTest : public EngineTest {
 protected:
  StoredEngineTest() : EngineTest(true) {}
};

TEST_F(EngineTest, ACheckWithoutASignOfLifeTurnsCriticalAndLeavesDns) {
  RegisterWeb(Millis(20));
  EXPECT_EQ(sink.Ports(kWeb), "80");
  clock.now += Millis(21);
  EXPECT_TRUE(RunUntil(loop, [&] { return CheckStatus() == "critical"; }));
  EXPECT_EQ(sink.Ports(kWeb), "");
  EXPECT_TRUE(Heartbeat("passing", "back").ok());
  EXPECT_EQ(sink.Ports(kWeb), "80");
  EXPECT_EQ(engine->state().FindCheck("own", "alive")->output, "back");
}

TEST_F(EngineTest, JumpsOfTheWallClockAreNothingToChecksSessionsAndLocks) {
  RegisterWeb(Millis(20));
  PutSession("s1", "10ms");
  Lock("k", "s1");
  for (const Nanos jump : {Nanos(hours(30)), Nanos(hours(-900))}) {
    clock.wall += jump;
    RunTurns(loop, 40);
    EXPECT_EQ(CheckStatus(), "passing");
    EXPECT_TRUE(HasSession("s1"));
  }
  engine->state().BeginWrite();
  DestroySession(engine->state(), "s1");
  engine->Commit({});
  clock.wall += hours(1000);
  EXPECT_EQ(engine->LockDelay("k"), Millis(15000));
  clock.now += seconds(14);
  EXPECT_EQ(engine->LockDelay("k"), Millis(1000));
  clock.now += seconds(1);
  EXPECT_EQ(engine->LockDelay("k"), Millis(0));
}

TEST_F(EngineTest, ASessionLivesTwiceItsTtlUnlessRenewed) {
  PutSession("renewed", "20ms");
  PutSession("left", "20ms");
  PutSession("endless", "");
  clock.now += Millis(39);
  engine->RenewSession("renewed");
  clock.now += Millis(2);
  EXPECT_TRUE(RunUntil(loop, [&] { return !HasSession("left"); }));
  EXPECT_TRUE(HasSession("renewed"));
  clock.now += Millis(39);
  EXPECT_TRUE(RunUntil(loop, [&] { return !HasSession("renewed"); }));
  EXPECT_TRUE(HasSession("endless"));
}

TEST_F(EngineTest, ACriticalCheckEndsTheSessionsThatNeedIt) {
  RegisterWeb(Millis(20));
  PutSession("s1", "", {"alive"});
  EXPECT_TRUE(Heartbeat("critical").ok());
  EXPECT_FALSE(HasSession("s1"));
}

TEST_F(EngineTest, AKeyRestsAfterACheckEndedItsSession) {
  RegisterWeb(Millis(20));
  PutSession("s1", "", {"alive"});
  Lock("k", "s1");
  clock.now += Millis(21);
  EXPECT_TRUE(RunUntil(loop, [&] { return !HasSession("s1"); }));
  EXPECT_EQ(engine->state().FindKv("k")->session, "");
  EXPECT_EQ(engine->LockDelay("k"), Millis(15000));
}

TEST_F(StoredEngineTest, AKeyRestsAfterItsSessionEndedAnewUponARefusal) {
  store.AnswerAtOnce(Status::Ok());
  RegisterWeb(Millis(20));
  PutSession("s1", "", {"alive"});
  Lock("k", "s1");
  store.answers_at_once = false;
  clock.now += Millis(21);
  EXPECT_TRUE(RunUntil(loop, [&] { return !HasSession("s1"); }));
  clock.now += seconds(10);
  store.Answer(kDiskFull);
  EXPECT_FALSE(HasSession("s1")) << "the check is critical, whatever storage says";
  EXPECT_EQ(engine->LockDelay("k"), Millis(15000)) << "from its second end on";
}

TEST_F(EngineTest, ANewNoteOfAHeartbeatIsNewsOnceInFiveMinutes) {
  RegisterWeb(hours(1));
  const uint64_t before = engine->state().index();
  const auto note = [this] { return engine->state().FindCheck("own", "alive")->output; };
  EXPECT_TRUE(Heartbeat("passing", "one").ok());
  EXPECT_EQ(engine->state().index(), before + 1);
  clock.now += seconds(299);
  EXPECT_TRUE(Heartbeat("passing", "two").ok());
  EXPECT_EQ(engine->state().index(), before + 1);
  EXPECT_EQ(note(), "two") << "the newest is shown all the same";
  clock.now += seconds(1);
  EXPECT_TRUE(Heartbeat("passing", "three").ok());
  EXPECT_EQ(engine->state().index(), before + 2);
  EXPECT_EQ(note(), "three");
}

TEST_F(StoredEngineTest, HealthChecksStopAtTheLastIndex) {
  store.AnswerAtOnce(Status::Ok());
  RegisterWeb(hours(1));
  store.AnswerAtOnce(kDiskFull);
  PutSession("s1", "");
  const uint64_t ceiling = engine->state().index() + 5;
  engine->SetIndexCeiling([ceiling] { return ceiling; });
  EXPECT_FALSE(engine->MayWrite());
  for (int i = 0; i < 20; ++i) {
    engine->state().BeginWrite();
    EXPECT_TRUE(engine->Heartbeat("alive", i % 2 == 0 ? "warning" : "passing", std::to_string(i)).ok());
    EXPECT_LT(engine->state().index(), ceiling);
  }
  EXPECT_FALSE(engine->HasIndex());
  EXPECT_EQ(engine->state().FindCheck("own", "alive")->output, "19");
}

TEST_F(EngineTest, HeartbeatsAreForTtlChecksOfTheOwnNode) {
  engine->state().BeginWrite();
  PutCheck(engine->state(), TestCheck("own", "alive"));
  engine->Commit({});
  EXPECT_EQ(Heartbeat("passing").kind(), ErrorKind::kInvalid) << "nobody runs it";
  EXPECT_EQ(engine->Heartbeat("absent", "passing", "").kind(), ErrorKind::kNotFound);
}

TEST_F(EngineTest, RegisteringAgainWindsTheTtlOnlyWhenAsked) {
  RegisterWeb(Millis(20));
  clock.now += Millis(15);
  RegisterWeb(Millis(20));  // nothing changes
  engine->Rewind("alive");
  clock.now += Millis(15);
  RunTurns(loop, 30);
  EXPECT_EQ(CheckStatus(), "passing");
  clock.now += Millis(6);
  EXPECT_TRUE(RunUntil(loop, [&] { return CheckStatus() == "critical"; }));
  engine->Rewind("absent");
}

TEST_F(EngineTest, ChecksOfARemovedServiceAreOver) {
  RegisterWeb(Millis(20));
  engine->state().BeginWrite();
  DeregisterAgentService(engine->state(), "own", "web");
  engine->Commit({});
  const uint64_t index = engine->state().index();
  clock.now += seconds(1);
  RunTurns(loop, 30);
  EXPECT_EQ(engine->state().index(), index);
  EXPECT_EQ(sink.Ports(kWeb), "absent");
}

TEST_F(EngineTest, ChecksAndSessionsOfAnEarlierRunGoOn) {
  RegisterWeb(Millis(20));
  PutSession("s1", "10ms");
  State state = engine->state();
  engine = std::make_unique<Engine>(loop, clock, Options("OWN"), std::move(state), Engine::Store());
  engine->Start(sink);
  clock.now += Millis(21);
  EXPECT_TRUE(RunUntil(loop, [&] { return CheckStatus() == "critical" && !HasSession("s1"); }));
}

TEST_F(EngineTest, ChecksOfOtherNodesAreNotRunHere) {
  engine->state().BeginWrite();
  engine->state().Put(TestNode("other"));
  CheckRow check = TestCheck("other", "theirs");
  check.run = Ttl(Millis(10));
  PutCheck(engine->state(), check);
  engine->Commit({});
  clock.now += seconds(1);
  RunTurns(loop, 20);
  EXPECT_EQ(engine->state().FindCheck("other", "theirs")->status, "passing");
}

TEST_F(StoredEngineTest, AnExpiredCheckReachesDnsWhileTheDiskIsFull) {
  store.AnswerAtOnce(Status::Ok());
  RegisterWeb(Millis(20));
  store.AnswerAtOnce(kDiskFull);
  bool refused = false;
  engine->state().BeginWrite();
  KvSet(engine->state(), {.key = "k", .value = "v"});
  engine->Commit([&](const Status& status) { refused = !status.ok(); });
  EXPECT_TRUE(refused);
  EXPECT_TRUE(engine->disk_fails());
  EXPECT_EQ(engine->state().FindKv("k"), nullptr);
  clock.now += Millis(21);
  EXPECT_TRUE(RunUntil(loop, [&] { return CheckStatus() == "critical"; }));
  EXPECT_EQ(sink.Ports(kWeb), "");
  // Stored with the next write that storage takes.
  store.AnswerAtOnce(Status::Ok());
  PutSession("s1", "");
  EXPECT_FALSE(engine->disk_fails());
  EXPECT_EQ(CheckStatus(), "critical");
}

TEST_F(StoredEngineTest, ARefusedRegistrationRunsNoChecks) {
  RegisterWeb(Millis(20));
  store.Answer(kDiskFull);
  EXPECT_EQ(CheckStatus(), "none");
  clock.now += seconds(1);
  RunTurns(loop, 30);
  EXPECT_THAT(store.batches, IsEmpty());
}

TEST_F(StoredEngineTest, ARefusedRemovalLeavesTheCheckRunning) {
  store.AnswerAtOnce(Status::Ok());
  RegisterWeb(Millis(20));
  store.AnswerAtOnce(kDiskFull);
  engine->state().BeginWrite();
  DeregisterAgentService(engine->state(), "own", "web");
  engine->Commit({});
  EXPECT_EQ(sink.Ports(kWeb), "80");
  clock.now += Millis(21);
  EXPECT_TRUE(RunUntil(loop, [&] { return CheckStatus() == "critical"; }));
}

TEST_F(EngineTest, WhatIsWantedIsToldAndEverythingAgainAfterNewSettings) {
  RegisterWeb(hours(1));
  engine->Want({catalog::Kind::kConnect, "dc1", "web"});
  const int before = sink.told[kWeb];
  engine->Republish();
  EXPECT_EQ(sink.told[kWeb], before + 1);
  EXPECT_EQ(sink.Ports({catalog::Kind::kConnect, "dc1", "web"}), "absent");
}

}  // namespace
}  // namespace signpost::registry
