// Signpost. Apache-2.0; see LICENSE.
#include "registrar/first_contact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/support/run_loop.h"
#include "tests/unit/registrar/fake_neighbours.h"

namespace signpost::registrar {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

Status Try(net::Loop& loop, const std::string& url, int attempts) {
  consul::AgentOptions options;
  options.url = url;
  consul::AgentClient agent(loop, options);
  std::optional<Status> result;
  const FirstContact contact(loop, agent, attempts, Millis(1), [&](Status status) { result = std::move(status); });
  EXPECT_TRUE(test::RunUntil(loop, [&] { return result.has_value(); }));
  return result.value_or(Status::Unavailable("no result"));
}

// A starting server without a leader says 200 or 500: it is there.
TEST(FirstContact, AnyReplyWillDo) {
  net::Loop loop;
  FakeNeighbour agent(loop);
  agent.answers["GET /v1/status/leader"] = {500, "no leader"};
  EXPECT_TRUE(Try(loop, "http://" + agent.address(), 0).ok());
  EXPECT_THAT(agent.requests, SizeIs(1));
}

TEST(FirstContact, GivesUpAfterTheTries) {
  net::Loop loop;
  // Nobody listens on port 1.
  EXPECT_THAT(Try(loop, "http://127.0.0.1:1", 2).text(), HasSubstr("the Consul agent does not answer"));
}

}  // namespace
}  // namespace signpost::registrar
