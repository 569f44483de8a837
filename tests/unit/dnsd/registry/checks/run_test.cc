// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/run.h"

#include <gtest/gtest.h>

#include "tests/unit/dnsd/registry/checks/run_fixture.h"

namespace signpost::registry {
namespace {

TEST_F(RunTest, NoCommandRunsUnlessTheOperatorWantsIt) {
  for (const Kind kind : {Kind::kScript, Kind::kDocker}) {
    CheckDefinition definition = Define(kind);
    definition.docker_container_id = "c";
    definition.script_args = {"true"};
    EXPECT_EQ(RunToEnd(definition), (Outcome{CheckStatus::kCritical, "Scripts are disabled on this agent"}));
  }
}

TEST_F(RunTest, DefaultTimesAndSizesAreConsuls) {
  CheckDefinition definition;
  definition.kind = Kind::kHttp;
  EXPECT_EQ(TimeoutOf(definition), Millis(10000));
  definition.kind = Kind::kScript;
  EXPECT_EQ(TimeoutOf(definition), Millis(30000));
  definition.timeout = Millis(70);
  EXPECT_EQ(TimeoutOf(definition), Millis(70));
  definition.output_max_size = -1;
  EXPECT_EQ(OutputLimitOf(definition), 4096U);
}

}  // namespace
}  // namespace signpost::registry
