// Signpost. Apache-2.0; see LICENSE.
#include "registrar/drain_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/support/run_loop.h"
#include "tests/unit/registrar/fake_neighbours.h"

namespace signpost::registrar {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kWeb = IdOf('1');
const std::string kOwner = IdOf('2');
const std::string kInspect = "GET /v1.41/containers/web.1/json";
const std::string kDirect = "GET /v1/agent/service/node1:web.1:80";

std::string OneService(const std::string& container) {
  return R"({"ID":"node1:web.1:80","Service":"api","Meta":{"registrar-container":")" + container + R"("}})";
}

class DrainSearchTest : public testing::Test {
 protected:
  DrainSearchTest() : engine_(loop_), agent_(loop_) {
    MakeEngine(engine_);
    MakeAgent(agent_);
    engine_.answers[kInspect] = {200, InspectJson(kWeb, "web.1", "running")};
  }

  Result<DrainTarget> Search(const std::vector<std::string>& more = {}) {
    const RegistrarOptions options = OptionsOfDrain(engine_, agent_, more);
    EngineClient engine(loop_, options.start.engine);
    consul::AgentClient agent(loop_, options.start.agent);
    std::optional<Result<DrainTarget>> result;
    const DrainSearch search(engine, agent, options, [&](Result<DrainTarget> target) { result = std::move(target); });
    EXPECT_TRUE(test::RunUntil(loop_, [&] { return result.has_value(); }));
    return result ? std::move(*result) : Status::Unavailable("no result");
  }

  net::Loop loop_;
  FakeNeighbour engine_, agent_;
};

TEST_F(DrainSearchTest, AServiceThatTheListHidesIsAskedFor) {
  struct Case {
    int status;
    std::string body;
    bool ok;
    size_t services;
  };
  const Case cases[] = {
      {200, OneService(kWeb), true, 1},     {200, OneService(kOwner), true, 0},      {404, "unknown service", true, 0},
      {403, "Permission denied", false, 0}, {500, "rpc error: no leader", false, 0},
  };
  for (const auto& [status, body, ok, services] : cases) {
    agent_.answers[kDirect] = {status, body};
    const auto target = Search();
    ASSERT_EQ(target.ok(), ok) << status << target.status().text();
    if (ok) {
      EXPECT_THAT(target.value().services, SizeIs(services)) << body;
    } else {
      EXPECT_THAT(target.status().text(), AllOf(HasSubstr("node1:web.1:80"), HasSubstr("web.1 was not stopped")));
    }
  }
}

TEST_F(DrainSearchTest, WhatTheListHasIsNotAskedFor) {
  agent_.answers["GET /v1/agent/services"].body = R"({"node1:web.1:80":)" + OneService(kOwner) + "}";
  EXPECT_THAT(Search().value().services, IsEmpty());
  EXPECT_THAT(agent_.Asked("GET /v1/agent/service/"), IsEmpty());
}

TEST_F(DrainSearchTest, WaitsForTheLongestOfTheServices) {
  EXPECT_EQ(Search().value().wait, 10s);
  EXPECT_EQ(Search({"--drain", "4s"}).value().wait, 4s);
  engine_.answers[kInspect].body = InspectJson(kWeb, "web.1", "running", R"({"SERVICE_DRAIN":"3s"})");
  EXPECT_EQ(Search().value().wait, 3s);
  EXPECT_EQ(Search({"--wait", "1s"}).value().wait, 1s);
}

std::string GuestOf(const std::string& owner) {
  return R"({"Id":")" + kWeb + R"(","Name":"/web.1","State":{"Status":"running","Running":true},)" +
         R"("Config":{"Image":"api","Labels":{"SERVICE_DRAIN":"7s","SERVICE_PORTS":"80"}},)" +
         R"("HostConfig":{"NetworkMode":"container:)" + owner + R"("},"NetworkSettings":{}})";
}

TEST_F(DrainSearchTest, AGuestInTheNetworkOfAnotherContainer) {
  engine_.answers[kInspect].body = GuestOf(kOwner);
  engine_.answers["GET /v1.41/containers/" + kOwner + "/json"] = {200, InspectJson(kOwner, "front", "running")};
  EXPECT_EQ(Search().value().wait, 7s);
  EXPECT_THAT(agent_.Asked(kDirect), SizeIs(1));
}

TEST_F(DrainSearchTest, AGuestOfNobodyAndOneOfItself) {
  engine_.answers[kInspect].body = GuestOf(kOwner);
  EXPECT_EQ(Search().value().wait, 10s);
  engine_.answers[kInspect].body = GuestOf(kWeb);
  engine_.answers["GET /v1.41/containers/" + kWeb + "/json"] = {200, GuestOf(kWeb)};
  EXPECT_EQ(Search().value().wait, 10s);
}

}  // namespace
}  // namespace signpost::registrar
