// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/json_prefix.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::registry {
namespace {

struct Case {
  std::string text;
  std::string value;
  std::string error;
};

TEST(FirstJsonValue, IsTheFirstOfABody) {
  const Case cases[] = {
      {.text = R"({"a": [1, -2.5e+3, true, null, "x\"\u00e9"]})",
       .value = R"({"a": [1, -2.5e+3, true, null, "x\"\u00e9"]})",
       .error = ""},
      {.text = " \n{} trailing", .value = "{}", .error = ""},
      {.text = "{}{", .value = "{}", .error = ""},
      {.text = "null", .value = "null", .error = ""},
      {.text = "12 13", .value = "12", .error = ""},
      {.text = "[[],{\"a\":{}}]]", .value = "[[],{\"a\":{}}]", .error = ""},
  };
  for (const Case& each : cases) {
    const auto value = FirstJsonValue(each.text);
    ASSERT_TRUE(value.ok()) << each.text << ": " << value.status().text();
    EXPECT_EQ(value.value(), each.value);
  }
}

TEST(FirstJsonValue, FailsInGoWords) {
  const Case cases[] = {
      {.text = "", .value = "", .error = "EOF"},
      {.text = " \n\t", .value = "", .error = "EOF"},
      {.text = R"({"a": 1)", .value = "", .error = "unexpected EOF"},
      {.text = R"({"a)", .value = "", .error = "unexpected EOF"},
      {.text = R"(["\u00)", .value = "", .error = "unexpected EOF"},
      {.text = "[1,", .value = "", .error = "unexpected EOF"},
      {.text = "nul", .value = "", .error = "unexpected EOF"},
      {.text = "x", .value = "", .error = "invalid character 'x' looking for beginning of value"},
      {.text = "not json", .value = "", .error = "invalid character 'o' in literal null (expecting 'u')"},
      {.text = "trie", .value = "", .error = "invalid character 'i' in literal true (expecting 'u')"},
      {.text = "falsy", .value = "", .error = "invalid character 'y' in literal false (expecting 'e')"},
      {.text = R"({"a":1,})", .value = "", .error = "invalid character '}' looking for beginning of object key string"},
      {.text = R"({'a':1})",
       .value = "",
       .error = R"(invalid character '\'' looking for beginning of object key string)"},
      {.text = R"({"a" 1})", .value = "", .error = "invalid character '1' after object key"},
      {.text = R"({"a":1 "b"})", .value = "", .error = R"(invalid character '"' after object key:value pair)"},
      {.text = "[1 2]", .value = "", .error = "invalid character '2' after array element"},
      {.text = "[1,]", .value = "", .error = "invalid character ']' looking for beginning of value"},
      {.text = "-x", .value = "", .error = "invalid character 'x' in numeric literal"},
      {.text = "1.x", .value = "", .error = "invalid character 'x' after decimal point in numeric literal"},
      {.text = "1ex", .value = "", .error = "invalid character 'x' in exponent of numeric literal"},
      {.text = R"("\q")", .value = "", .error = "invalid character 'q' in string escape code"},
      {.text = R"("\u00g0")", .value = "", .error = "invalid character 'g' in \\u hexadecimal character escape"},
      {.text = "\"a\nb\"", .value = "", .error = R"(invalid character '\n' in string literal)"},
      {.text = std::string("\"a\0b\"", 5), .value = "", .error = R"(invalid character '\x00' in string literal)"},
      {.text = "\xc3\xa9", .value = "", .error = "invalid character '\xc3\x83' looking for beginning of value"},
  };
  for (const Case& each : cases) {
    const auto value = FirstJsonValue(each.text);
    ASSERT_FALSE(value.ok()) << each.text;
    EXPECT_EQ(value.status().text(), each.error) << each.text;
    EXPECT_EQ(value.status().kind(), ErrorKind::kInvalid);
  }
}

}  // namespace
}  // namespace signpost::registry
