// Signpost. Apache-2.0; see LICENSE.
#include "common/base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace signpost {
namespace {

using testing::HasSubstr;

TEST(Counter, Adds) {
  Counter counter;
  EXPECT_EQ(counter.value(), 0U);
  counter.Add();
  counter.Add(41);
  EXPECT_EQ(counter.value(), 42U);
}

TEST(MetricsText, CountersAndGauges) {
  MetricsText metrics;
  metrics.AddCounter("queries_total", "Queries.", 3, {{"type", "A"}});
  metrics.AddGauge("age_seconds", "Age.", 1.5);
  metrics.AddCounter("queries_total", "Queries.", 4, {{"type", "SRV"}});
  const std::string text = metrics.Render();
  EXPECT_THAT(text, HasSubstr("# HELP queries_total Queries.\n# TYPE queries_total counter\n"
                              "queries_total{type=\"A\"} 3\nqueries_total{type=\"SRV\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE age_seconds gauge\nage_seconds 1.5\n"));
  EXPECT_LT(text.find("queries_total"), text.find("age_seconds"));
}

TEST(MetricsText, HistogramsAreCumulative) {
  MetricsText metrics;
  const std::array<double, 2> bounds = {0.1, 1};
  const std::array<uint64_t, 3> counts = {5, 3, 2};
  metrics.AddHistogram("delay_seconds", "Delay.", bounds, counts, 12.5);
  const std::string text = metrics.Render();
  EXPECT_THAT(text, HasSubstr("delay_seconds_bucket{le=\"0.1\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("delay_seconds_bucket{le=\"1\"} 8\n"));
  EXPECT_THAT(text, HasSubstr("delay_seconds_bucket{le=\"+Inf\"} 10\n"));
  EXPECT_THAT(text, HasSubstr("delay_seconds_count 10\n"));
  EXPECT_THAT(text, HasSubstr("delay_seconds_sum 12.5\n"));
}

TEST(MetricsText, LabelsAreEscaped) {
  MetricsText metrics;
  metrics.AddGauge("g", "h", 1, {{"l", "a\"b\\c\nd"}});
  EXPECT_THAT(metrics.Render(), HasSubstr(R"(g{l="a\"b\\c\nd"} 1)"));
}

}  // namespace
}  // namespace signpost
