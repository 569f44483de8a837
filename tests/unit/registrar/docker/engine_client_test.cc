// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/engine_client.h"

#include "tests/support/run_loop.h"
#include "tests/unit/registrar/docker/fake_engine.h"

namespace signpost::registrar {
namespace {

using test::RunUntil;

class EngineClientTest : public ::testing::Test {
 protected:
  Result<EngineInfo> Negotiate() {
    return Wait<EngineInfo>([&](auto done) { return client_.Negotiate(done); });
  }
  template <typename T>
  Result<T> Wait(const std::function<std::unique_ptr<EngineClient::Call>(EngineClient::On<T>)>& begin) {
    std::optional<Result<T>> result;
    const auto call = begin([&](Result<T> r) { result = std::move(r); });
    EXPECT_FALSE(result) << "called inside the method";
    EXPECT_TRUE(RunUntil(loop_, [&] { return result.has_value(); }));
    return result ? *std::move(result) : Result<T>(Status::System("nothing", 0));
  }
  Status WaitStatus(const std::function<std::unique_ptr<EngineClient::Call>(EngineClient::OnStatus)>& begin) {
    return Wait<bool>([&](EngineClient::On<bool> done) {
             return begin([done](Status status) { done(status.ok() ? Result<bool>(true) : Result<bool>(status)); });
           })
        .status();
  }

  net::Loop loop_;
  FakeEngine engine_{loop_};
  EngineClient client_{loop_, engine_.Options()};
};

TEST_F(EngineClientTest, NegotiatesUnversionedThenReadsTheInfo) {
  const auto info = Negotiate();
  ASSERT_TRUE(info.ok()) << info.status().text();
  EXPECT_EQ(engine_.requests, (std::vector<std::string>{"GET /_ping", "GET /version", "GET /v1.41/info"}));
  EXPECT_EQ(client_.api_version(), "1.41");
  EXPECT_EQ(info->id, "E1");
  EXPECT_EQ(info->name, "node1");
  EXPECT_FALSE(info->podman);
}

TEST_F(EngineClientTest, KnowsPodmanByItsHeader) {
  engine_.ping_headers = "Libpod-Api-Version: 4.3.1\r\n";
  const auto info = Negotiate();
  ASSERT_TRUE(info.ok());
  EXPECT_TRUE(info->podman);
  EXPECT_EQ(info->id, "");
}

TEST_F(EngineClientTest, AVersionThatSaysNothingLeavesTheHeaderOfThePing) {
  engine_.version = "not JSON";
  ASSERT_TRUE(Negotiate().ok());
  EXPECT_EQ(client_.api_version(), "1.41");
}

TEST_F(EngineClientTest, AnUpgradedEngineIsNegotiatedAfresh) {
  ASSERT_TRUE(Negotiate().ok());
  engine_.version = R"({"ApiVersion":"1.52","MinAPIVersion":"1.48"})";
  const auto info = Negotiate();
  EXPECT_EQ(info.status().kind(), ErrorKind::kConfig);
  EXPECT_NE(info.status().text().find("1.48"), std::string::npos) << info.status().text();
}

TEST_F(EngineClientTest, PingsOnAConnectionOfItsOwn) {
  std::vector<std::string> seen;
  engine_.override = [&](const std::string&) -> std::optional<std::string> { return Reply(200, "OK"); };
  EXPECT_TRUE(WaitStatus([&](auto done) { return client_.Ping(Millis(1000), done); }).ok());
  engine_.override = [&](const std::string&) -> std::optional<std::string> { return Reply(502, "bad gateway"); };
  EXPECT_EQ(WaitStatus([&](auto done) { return client_.Ping(Millis(1000), done); }).kind(), ErrorKind::kUnavailable);
  engine_.hold = "GET /_ping";
  EXPECT_EQ(WaitStatus([&](auto done) { return client_.Ping(Millis(30), done); }).kind(), ErrorKind::kUnavailable);
}

TEST_F(EngineClientTest, InspectsByAnyNameAndTellsFailuresApart) {
  ASSERT_TRUE(Negotiate().ok());
  engine_.Put(1);
  const auto inspect = [&](const std::string& id) {
    return Wait<Container>([&](auto done) { return client_.Inspect(id, done); });
  };
  EXPECT_EQ(inspect(IdOf(1))->id, IdOf(1));
  EXPECT_EQ(inspect("../x y").status().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(engine_.requests.back(), "GET /v1.41/containers/..%2Fx%20y/json");
  engine_.override = [](const std::string&) { return Reply(200, "[]"); };
  EXPECT_EQ(inspect(IdOf(1)).status().kind(), ErrorKind::kInvalid);
  engine_.override = [](const std::string&) { return Reply(403, "no"); };
  EXPECT_EQ(inspect(IdOf(1)).status().kind(), ErrorKind::kDenied);
  EXPECT_EQ(client_.counters().errors.value(), 1U);
}

TEST_F(EngineClientTest, StopsWithAGraceInSeconds) {
  ASSERT_TRUE(Negotiate().ok());
  int status = 204;
  engine_.override = [&](const std::string& request) -> std::optional<std::string> {
    if (request.starts_with("POST ")) return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n";
    return std::nullopt;
  };
  const auto stop = [&](Millis grace) {
    return WaitStatus([&](auto done) { return client_.Stop("web", grace, done); });
  };
  EXPECT_TRUE(stop(Millis(1500)).ok());
  EXPECT_EQ(engine_.requests.back(), "POST /v1.41/containers/web/stop?t=2");
  status = 304;
  EXPECT_TRUE(stop(Millis(0)).ok()) << "it was stopped already";
  EXPECT_EQ(engine_.requests.back(), "POST /v1.41/containers/web/stop");
  status = 404;
  EXPECT_EQ(stop(Millis(0)).kind(), ErrorKind::kNotFound);
}

TEST_F(EngineClientTest, AStopMayTakeAsLongAsTheContainerSaysAndSomewhatMore) {
  EngineOptions options = engine_.Options();
  options.timeout = Millis(20);
  EngineClient client(loop_, options);
  engine_.hold = "POST ";
  const Nanos begin = SystemClock().Wall();
  const Status status = WaitStatus([&](auto done) { return client.Stop(IdOf(1), Millis(0), done, Millis(150)); });
  EXPECT_EQ(status.kind(), ErrorKind::kUnavailable) << status.text();
  EXPECT_GE(SystemClock().Wall() - begin, Millis(200));
}

TEST_F(EngineClientTest, AStreamThatIsRefusedKeepsTheReason) {
  ASSERT_TRUE(Negotiate().ok());
  engine_.override = [](const std::string&) { return Reply(400, "client version 1.41 is too old"); };
  int opened = 0;
  Status end;
  const auto stream = client_.Events(0, {.on_open = [&] { ++opened; },
                                         .on_event = [](const Event&) { FAIL(); },
                                         .on_unreadable = [] { FAIL(); },
                                         .on_end = [&](Status status) { end = std::move(status); }});
  ASSERT_TRUE(RunUntil(loop_, [&] { return !end.ok(); }));
  EXPECT_EQ(end.kind(), ErrorKind::kInvalid);
  EXPECT_NE(end.text().find("too old"), std::string::npos) << end.text();
  EXPECT_EQ(opened, 0);
  EXPECT_TRUE(engine_.requests.back().starts_with("GET /v1.41/events?filters=%7B%22type%22"))
      << engine_.requests.back();
}

TEST_F(EngineClientTest, DestroyingACallCancelsIt) {
  engine_.hold = "GET /version";
  auto call = client_.Negotiate([](const Result<EngineInfo>&) { FAIL(); });
  ASSERT_TRUE(RunUntil(loop_, [&] { return engine_.requests.size() == 2; }));
  call.reset();
  engine_.Release();
  test::RunTurns(loop_, 20);
  EXPECT_EQ(engine_.requests.size(), 2U);
}

}  // namespace
}  // namespace signpost::registrar
