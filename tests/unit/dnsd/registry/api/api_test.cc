// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dnsd/registry/api/api_fixture.h"

namespace signpost::registry {
namespace {

using ::testing::HasSubstr;

class ApiTest : public ApiFixture {
 protected:
  std::shared_ptr<Received> WatchKey(const std::string& wait = "5m") {
    const std::string index = Send("GET /v1/kv/watched")->Header("X-Consul-Index");
    return Send("GET /v1/kv/watched?index=" + index + "&wait=" + wait);
  }
  bool NothingBlocked() const { return api->blocked() == 0 && engine->watches().size() == 0; }
};

TEST_F(ApiTest, AnEndpointIsFoundByPathAndMethod) {
  EXPECT_EQ(StatusOf("GET /v1/status/leader"), 200);
  EXPECT_EQ(StatusOf("GET /v1/nothing"), 404);
  EXPECT_EQ(StatusOf("GET /"), 200);
  const auto wrong = Send("POST /v1/agent/service/register");
  EXPECT_EQ(wrong->response.status, 405);
  EXPECT_EQ(wrong->Header("Allow"), "OPTIONS,PUT");
  EXPECT_THAT(wrong->Body(), HasSubstr("method POST not allowed"));
  EXPECT_EQ(StatusOf("OPTIONS /v1/agent/service/register"), 200);
}

TEST_F(ApiTest, AWriteIsAnsweredWhenItIsStoredAndInDns) {
  store.answers_at_once = false;
  sink.hold = true;
  const auto write = Send("PUT /v1/agent/service/register", R"({"Name": "web", "Port": 80})");
  EXPECT_FALSE(write->answered);
  store.Answer(Status::Ok());
  EXPECT_FALSE(write->answered);
  EXPECT_EQ(sink.Ports({catalog::Kind::kService, "dc1", "web"}), "80");
  sink.Release();
  EXPECT_TRUE(write->answered);
  EXPECT_EQ(write->response.status, 200);
}

TEST_F(ApiTest, ARefusedWriteIsA500AndNotVisible) {
  store.AnswerAtOnce(kDiskFull);
  const auto write = Send("PUT /v1/kv/a", "1");
  EXPECT_EQ(write->response.status, 500);
  EXPECT_THAT(write->Body(), HasSubstr("the disk is full"));
  EXPECT_EQ(StatusOf("GET /v1/kv/a"), 404);
}

TEST_F(ApiTest, RefusedWritesDoNotUseUpAllIndexes) {
  uint64_t ceiling = engine->state().index() + 20000;
  engine->SetIndexCeiling([&] { return ceiling; });
  store.AnswerAtOnce(kDiskFull);
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(StatusOf("PUT /v1/kv/a", "1"), 500);
  EXPECT_LT(engine->state().index(), ceiling - 16000) << "the rest is for health checks";
  EXPECT_EQ(StatusOf("GET /v1/kv/a"), 404);
  EXPECT_THAT(Send("PUT /v1/kv/a", "1")->Body(), HasSubstr("has refused writes"));
  EXPECT_TRUE(engine->disk_fails());
  store.AnswerAtOnce(Status::Ok());
  EXPECT_EQ(StatusOf("PUT /v1/kv/a", "1"), 500) << "asks the disk first";
  EXPECT_FALSE(engine->disk_fails());
  ceiling += 20000;
  EXPECT_EQ(StatusOf("PUT /v1/kv/a", "1"), 200);
  EXPECT_EQ(StatusOf("GET /v1/kv/a"), 200);
}

TEST_F(ApiTest, AReadShowsNothingThatMayBeRefused) {
  store.answers_at_once = false;
  Send("PUT /v1/kv/a", "1");
  const auto kept = Send("GET /v1/kv/a?raw");
  EXPECT_FALSE(kept->answered);
  store.Answer(Status::Ok());
  EXPECT_EQ(kept->Body(), "1");
  Send("PUT /v1/kv/a", "2");
  const auto refused = Send("GET /v1/kv/a?raw");
  store.Answer(kDiskFull);
  EXPECT_EQ(refused->Body(), "1");
}

TEST_F(ApiTest, AnIdenticalWriteWaitsForTheFirst) {
  store.answers_at_once = false;
  const std::string body = R"({"Name": "web"})";
  Send("PUT /v1/agent/service/register", body);
  const auto again = Send("PUT /v1/agent/service/register", body);
  EXPECT_FALSE(again->answered);
  store.Answer(kDiskFull);
  EXPECT_EQ(again->response.status, 500) << "it relied on what was refused";
}

TEST_F(ApiTest, ABlockingReadWaitsForItsTopic) {
  const auto watch = WatchKey();
  EXPECT_EQ(api->blocked(), 1U);
  Send("PUT /v1/kv/other", "1");
  EXPECT_FALSE(watch->answered);
  Send("PUT /v1/kv/watched", "1");
  ASSERT_TRUE(watch->answered);
  EXPECT_EQ(watch->response.status, 200);
  EXPECT_EQ(watch->Header("X-Consul-Index"), std::to_string(engine->state().index()));
  EXPECT_TRUE(NothingBlocked());
}

TEST_F(ApiTest, ABlockingReadIsNotWokenBeforeTheChangeIsStored) {
  const auto watch = WatchKey();
  store.answers_at_once = false;
  Send("PUT /v1/kv/watched", "1");
  EXPECT_FALSE(watch->answered);
  store.Answer(Status::Ok());
  EXPECT_TRUE(watch->answered);
}

TEST_F(ApiTest, ABlockingReadEndsAfterItsTimeWithTheSameIndex) {
  Send("PUT /v1/kv/watched", "1");
  const std::string index = Send("GET /v1/kv/watched")->Header("X-Consul-Index");
  const auto watch = WatchKey("20ms");
  EXPECT_FALSE(watch->answered);
  EXPECT_TRUE(RunUntil(loop, [&] { return watch->answered; }));
  EXPECT_EQ(watch->response.status, 200);
  EXPECT_EQ(watch->Header("X-Consul-Index"), index);
  EXPECT_TRUE(NothingBlocked());
}

TEST_F(ApiTest, AnIndexOfTheFutureBlocksTooAndZeroNever) {
  EXPECT_TRUE(Send("GET /v1/catalog/nodes?index=0")->answered);
  EXPECT_FALSE(Send("GET /v1/catalog/nodes?index=99999&wait=5m")->answered);
}

TEST_F(ApiTest, AClientThatEndsItsSideGetsWhatThereIs) {
  const auto watch = WatchKey();
  ASSERT_TRUE(watch->on_gone);
  watch->on_gone();
  EXPECT_TRUE(NothingBlocked());
  EXPECT_TRUE(watch->answered);
  EXPECT_EQ(watch->response.status, 404) << "as the key is not there";
}

TEST_F(ApiTest, AClientThatEndsItsSideWhileNothingChangesGetsTheSameAgain) {
  Send("PUT /v1/kv/watched", "1");
  const auto watch = WatchKey();
  watch->on_gone();
  ASSERT_TRUE(watch->answered);
  EXPECT_EQ(watch->response.status, 200);
  EXPECT_THAT(watch->Body(), HasSubstr("\"Key\":\"watched\""));
}

TEST_F(ApiTest, AReadWhoseTimeIsOverDoesNotWaitAgainAfterARefusal) {
  Send("PUT /v1/kv/watched", "1");
  const std::string index = Send("GET /v1/kv/watched")->Header("X-Consul-Index");
  const auto watch = Send("GET /v1/kv/watched?raw&wait=20ms&index=" + index);
  store.answers_at_once = false;
  Send("PUT /v1/kv/watched", "2");
  EXPECT_TRUE(RunUntil(loop, [&] { return api->blocked() == 0; }));
  EXPECT_FALSE(watch->answered) << "what it would show is not stored";
  store.Answer(kDiskFull);
  ASSERT_TRUE(watch->answered);
  EXPECT_EQ(watch->Body(), "1");
  EXPECT_TRUE(NothingBlocked());
}

TEST_F(ApiTest, WatchersOfOneThingShareAnAnswerHoweverTheyWait) {
  const std::string path = "GET /v1/health/service/web";
  Send("PUT /v1/agent/service/register", R"({"Name": "web"})");
  const std::string index = Send(path)->Header("X-Consul-Index");
  const std::vector<std::shared_ptr<Received>> same = {Send(path + "?wait=5m&index=" + index),
                                                       Send(path + "?index=" + index + "&wait=4m"),
                                                       Send(path + "?token=any&wait=5m&index=" + index)};
  const auto other = Send(path + "?passing&wait=5m&index=" + index);
  EXPECT_EQ(api->blocked(), 4U);
  Send("PUT /v1/agent/service/register", R"({"Name": "web", "Port": 81})");
  ASSERT_TRUE(other->answered);
  for (const auto& watch : same) {
    ASSERT_TRUE(watch->response.shared_body);
    EXPECT_EQ(watch->response.shared_body, same.front()->response.shared_body);
    EXPECT_NE(watch->response.shared_body, other->response.shared_body);
  }
}

TEST_F(ApiTest, AReadThatARefusalWokeGoesOnWaiting) {
  Send("PUT /v1/kv/watched", "1");
  store.answers_at_once = false;
  Send("PUT /v1/kv/watched", "2");
  const uint64_t index = engine->state().FindKv("watched")->index.modify;
  const auto watch = Send("GET /v1/kv/watched?raw&wait=5m&index=" + std::to_string(index - 1));
  EXPECT_FALSE(watch->answered) << "it waits for the disk";
  store.Answer(kDiskFull);
  EXPECT_TRUE(watch->answered || api->blocked() == 1);
  if (!watch->answered) {
    Send("PUT /v1/kv/watched", "3");
    store.Answer(Status::Ok());
  }
  ASSERT_TRUE(watch->answered);
  EXPECT_NE(watch->Body(), "2");
  EXPECT_TRUE(NothingBlocked());
}

TEST_F(ApiTest, AllWatchersOfOneChangeAreWoken) {
  std::vector<std::shared_ptr<Received>> all;
  for (int i = 0; i < 500; ++i) all.push_back(Send("GET /v1/health/service/web?index=99999&wait=5m"));
  const auto other = Send("GET /v1/health/service/db?index=99999&wait=5m");
  EXPECT_EQ(api->blocked(), 501U);
  Send("PUT /v1/agent/service/register", R"({"Name": "web"})");
  EXPECT_EQ(api->blocked(), 501U) << "their index is not reached yet";
  for (const auto& watch : all) watch->on_gone();
  all.clear();
  const std::string index = Send("GET /v1/health/service/web")->Header("X-Consul-Index");
  for (int i = 0; i < 500; ++i) all.push_back(Send("GET /v1/health/service/web?wait=5m&index=" + index));
  Send("PUT /v1/agent/service/register", R"({"Name": "web", "Port": 81})");
  for (const auto& watch : all) {
    ASSERT_TRUE(watch->answered);
    EXPECT_THAT(watch->Body(), HasSubstr("\"Port\":81"));
  }
  EXPECT_EQ(all.front()->response.shared_body, all.back()->response.shared_body) << "made once";
  EXPECT_FALSE(other->answered);
}

TEST_F(ApiTest, ReadsAreMadeAnewAfterEveryChange) {
  const auto count = [this] { return Send("GET /v1/catalog/service/web")->Body(); };
  EXPECT_EQ(count(), "[]");
  Send("PUT /v1/agent/service/register", R"({"Name": "web"})");
  EXPECT_THAT(count(), HasSubstr("\"ServiceName\":\"web\""));
  store.AnswerAtOnce(kDiskFull);
  Send("PUT /v1/agent/service/deregister/web");
  EXPECT_THAT(count(), HasSubstr("\"ServiceName\":\"web\""));
}

TEST_F(ApiTest, TheTokenIsAskedForBeforeAnythingIsDone) {
  api->SetAccess({.token = "secret", .reads = false});
  EXPECT_EQ(StatusOf("PUT /v1/kv/a", "1"), 403);
  EXPECT_EQ(StatusOf("GET /v1/kv/a"), 404) << "reads are free, and nothing was written";
  EXPECT_EQ(StatusOf("PUT /v1/kv/a?token=secret", "1"), 200);
  api->SetAccess({.token = "secret", .reads = true});
  EXPECT_EQ(StatusOf("GET /v1/kv/a"), 403);
  EXPECT_EQ(StatusOf("GET /v1/kv/a?token=secret"), 200);
}

TEST_F(ApiTest, AnApiThatGoesDropsWhatIsBlocked) {
  const auto watch = WatchKey();
  api.reset();
  EXPECT_FALSE(watch->answered);
  EXPECT_EQ(engine->watches().size(), 0U);
}

}  // namespace
}  // namespace signpost::registry
