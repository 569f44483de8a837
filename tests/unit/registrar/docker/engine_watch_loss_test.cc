// Signpost. Apache-2.0; see LICENSE.
// What the watch does when the engine fails it: cuts, black holes, restarts, replies that make no sense.
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdio>
#include <cstring>

#include "registrar/docker/engine_watch.h"
#include "tests/unit/registrar/docker/watch_fixture.h"

namespace signpost::registrar {
namespace {

class EngineWatchLossTest : public EngineWatchTest {
 protected:
  std::string LastEvents() const {
    std::string last;
    for (const std::string& request : engine_.requests) {
      if (request.starts_with("GET /v1.41/events?")) last = request;
    }
    return last;
  }
  // Fails requests that begin with `begin` with `reply`, `times` times.
  void Break(std::string begin, std::string reply, int times) {
    engine_.override = [begin = std::move(begin), reply = std::move(reply),
                        times](const std::string& request) mutable -> std::optional<std::string> {
      if (!request.starts_with(begin) || times == 0) return std::nullopt;
      --times;
      return reply;
    };
  }
};

// Case 94: the replay is not enough, so everything is listed and inspected again.
TEST_F(EngineWatchLossTest, AfterACutItGoesOnFromTheNewestEventAndListsAgain) {
  engine_.Put(1);
  engine_.Put(2);
  BeginSynced();
  engine_.Emit(1, "update", 1795341700000000007);
  engine_.Emit(1, "update", 1795341650000000000);
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("event update 1") == 2; }));
  engine_.CutStreams();
  engine_.Remove(2);
  engine_.Put(3);
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 2; }));
  EXPECT_TRUE(LastEvents().starts_with("GET /v1.41/events?since=1795341700.000000007&")) << LastEvents();
  EXPECT_EQ(Told("lost"), 1);
  EXPECT_EQ(Told("connected E1"), 2);
  EXPECT_EQ(Told("gone 2"), 1);
  EXPECT_EQ(Told("runs 3"), 1);
  EXPECT_EQ(counters().reconnects.value(), 1U);
  EXPECT_EQ(lost_.kind(), ErrorKind::kUnavailable);
}

// The engine replays what has the very time that it is asked for.
TEST_F(EngineWatchLossTest, AReplayedEventIsToldOnce) {
  engine_.Put(1);
  engine_.Put(2);
  BeginSynced();
  constexpr int64_t kTime = 1795341700000000007;
  engine_.Emit(1, "update", kTime);
  engine_.Emit(1, "kill", kTime, R"("signal":"15")");
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("event kill 1") == 1; }));
  for (int round = 2; round <= 3; ++round) {
    engine_.CutStreams();
    ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == round; }));
    engine_.Emit(1, "update", kTime);
    engine_.Emit(1, "kill", kTime, R"("signal":"15")");
    engine_.Emit(2, "kill", kTime, R"("signal":"15")");  // news in the first of these rounds
    engine_.Emit(2, "rename", kTime - 1);
    ASSERT_TRUE(RunUntil(loop_, [&] { return Told("event rename 2") == round - 1; }))
        << ::testing::PrintToString(told_);
  }
  EXPECT_EQ(Told("event update 1"), 1);
  EXPECT_EQ(Told("event kill 1"), 1);
  EXPECT_EQ(Told("event kill 2"), 1);
}

// It may be long before the engine is back: such a kill says nothing about the container as it is then.
TEST_F(EngineWatchLossTest, EventsThatWaitAreForgottenWithTheirStream) {
  engine_.Put(1);
  engine_.hold = "GET /v1.41/containers/json";
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return engine_.Lists() == 1; }));
  engine_.Emit(1, "oom", 10);  // waits for the list
  ASSERT_TRUE(RunUntil(loop_, [&] { return counters().events[9].value() == 1; }));
  engine_.hold = "GET /v1.41/containers/" + IdOf(1);
  engine_.CutStreams();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("connected E1") == 2 && engine_.Inspects(1) == 1; }));
  engine_.Emit(1, "kill", 11, R"("signal":"15")");  // waits for the inspect
  ASSERT_TRUE(RunUntil(loop_, [&] { return counters().events[2].value() == 1; }));
  engine_.hold = "-";
  engine_.CutStreams();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 1; }));
  EXPECT_EQ(Told("runs 1"), 1);
  EXPECT_EQ(Told("event oom 1"), 0);
  EXPECT_EQ(Told("event kill 1"), 0);
}

// Case 113: stamps decide, and a second list covers what the engine cannot replay.
TEST_F(EngineWatchLossTest, WhenTheEnginesClockStepsBackSinceDoesNot) {
  BeginSynced();
  engine_.Emit(1, "kill", 1795341700000000007);
  ASSERT_TRUE(RunUntil(loop_, [&] { return counters().events[2].value() == 1; }));
  engine_.system_time = "2026-11-22T09:00:00Z";
  engine_.CutStreams();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 3; })) << "one list for the round, one more";
  EXPECT_TRUE(LastEvents().starts_with("GET /v1.41/events?since=1795341700.000000007&")) << LastEvents();
}

// Case 96.
TEST_F(EngineWatchLossTest, AnEngineThatIsAwayTellsOneLossAndNothingElse) {
  engine_.Put(1);
  BeginSynced();
  engine_.Stop();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("lost") == 1; }));
  const size_t told = told_.size();
  RunTurns(loop_, 100);
  EXPECT_EQ(told_.size(), told);
  EXPECT_FALSE(watch_->connected());
  engine_.Put(1, "exited");
  engine_.Start();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 2; }));
  EXPECT_EQ(Told("stopped 1"), 1);
  EXPECT_EQ(Told("gone 1"), 0);
}

TEST_F(EngineWatchLossTest, AnEngineThatIsNotThereAtFirstIsToldOnce) {
  engine_.Stop();
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("lost") == 1; }));
  RunTurns(loop_, 50);
  EXPECT_EQ(Told("lost"), 1);
  engine_.Start();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 1; }));
}

// Case 95: the connection stays, nothing comes any more.
TEST_F(EngineWatchLossTest, ABlackHoleIsFoundByThePing) {
  options_.ping_period = Millis(10);
  options_.ping_timeout = Millis(50);
  BeginSynced();
  engine_.hold = "";
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("lost") == 1; }));
  engine_.hold = "-";
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 2; }));
}

TEST_F(EngineWatchLossTest, AHeadThatComesLateHoldsUpNothing) {
  options_.ping_timeout = Millis(20);
  engine_.Put(1);
  engine_.hold = "GET /v1.41/events";
  BeginSynced();
  EXPECT_EQ(engine_.streams(), 0U);
  engine_.Release();
  ASSERT_TRUE(RunUntil(loop_, [&] { return engine_.streams() == 1; }));
  engine_.Emit(1, "rename", 10);
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("runs 1") == 2; }));
  EXPECT_EQ(Told("lost"), 0);
}

TEST_F(EngineWatchLossTest, AFirstListThatFailsBeginsTheRoundAgain) {
  engine_.Put(1);
  Break("GET /v1.41/containers/json", Reply(500, R"({"message":"busy"})"), 2);
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 1; }));
  EXPECT_EQ(Told("connected E1"), 3);
  EXPECT_EQ(Told("lost"), 2) << "each of them was told to be connected";
  EXPECT_NE(lost_.text().find("busy"), std::string::npos) << lost_.text();
  EXPECT_EQ(engine_.streams(), 1U);
}

TEST_F(EngineWatchLossTest, ALaterListThatFailsIsTriedAgainAndEventsGoOn) {
  BeginSynced();
  Break("GET /v1.41/containers/json", Reply(200, "{\"not\":\"a list\"}"), 3);
  watch_->Relist();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 2; }));
  EXPECT_EQ(Told("lost"), 0);
  EXPECT_EQ(engine_.Lists(), 5);
}

// Case 98: each of these is skipped and asked for again, and the others go on.
TEST_F(EngineWatchLossTest, AnInspectThatFailsConcernsItsContainerOnly) {
  struct Case {
    const char* name;
    std::string reply;
  };
  const std::vector<Case> cases = {
      {"error", Reply(500, "plain text")},
      {"cut JSON", Reply(200, R"({"Id":"a)")},
      {"wrong types", Reply(200, R"({"Id":7,"Name":[],"State":"up"})")},
      {"cut reply", std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{") + kClose},
      {"no HTTP", "what?\r\n\r\n"},
  };
  engine_.Put(2);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    engine_.Put(1);
    engine_.requests.clear();
    told_.clear();
    Break("GET /v1.41/containers/" + IdOf(1) + "/json", c.reply, 2);
    BeginSynced();
    EXPECT_EQ(Told("runs 2"), 1);
    EXPECT_EQ(Told("runs 1"), 0) << "synced, but not known";
    ASSERT_TRUE(RunUntil(loop_, [&] { return Told("runs 1") == 1; }));
    EXPECT_EQ(Told("lost") + Told("gone 1"), 0);
    watch_.reset();
  }
}

// Case 99.
TEST_F(EngineWatchLossTest, EventsComeInAnySlicesAndUnreadableOnesCauseAList) {
  engine_.Put(1);
  BeginSynced();
  const std::string event =
      R"({"Type":"container","Action":"update","Actor":{"ID":")" + IdOf(1) + R"("},"timeNano":9})" + "\n";
  engine_.Say(event.substr(0, 20));
  engine_.Say(event.substr(20) + event + "\r\n" + event);
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("event update 1") == 3; }));
  EXPECT_EQ(engine_.Lists(), 1);
  engine_.Say("{garbage\n");
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 2; }));
  EXPECT_EQ(client_->counters().bad_events.value(), 1U);
  engine_.Say(std::string(1100000, 'x') + "\n" + event);
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 3 && Told("event update 1") == 4; }));
  EXPECT_EQ(client_->counters().dropped_events.value(), 1U);
}

// Case 114.
TEST_F(EngineWatchLossTest, AnEngineWithoutACommonVersionIsExplained) {
  engine_.version = R"({"ApiVersion":"1.60","MinAPIVersion":"1.50"})";
  Begin();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("lost") == 1; }));
  EXPECT_EQ(lost_.kind(), ErrorKind::kConfig);
  EXPECT_NE(lost_.text().find("upgrade registrar"), std::string::npos) << lost_.text();
}

TEST_F(EngineWatchLossTest, WhatWasUnderWayIsInspectedAfterTheLoss) {
  BeginSynced();
  engine_.Put(1, "exited");
  engine_.hold = "GET /v1.41/containers/" + IdOf(1);
  watch_->Refresh(IdOf(1));
  ASSERT_TRUE(RunUntil(loop_, [&] { return engine_.Inspects(1) == 1; }));
  engine_.hold = "-";
  engine_.CutStreams();
  ASSERT_TRUE(RunUntil(loop_, [&] { return Told("stopped 1") == 1; }));
  EXPECT_EQ(Told("lost"), 1);
}

class StaleSocketTest : public EngineWatchLossTest {
 protected:
  void SetUp() override {
    path_ = ::testing::TempDir() + "stale-" + std::to_string(getpid()) + ".sock";
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::snprintf(name.sun_path, sizeof(name.sun_path), "%s", path_.c_str());
    ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0) << std::strerror(errno);
    close(fd);  // the file stays, and nobody listens
    EngineOptions options;
    options.address = {"http://docker", path_, {}};
    client_ = std::make_unique<EngineClient>(loop_, options);
    options_.backoff_cap = options_.backoff_first = Millis(1);
    options_.stale_after = 4;
    handlers_.on_lost = [this](const Status& status) {
      losses_.push_back(status);
      tries_ = client_->counters().requests.value();
    };
  }
  void TearDown() override { unlink(path_.c_str()); }

  std::string path_;
  EngineWatch::Handlers handlers_;
  std::vector<Status> losses_;
  uint64_t tries_ = 0;  // at the last of them
};

TEST_F(StaleSocketTest, InAContainerItIsReportedAfterSomeTries) {
  options_.container_mark = path_;  // anything that exists
  EngineWatch watch(loop_, *client_, options_, handlers_);
  ASSERT_TRUE(RunUntil(loop_, [&] { return losses_.size() == 2; }));
  EXPECT_TRUE(watch.stale_socket());
  EXPECT_EQ(tries_, 4U);
  EXPECT_EQ(losses_[1].kind(), ErrorKind::kConfig);
  EXPECT_NE(losses_[1].text().find("restart this container"), std::string::npos);
  RunTurns(loop_, 30);
  EXPECT_EQ(losses_.size(), 2U) << "once";
}

TEST_F(StaleSocketTest, OutsideItIsAnEngineThatMayComeBack) {
  options_.container_mark = path_ + ".missing";
  EngineWatch watch(loop_, *client_, options_, handlers_);
  ASSERT_TRUE(RunUntil(loop_, [&] { return client_->counters().requests.value() > 6; }));
  EXPECT_FALSE(watch.stale_socket());
  EXPECT_EQ(losses_.size(), 1U);
}

}  // namespace
}  // namespace signpost::registrar
