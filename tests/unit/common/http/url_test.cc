// Signpost. Apache-2.0; see LICENSE.
#include "common/http/url.h"

#include <gtest/gtest.h>

namespace signpost::http {
namespace {

TEST(UrlTest, DecodesEscapes) {
  EXPECT_EQ(PercentDecode("plain"), "plain");
  EXPECT_EQ(PercentDecode("a%20b%2Fc%2f"), "a b/c/");
  EXPECT_EQ(PercentDecode("%c3%A9"), "\xc3\xa9");
  EXPECT_EQ(PercentDecode(""), "");
  EXPECT_EQ(PercentDecode("a+b"), "a+b");
  EXPECT_EQ(PercentDecode("a+b%2B", PlusMeans::kSpace), "a b+");
  EXPECT_EQ(PercentDecode("%00")->size(), 1U);
}

TEST(UrlTest, RefusesBrokenEscapes) {
  for (const char* text : {"%", "%2", "a%", "%zz", "%2g", "%g2", "%%20", "% 2", "%-1"}) {
    EXPECT_EQ(PercentDecode(text), std::nullopt) << text;
  }
}

TEST(UrlTest, FindsQueryParameters) {
  const char* const query = "index=12&stale&tag=a%26b&tag=second&empty=&pl+us=x+y&eq=a=b";
  EXPECT_EQ(QueryParam(query, "index"), "12");
  EXPECT_EQ(QueryParam(query, "stale"), "");
  EXPECT_EQ(QueryParam(query, "tag"), "a&b") << "the first of two";
  EXPECT_EQ(QueryParam(query, "empty"), "");
  EXPECT_EQ(QueryParam(query, "pl us"), "x y");
  EXPECT_EQ(QueryParam(query, "eq"), "a=b");
  EXPECT_EQ(QueryParam(query, "inde"), std::nullopt);
  EXPECT_EQ(QueryParam(query, "Index"), std::nullopt) << "names are case-sensitive";
  EXPECT_EQ(QueryParam("", "a"), std::nullopt);
  EXPECT_EQ(QueryParam("", ""), std::nullopt);
  EXPECT_EQ(QueryParam("&&a=1&", "a"), "1");
  EXPECT_EQ(QueryParam("a=%zz&a=2", "a"), "2") << "a broken value is no value";
}

TEST(UrlTest, FindsEveryValueOfAParameter) {
  using Values = std::vector<std::string>;
  const char* const query = "tag=a&x=1&tag=b%20c&%74ag=d&tag&tag=%zz&tag=a";
  EXPECT_EQ(QueryParams(query, "tag"), (Values{"a", "b c", "d", "", "a"}));
  EXPECT_EQ(QueryParams(query, "x"), Values{"1"});
  EXPECT_EQ(QueryParams(query, "y"), Values{});
  EXPECT_EQ(QueryParams("", "tag"), Values{});
}

TEST(UrlTest, EncodesWhatAPathOrQueryWouldMisread) {
  EXPECT_EQ(EncodePathSegment("web-1_a.b~"), "web-1_a.b~");
  EXPECT_EQ(EncodePathSegment("a/b?c#d%e f+g"), "a%2Fb%3Fc%23d%25e%20f%2Bg");
  EXPECT_EQ(EncodeQuery("a&b=c+d;e/f"), "a%26b%3Dc%2Bd%3Be%2Ff");
  EXPECT_EQ(EncodeQuery("\xc3\xa9\x01"), "%C3%A9%01");
}

TEST(UrlTest, EveryByteSurvivesARoundTrip) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(PercentDecode(EncodePathSegment(all)), all);
  EXPECT_EQ(QueryParam("x=1&" + EncodeQuery(all) + "=" + EncodeQuery(all), all), all);
}

}  // namespace
}  // namespace signpost::http
