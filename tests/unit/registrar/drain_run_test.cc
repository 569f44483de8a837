// Signpost. Apache-2.0; see LICENSE.
#include "registrar/drain_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/support/run_loop.h"
#include "tests/unit/registrar/fake_neighbours.h"

namespace signpost::registrar {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kWeb = IdOf('1');
const std::string kMark = "PUT /v1/agent/service/maintenance/web";

std::string ServiceOf(const std::string& container) {
  return R"({"web":{"ID":"web","Service":"api","Address":"192.0.2.10","Port":8080,"Meta":{"registrar-owner":"ENGINE",)"
         R"("registrar-container":")" +
         container + R"("}}})";
}

class Drain : public testing::Test {
 protected:
  Drain() : engine_(loop_), agent_(loop_) {
    MakeEngine(engine_);
    MakeAgent(agent_);
    engine_.answers["GET /v1.41/containers/web.1/json"] = {200, InspectJson(kWeb, "web.1", "running")};
    engine_.answers["POST /v1.41/containers/" + kWeb + "/stop"] = {204, ""};
    agent_.answers["GET /v1/agent/services"].body = ServiceOf(kWeb);
    agent_.answers[kMark] = {200, ""};
  }

  Status Run(const std::vector<std::string>& more = {"--wait", "0"}, bool give_up = false, int times = 1) {
    const RegistrarOptions options = OptionsOfDrain(engine_, agent_, more);
    std::optional<Status> result;
    DrainRun run(
        loop_, options, [this](const std::string& line) { said_.push_back(line); },
        [&](Status status) { result = std::move(status); });
    if (give_up) {
      EXPECT_TRUE(test::RunUntil(loop_, [&] { return !said_.empty() && said_.back().starts_with("waits"); }));
      for (int i = 0; i < times; ++i) run.GiveUp(Status::Unavailable("given up"));
    }
    EXPECT_TRUE(test::RunUntil(loop_, [&] { return result.has_value(); }));
    return result.value_or(Status::Unavailable("no result"));
  }
  std::vector<std::string> Marks() const { return agent_.Asked("PUT "); }
  std::vector<std::string> Stops() const { return engine_.Asked("POST "); }

  net::Loop loop_;
  FakeNeighbour engine_, agent_;
  std::vector<std::string> said_;
};

TEST_F(Drain, MarksWaitsAndStops) {
  EXPECT_TRUE(Run({"--wait", "20ms"}).ok());
  EXPECT_THAT(Marks(), ElementsAre(AllOf(HasSubstr("enable=true"), HasSubstr("reason=registrar%3A%20drain"))));
  EXPECT_THAT(Stops(), SizeIs(1));
  EXPECT_THAT(
      said_, ElementsAre("puts 1 service of web.1 into maintenance", "waits 20ms", "stops web.1", "web.1 has stopped"));
}

TEST_F(Drain, MarksOnlyTheContainersOwnServices) {
  agent_.answers["GET /v1/agent/services"].body = ServiceOf(IdOf('2'));
  EXPECT_TRUE(Run().ok());
  EXPECT_THAT(Marks(), IsEmpty());
  EXPECT_THAT(Stops(), SizeIs(1));
}

TEST_F(Drain, LeavesAnOperatorsMark) {
  agent_.answers["GET /v1/agent/checks"].body =
      R"({"_service_maintenance:web":{"CheckID":"_service_maintenance:web","ServiceID":"web","Status":"critical",)"
      R"("Notes":"upgrade"}})";
  EXPECT_TRUE(Run().ok());
  EXPECT_THAT(Marks(), IsEmpty());
}

TEST_F(Drain, WhenTheContainerCannotBeStoppedTheMarksAreLifted) {
  engine_.answers["POST /v1.41/containers/" + kWeb + "/stop"] = {500, R"({"message":"no"})"};
  EXPECT_THAT(Run().text(), HasSubstr("web.1 was not stopped"));
  EXPECT_THAT(Marks(), ElementsAre(HasSubstr("enable=true"), HasSubstr("enable=false")));
}

TEST_F(Drain, WhenTheMarkIsRefusedNothingIsStopped) {
  agent_.answers[kMark] = {403, "Permission denied"};
  EXPECT_THAT(Run().text(), HasSubstr("did not take the mark of web"));
  EXPECT_THAT(Stops(), IsEmpty());
}

TEST_F(Drain, RenewsAnOwnMark) {
  // Consul keeps the reason of a mark that is there.
  agent_.answers["GET /v1/agent/checks"].body =
      R"({"_service_maintenance:web":{"CheckID":"_service_maintenance:web","ServiceID":"web","Status":"critical",)"
      R"("Notes":"registrar: paused"}})";
  EXPECT_TRUE(Run().ok());
  EXPECT_THAT(Marks(), ElementsAre(HasSubstr("enable=false"), AllOf(HasSubstr("enable=true"), HasSubstr("drain"))));
}

TEST_F(Drain, WithoutAgentNothingIsStopped) {
  agent_.answers["GET /v1/agent/services"].status = 500;
  EXPECT_THAT(Run().text(), HasSubstr("web.1 was not stopped"));
  EXPECT_THAT(Stops(), IsEmpty());
}

TEST_F(Drain, GivenUpWhileItWaits) {
  EXPECT_EQ(Run({"--wait", "1h"}, /*give_up=*/true).text(), "given up");
  EXPECT_THAT(Marks(), ElementsAre(HasSubstr("enable=true"), HasSubstr("enable=false")));
  EXPECT_THAT(Stops(), IsEmpty());
}

TEST_F(Drain, GivingUpTwiceChangesNothing) {
  engine_.answers["POST /v1.41/containers/" + kWeb + "/stop"] = {500, R"({"message":"no"})"};
  EXPECT_EQ(Run({"--wait", "1h"}, /*give_up=*/true, /*times=*/2).text(), "given up");
  EXPECT_THAT(Marks(), SizeIs(2));
  EXPECT_THAT(said_.back(), HasSubstr("another signal ends registrar"));
}

TEST_F(Drain, AContainerThatDoesNotRunIsDone) {
  engine_.answers["GET /v1.41/containers/web.1/json"].body = InspectJson(kWeb, "web.1", "exited");
  EXPECT_TRUE(Run().ok());
  EXPECT_THAT(Stops(), IsEmpty());
  engine_.answers.erase("GET /v1.41/containers/web.1/json");
  EXPECT_EQ(Run().kind(), ErrorKind::kNotFound);
}

TEST_F(Drain, DryRunWritesNothing) {
  EXPECT_TRUE(Run({"--dry-run", "--wait", "1h"}).ok());
  EXPECT_THAT(Marks(), IsEmpty());
  EXPECT_THAT(Stops(), IsEmpty());
}

}  // namespace
}  // namespace signpost::registrar
