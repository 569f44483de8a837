// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/alias.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::registry {
namespace {

AliasView::Check Of(const char* name, const char* status, const char* output, bool of_node = false,
                    const char* type = "ttl") {
  return {.name = name, .status = status, .output = output, .type = type, .of_node = of_node};
}

TEST(AliasTest, TheWorstCheckDecides) {
  struct Case {
    std::vector<AliasView::Check> checks;
    const char* status;
    const char* output;
  };
  const std::vector<Case> cases = {
      {{}, "passing", "No checks found."},
      {{Of("A", "passing", "x")}, "passing", "All checks passing."},
      {{Of("A", "passing", "x"), Of("B", "warning", "slow")}, "warning", "Aliased check \"B\" failing: slow"},
      {{Of("B", "warning", "slow"), Of("A", "passing", "x")}, "warning", "Aliased check \"B\" failing: slow"},
      {{Of("B", "warning", "slow"), Of("A", "critical", "x")}, "critical", "Aliased check \"A\" failing: x"},
      {{Of("A", "critical", "x"), Of("B", "critical", "y")}, "critical", "Aliased check \"A\" failing: x"},
      {{Of("N", "critical", "disk full", true)}, "critical", "Aliased check \"N\" failing: disk full"},
      {{Of("I", "critical", "me", true, "alias")}, "passing", "No checks found."},
      {{Of("I", "critical", "it", false, "alias")}, "critical", "Aliased check \"I\" failing: it"},
      {{Of("A", "strange", "x")}, "passing", "All checks passing."},
  };
  for (const Case& c : cases) {
    const Outcome outcome = JudgeAlias({.found = true, .checks = c.checks}, "n", "s", 4096);
    EXPECT_EQ(StatusWord(outcome.status), c.status) << c.output;
    EXPECT_EQ(outcome.output, c.output);
  }
}

TEST(AliasTest, AMissingServiceIsCritical) {
  EXPECT_EQ(JudgeAlias({.found = false, .checks = {Of("N", "passing", "", true)}}, "n2", "web", 4096),
            (Outcome{CheckStatus::kCritical, "Service web could not be found on node n2"}));
}

TEST(AliasTest, CirclesComeToRest) {
  Outcome outcome{CheckStatus::kCritical, "first"};
  Outcome before;
  for (int round = 0; round < 50; ++round) {
    before = outcome;
    outcome = JudgeAlias({.found = true, .checks = {Of("C", "critical", outcome.output.c_str())}}, "", "s", 100);
  }
  EXPECT_EQ(outcome, before);
  EXPECT_EQ(outcome.output.size(), 100U);
}

}  // namespace
}  // namespace signpost::registry
