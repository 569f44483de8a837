// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/consul_policies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(DecodeBase64Test, ReadsAndRefuses) {
  const std::pair<const char*, const char*> good[] = {
      {"", ""}, {"eA==", "x"}, {"eHk=", "xy"}, {"eHl6", "xyz"}, {"++//", "\xfb\xef\xff"}};
  for (const auto& [text, bytes] : good) EXPECT_EQ(DecodeBase64(text), bytes) << text;
  for (const char* bad : {"e", "eA", "eA=", "====", "e===", "eA==eA==", "eA =", "e-__"})
    EXPECT_EQ(DecodeBase64(bad), std::nullopt) << bad;
}

TEST(ReadPoliciesTest, TakesKeysDirectlyBelowThePrefix) {
  const auto read = ReadPolicies(R"([{"Key":"lb/policy/web","Value":"eHl6"},{"Key":"lb/policy/","Value":null},
    {"Key":"lb/policy/a/b","Value":"eHl6"},{"Key":"other/web","Value":"eHl6"},{"Key":"lb/policy/bad","Value":"!"},
    {"Key":"lb/policy/empty","Value":null},1,{}])",
                                 "lb/policy/");
  ASSERT_TRUE(read.ok());
  EXPECT_THAT(read.value(), ElementsAre(Pair("web", "xyz")));
}

TEST(ReadPoliciesTest, NothingThereIsNoPolicies) {
  EXPECT_THAT(ReadPolicies("", "lb/policy/").value(), IsEmpty());
  EXPECT_THAT(ReadPolicies("[]", "lb/policy/").value(), IsEmpty());
  EXPECT_EQ(ReadPolicies("{}", "lb/policy/").status().kind(), ErrorKind::kInvalid);
  EXPECT_EQ(ReadPolicies("[", "lb/policy/").status().kind(), ErrorKind::kInvalid);
}

TEST(ReadPoliciesTest, HugeValuesAreLeftOut) {
  const std::string body = R"([{"Key":"p/web","Value":")" + std::string(200000, 'A') + R"("}])";
  EXPECT_THAT(ReadPolicies(body, "p/").value(), IsEmpty());
}

}  // namespace
}  // namespace signpost::lb
