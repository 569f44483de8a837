// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/cookies.h"

#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

struct Case {
  Fields fields;
  std::optional<std::string_view> value;  // of "id"
};

TEST(CookiesTest, FindsByName) {
  const Case cases[] = {
      {{}, std::nullopt},
      {{{"Cookie", "id=1"}}, "1"},
      {{{"cookie", "a=b; id=1; c=d"}}, "1"},
      {{{"Cookie", "a=b"}, {"Cookie", "id=2"}}, "2"},
      {{{"Cookie", "id=1"}, {"Cookie", "id=2"}}, "1"},
      {{{"Cookie", "ID=1"}}, std::nullopt},
      {{{"Cookie", "xid=1; idx=2"}}, std::nullopt},
      {{{"Cookie", "id=\"quoted\""}}, "quoted"},
      {{{"Cookie", "id=a=b"}}, "a=b"},
      {{{"Cookie", "id="}}, ""},
      {{{"Cookie", "id"}}, std::nullopt},
      {{{"Cookie", ";;; =;id=1"}}, "1"},
      {{{"X-Cookie", "id=1"}}, std::nullopt},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.fields.empty() ? "no field" : one.fields.back().value);
    EXPECT_EQ(FindCookie(one.fields, "id"), one.value);
  }
}

TEST(CookiesTest, HexTextGoesBothWays) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{0x123456789abcdef0}, ~uint64_t{0}}) {
    EXPECT_EQ(HexText(value).size(), 16U);
    EXPECT_EQ(ParseHexText(HexText(value)), value);
  }
  for (const char* text : {"", "1", "0123456789ABCDEF", "0123456789abcdeg", "0123456789abcdef0", "-123456789abcdef"}) {
    EXPECT_EQ(ParseHexText(text), std::nullopt) << text;
  }
}

TEST(CookiesTest, WritesTheFieldLine) {
  std::string out = "A: b\r\n";
  AppendSetCookie("route", "12ab", out);
  EXPECT_EQ(out, "A: b\r\nSet-Cookie: route=12ab; Path=/; HttpOnly; SameSite=Lax\r\n");
}

}  // namespace
}  // namespace signpost::lb
