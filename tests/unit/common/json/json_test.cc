// Signpost. Apache-2.0; see LICENSE.
#include "common/json/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace signpost::json {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Document Must(std::string_view text, Dialect dialect = Dialect::kStrict) {
  auto document = Document::Parse(text, dialect);
  if (!document.ok()) ADD_FAILURE() << text << ": " << document.status().text();
  return document.ok() ? std::move(document).value() : Document::Parse("null").value();
}

std::string Nested(int depth, std::string_view open, std::string_view close) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += open;
  for (int i = 0; i < depth; ++i) text += close;
  return text;
}

TEST(JsonDocument, ReadsEveryKindOfValue) {
  const Document document =
      Must(R"({"s":"aA\n\u00e9","i":-7,"u":18446744073709551615,"d":2.5,"t":true,"n":null,"a":[1,2],"o":{"k":1}})");
  const Value root = document.root();
  EXPECT_TRUE(root.IsObject());
  EXPECT_EQ(root.size(), 8U);
  EXPECT_EQ(root["s"].String(), "aA\n\xC3\xA9");
  EXPECT_EQ(root["i"].Int(), -7);
  EXPECT_EQ(root["u"].Uint(), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(root["d"].Double(), 2.5);
  EXPECT_TRUE(root["t"].Bool());
  EXPECT_TRUE(root["n"].present() && root["n"].IsNull());
  EXPECT_EQ(root["a"].size(), 2U);
  EXPECT_EQ(root["a"].At(1).Int(), 2);
  EXPECT_EQ(root["o"]["k"].Int(), 1);
}

TEST(JsonDocument, AccessorsOfTheWrongKindGiveTheFallback) {
  const Document document = Must(R"({"s":"x","i":-7,"big":18446744073709551615,"d":2.5,"a":[1]})");
  const Value root = document.root();
  EXPECT_EQ(root["i"].String("none"), "none");
  EXPECT_EQ(root["s"].Int(9), 9);
  EXPECT_EQ(root["d"].Int(9), 9);
  EXPECT_EQ(root["big"].Int(9), 9);
  EXPECT_EQ(root["i"].Uint(9), 9U);
  EXPECT_EQ(root["s"].Double(1.5), 1.5);
  EXPECT_TRUE(root["s"].Bool(true));
  EXPECT_FALSE(root["absent"].present());
  EXPECT_FALSE(root["a"].At(1).present());
  EXPECT_FALSE(root["absent"]["deeper"].At(3)["still"].present());
  EXPECT_EQ(Value().size(), 0U);
  EXPECT_EQ(Value().String("none"), "none");
}

TEST(JsonDocument, VisitsElementsAndMembersInOrder) {
  const Document document = Must(R"({"b":1,"a":[3,4],"":"empty"})");
  std::vector<std::string> keys;
  document.root().ForEachMember([&](std::string_view key, Value) { keys.emplace_back(key); });
  EXPECT_THAT(keys, ElementsAre("b", "a", ""));
  std::vector<int64_t> elements;
  document.root()["a"].ForEachElement([&](Value v) { elements.push_back(v.Int()); });
  EXPECT_THAT(elements, ElementsAre(3, 4));
  document.root().ForEachElement([&](Value) { ADD_FAILURE() << "an object has no elements"; });
  document.root()["a"].ForEachMember([&](std::string_view, Value) { ADD_FAILURE() << "an array has no members"; });
}

TEST(JsonDocument, OutlivesItsTextAndMoves) {
  std::string text = R"(["kept", "twice kept, longer than any short string"])";
  Document document = Must(text);
  text.assign(text.size(), 'x');
  Document moved = std::move(document);
  EXPECT_EQ(moved.root().At(1).String(), "twice kept, longer than any short string");
}

TEST(JsonDocument, FirstOfTwoEqualKeysWins) {
  const Document document = Must(R"({"k":1,"k":2})");
  EXPECT_EQ(document.root()["k"].Int(), 1);
}

TEST(JsonDocument, ToleratesBytesThatAreNotUtf8) {
  const Document document = Must("[\"a\xff\xc0z\"]");
  EXPECT_EQ(document.root().At(0).String(), "a\xff\xc0z");
}

TEST(JsonDocument, KeepsAnEscapedNul) {
  const Document document = Must(R"(["a\u0000b"])");
  EXPECT_EQ(document.root().At(0).String(), std::string_view("a\0b", 3));
}

TEST(JsonDocument, LimitsTheDepth) {
  EXPECT_TRUE(Document::Parse(Nested(64, "[", "]")).ok());
  EXPECT_THAT(Document::Parse(Nested(65, "[", "]")).status().text(), HasSubstr("deeper than 64"));
  EXPECT_THAT(Document::Parse(Nested(2'000'000, "[", "")).status().text(), HasSubstr("deeper than 64"));
  EXPECT_THAT(Document::Parse(Nested(500'000, R"({"a":)", "")).status().text(), HasSubstr("deeper than 64"));
  EXPECT_TRUE(Document::Parse("[" + Nested(63, "[", "]") + "," + Nested(63, "[", "]") + "]").ok());
}

TEST(JsonDocument, StrictRefusesWhatRfc8259Refuses) {
  const std::string_view cases[] = {"",           " ",     "{",       "[1,]",     R"({"a":1,})", "// c\n1",
                                    "[1] x",      "nul",   "01",      "+1",       "1e999",       "NaN",
                                    "'a'",        R"("a)", R"("\q")", "\"\n\"",   R"("\u12g4")", R"({1:2})",
                                    R"({"a" 1})", "[1 2]", "]",       R"("\ud8")"};
  for (const std::string_view text : cases) {
    const auto document = Document::Parse(text);
    EXPECT_FALSE(document.ok()) << text;
    EXPECT_EQ(document.status().kind(), ErrorKind::kInvalid) << text;
    EXPECT_THAT(document.status().text(), HasSubstr("line ")) << text;
  }
  EXPECT_FALSE(Document::Parse(std::string_view("{}\0{}", 5)).ok());
  EXPECT_FALSE(Document::Parse(std::string_view("[\"a\0b\"]", 7)).ok());
}

TEST(JsonDocument, CommentsDialectAddsCommentsAndTrailingCommas) {
  const Document document = Must("// head\n{\"a\": [1, 2,], /* in\nside */ \"b\": 3,}\n// tail", Dialect::kComments);
  EXPECT_EQ(document.root()["a"].size(), 2U);
  EXPECT_EQ(document.root()["b"].Int(), 3);
  EXPECT_FALSE(Document::Parse("/* unfinished", Dialect::kComments).ok());
  EXPECT_FALSE(Document::Parse("{\"a\":,}", Dialect::kComments).ok());
}

TEST(JsonDocument, SyntaxErrorsNameLineAndColumn) {
  EXPECT_THAT(Document::Parse("{\n  \"a\": 1,\n  \"b\" 2\n}").status().text(), HasSubstr("line 3, column 7"));
  EXPECT_THAT(Document::Parse("?").status().text(), HasSubstr("line 1, column 1"));
}

TEST(JsonWriter, WritesEveryKindOfValue) {
  Writer writer;
  writer.BeginObject().Key("s").String("a\"\n\xC3\xA9").Key("i").Int(-1).Key("u").Uint(7).Key("d").Double(2.5);
  writer.Key("a").BeginArray().Bool(true).Bool(false).Null().EndArray().EndObject();
  EXPECT_EQ(writer.Take(), "{\"s\":\"a\\\"\\n\xC3\xA9\",\"i\":-1,\"u\":7,\"d\":2.5,\"a\":[true,false,null]}");
}

TEST(JsonWriter, TakeLeavesItEmpty) {
  Writer writer;
  writer.Int(1);
  EXPECT_EQ(writer.Take(), "1");
  writer.BeginArray().EndArray();
  EXPECT_EQ(writer.Take(), "[]");
}

TEST(JsonWriter, PrettyIndentsByFour) {
  Writer writer(true);
  writer.BeginObject().Key("a").Int(1).EndObject();
  EXPECT_EQ(writer.Take(), "{\n    \"a\": 1\n}");
}

TEST(JsonWriter, RepairsWhatIsNotUtf8AndWhatIsNotANumber) {
  Writer writer;
  writer.BeginArray().String("a\xffz").Double(std::nan("")).Double(INFINITY).String({}).EndArray();
  EXPECT_EQ(writer.Take(), "[\"a\xEF\xBF\xBDz\",null,null,\"\"]");
}

TEST(JsonWriter, OutputIsReadBack) {
  Writer writer;
  std::string every;
  for (int c = 0; c < 128; ++c) every.push_back(static_cast<char>(c));
  writer.BeginArray().String(every).EndArray();
  const Document document = Must(writer.Take());
  EXPECT_EQ(document.root().At(0).String(), every);
}

}  // namespace
}  // namespace signpost::json
