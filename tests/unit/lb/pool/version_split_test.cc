// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/version_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace signpost::lb {
namespace {

using testing::HasSubstr;

TEST(Shares, AreReadSortedAndNormalised) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"v1:95,v2:5", "v2:5,v1:95"},
      {" v1 : 95 , v2 : 5 ", "v2:5,v1:95"},
      {"a:50,b:50", "a:50,b:50"},
      {"a:33.33,b:33.33,c:33.34", "a:33.33,b:33.33,c:33.34"},
      {"a:0.01,b:99.99", "a:0.01,b:99.99"},
      {"a:0.5,b:99.5", "a:0.5,b:99.5"},
      {"a:1,b:1", "a:50,b:50"},
      {"a:1,b:2", "a:33.33,b:66.67"},
      {"a:100,b:0", "b:0,a:100"},
      {"only:7", "only:100"},
      {"a:10000,b:0.01", "b:0.01,a:99.99"},
  };
  for (const auto& [text, canonical] : cases) {
    const auto split = ParseShares(text);
    ASSERT_TRUE(split.ok()) << text;
    EXPECT_EQ(SharesText(split.value()), canonical) << text;
    const auto sum = std::accumulate(split.value().shares.begin(), split.value().shares.end(), 0U,
                                     [](uint32_t total, const VersionShare& share) { return total + share.share; });
    EXPECT_EQ(sum, 10000U) << text;
    EXPECT_EQ(ParseShares(canonical).value(), split.value()) << text;
  }
}

TEST(Shares, RefuseTheRest) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "not ''"},
      {",", "up to 8 versions"},
      {"v1", "up to 8 versions"},
      {"v1:", "up to 8 versions"},
      {":5", "up to 8 versions"},
      {"v1:x", "up to 8 versions"},
      {"v1:-5", "up to 8 versions"},
      {"v1:5.", "up to 8 versions"},
      {"v1:.5", "up to 8 versions"},
      {"v1:5.123", "up to 8 versions"},
      {"v1:99999999999999999999", "up to 8 versions"},
      {"v1:0,v2:0", "up to 8 versions"},
      {"v1:5,,v2:5", "up to 8 versions"},
      {"v\r\n1:5", "not 'v??1:5'"},
      {"v1:5,v2:5,v1:90", "every version once"},
      {"a:1,b:1,c:1,d:1,e:1,f:1,g:1,h:1,i:1", "up to 8 versions"},
  };
  for (const auto& [text, words] : cases) {
    const auto split = ParseShares(text);
    ASSERT_FALSE(split.ok()) << text;
    EXPECT_THAT(split.status().text(), HasSubstr(words)) << text;
  }
}

TEST(Policy, IsRead) {
  struct Case {
    std::string_view json, shares, key;
    bool strict;
  };
  const Case cases[] = {
      {R"({"split": "v1:95,v2:5"})", "v2:5,v1:95", "cookie:lbv", false},
      {R"({"split": "v1:95,v2:5", "key": "header:X-User", "strict": true})", "v2:5,v1:95", "header:X-User", true},
      {R"({"split": "a:1", "key": "client"})", "a:100", "client", false},
      {R"({"split": "a:1", "key": "none"})", "a:100", "none", false},
      {R"({"split": "a:1", "key": "cookie:who"})", "a:100", "cookie:who", false},
  };
  for (const Case& c : cases) {
    const auto split = ParsePolicy(c.json);
    ASSERT_TRUE(split.ok()) << c.json << ": " << split.status().text();
    EXPECT_EQ(SharesText(split.value()), c.shares) << c.json;
    EXPECT_EQ(SplitKeyText(split.value()), c.key) << c.json;
    EXPECT_EQ(split.value().strict, c.strict) << c.json;
  }
}

TEST(Policy, K07_RefusesTheRestInWords) {
  const std::pair<std::string, std::string_view> cases[] = {
      {"", "not usable"},
      {"{", "not usable"},
      {"[]", "must be an object"},
      {"{}", "split must be up to 8 versions"},
      {R"({"split": 5})", "'split' must be"},
      {R"({"split": "v1"})", "split must be up to 8 versions"},
      {R"({"split": "a:1", "strict": "yes"})", "'strict' must be"},
      {R"({"split": "a:1", "sticky": true})", "'sticky' must be"},
      {R"({"split": "a:1", "key": "cookie:"})", "key must be cookie:NAME"},
      {R"({"split": "a:1", "key": "cookie:a b"})", "key must be cookie:NAME"},
      {R"({"split": "a:1", "key": "client:x"})", "key must be cookie:NAME"},
      {R"({"split": ")" + std::string(5000, 'a') + "\"}", "longer than 4 KiB"},
  };
  for (const auto& [json, words] : cases) {
    const auto split = ParsePolicy(json);
    ASSERT_FALSE(split.ok()) << json;
    EXPECT_EQ(split.status().kind(), ErrorKind::kConfig) << json;
    EXPECT_THAT(split.status().text(), HasSubstr(words)) << json;
  }
}

}  // namespace
}  // namespace signpost::lb
