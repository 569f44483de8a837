// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/counters.h"

#include <gtest/gtest.h>

#include <memory>

namespace signpost::query {
namespace {

TEST(CountersTest, TypesWithTheirOwnName) {
  const std::pair<uint16_t, std::string_view> kCases[] = {{1, "A"},      {28, "AAAA"}, {33, "SRV"}, {16, "TXT"},
                                                          {12, "PTR"},   {255, "ANY"}, {6, "SOA"},  {2, "NS"},
                                                          {15, "other"}, {0, "other"}};
  for (const auto& [type, name] : kCases) EXPECT_EQ(kTypeNames[static_cast<size_t>(BucketOf(type))], name) << type;
}

TEST(CountersTest, RcodesHaveNames) {
  EXPECT_EQ(RcodeName(0), "NOERROR");
  EXPECT_EQ(RcodeName(3), "NXDOMAIN");
  EXPECT_EQ(RcodeName(9), "NOTAUTH");
  EXPECT_EQ(RcodeName(16), "BADVERS");
  EXPECT_EQ(RcodeName(4000), "BADVERS") << "never past the end";
}

TEST(CountersTest, LatencyFallsIntoTheBucketThatEndsAboveIt) {
  const auto counters = std::make_unique<Counters>();
  counters->RecordLatency(1, 1);
  counters->RecordLatency(10000, 2);  // 10 us: the first bound, which belongs to the first bucket
  counters->RecordLatency(10001, 3);
  counters->RecordLatency(2000000000, 4);  // above every bound
  EXPECT_EQ(counters->latency[0].value(), 3U);
  EXPECT_EQ(counters->latency[1].value(), 3U);
  EXPECT_EQ(counters->latency.back().value(), 4U);
  EXPECT_EQ(counters->latency_nanos.value(), 1U + 20000 + 30003 + 8000000000);
}

}  // namespace
}  // namespace signpost::query
