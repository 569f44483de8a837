// Signpost. Apache-2.0; see LICENSE.
#include "lb/health/check_state.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::lb {
namespace {

// Results one after the other, and the verdict after each: + passed, - failed; U up, D down.
std::string Verdicts(std::string_view results, uint32_t rise, uint32_t fall) {
  CheckState state;
  std::string verdicts;
  for (const char result : results) {
    const bool before = state.healthy();
    const bool changed = state.Report(result == '+', rise, fall);
    EXPECT_EQ(changed, before != state.healthy());
    verdicts += state.healthy() ? 'U' : 'D';
  }
  return verdicts;
}

// Case F17.
TEST(CheckState, FallsAndRisesAfterSoManyInARow) {
  struct Case {
    std::string_view results, verdicts;
    uint32_t rise, fall;
  };
  const Case cases[] = {
      {"---++", "UUDDU", 2, 3},     {"--+---", "UUUUUD", 2, 3},  // a success in between begins anew
      {"---+-++", "UUDDDDU", 2, 3},                              // and so does a failure
      {"-+-+", "DUDU", 1, 1},       {"++++", "UUUU", 2, 3},     {"-----", "UUUUD", 1, 5},
  };
  for (const Case& c : cases) EXPECT_EQ(Verdicts(c.results, c.rise, c.fall), c.verdicts) << c.results;
}

}  // namespace
}  // namespace signpost::lb
