// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/outcome.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace signpost::registry {
namespace {

TEST(OutcomeTest, StatusOfHttpCodes) {
  const std::pair<int, const char*> cases[] = {
      {199, "critical"}, {200, "passing"},  {204, "passing"}, {299, "passing"},  {300, "critical"}, {304, "critical"},
      {404, "critical"}, {428, "critical"}, {429, "warning"}, {430, "critical"}, {500, "critical"}, {0, "critical"}};
  for (const auto& [code, word] : cases) EXPECT_EQ(StatusWord(StatusOfHttp(code)), word) << code;
}

TEST(OutcomeTest, StatusOfExitCodes) {
  const std::pair<int, const char*> cases[] = {{0, "passing"},    {1, "warning"},    {2, "critical"},
                                               {126, "critical"}, {255, "critical"}, {-1, "critical"}};
  for (const auto& [code, word] : cases) EXPECT_EQ(StatusWord(StatusOfExit(code)), word) << code;
}

TEST(OutcomeTest, HeartbeatsKeepTheirFirstBytes) {
  EXPECT_EQ(CutHeartbeat("", 10), "");
  EXPECT_EQ(CutHeartbeat("0123456789", 10), "0123456789");
  EXPECT_EQ(CutHeartbeat("0123456789a", 10), "0123456789 ... (captured 10 of 11 bytes)");
}

TEST(OutcomeTest, ExpiryQuotesWhatWasSaidLast) {
  EXPECT_EQ(ExpiredText(""), "TTL expired");
  EXPECT_EQ(ExpiredText("all fine"), "TTL expired (last output before timeout follows): all fine");
}

TEST(OutcomeTest, DurationsAsGoPrintsThem) {
  const std::pair<int64_t, const char*> cases[] = {{-5, "0s"},           {0, "0s"},           {1, "1ms"},
                                                   {250, "250ms"},       {1000, "1s"},        {1500, "1.5s"},
                                                   {1050, "1.05s"},      {30000, "30s"},      {60000, "1m0s"},
                                                   {90001, "1m30.001s"}, {3600000, "1h0m0s"}, {90061000, "25h1m1s"}};
  for (const auto& [millis, text] : cases) EXPECT_EQ(GoDuration(Millis(millis)), text);
}

// Results as letters (p, w, c) and which of them count.
std::string Counted(int success_before_passing, int failures_before_critical, const std::string& results) {
  Thresholds thresholds(success_before_passing, failures_before_critical);
  std::string out;
  for (const char c : results) {
    const CheckStatus status = c == 'p'   ? CheckStatus::kPassing
                               : c == 'w' ? CheckStatus::kWarning
                                          : CheckStatus::kCritical;
    out += thresholds.Counts(status) ? c : '-';
  }
  return out;
}

TEST(ThresholdsTest, ResultsCountWhenThereAreEnoughInARow) {
  struct Case {
    int success;
    int failures;
    const char* results;
    const char* counted;
  };
  for (const Case& c : {
           Case{0, 0, "pcpwc", "pcpwc"},
           Case{1, 1, "pcpc", "pcpc"},
           Case{3, 2, "pppppccc", "ppppp-cc"},  // the very first results count at once
           Case{3, 2, "ccppp", "cc--p"},        //
           Case{3, 0, "ppcpwpp", "ppc--pp"},    // warnings are successes
           Case{0, 3, "pccpccc", "p--p--c"},    // a success between starts the count anew
           Case{2, 2, "pcpcpcc", "p-----c"},    // neither side wins while they alternate
           Case{-1, -7, "pcpc", "pcpc"},
       }) {
    EXPECT_EQ(Counted(c.success, c.failures, c.results), c.counted)
        << c.success << "/" << c.failures << " " << c.results;
  }
}

}  // namespace
}  // namespace signpost::registry
