// Signpost. Apache-2.0; see LICENSE.
#include "common/options/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::options {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::vector<std::pair<std::string, size_t>> Lines(std::string_view text) {
  const auto file = ParseConfig("f.json", text);
  EXPECT_TRUE(file.ok()) << file.status().text();
  std::vector<std::pair<std::string, size_t>> lines;
  if (!file.ok()) return lines;
  for (const ConfigEntry& entry : file->entries) lines.emplace_back(entry.key, entry.line);
  return lines;
}

TEST(ConfigFile, KnowsTheLineOfEveryKey) {
  EXPECT_THAT(Lines(R"(// "comment": 1
{ "a": 1, "b": "x:y",
  /* "not": 1,
     "this": 2 */
  "c": {"inner": 1, "two":
     [ {"deep": "\"}:"} ]},
  "d"
     : [1, 2], // "e": 5
  "c": "http://x", })"),
              ElementsAre(Pair("a", 2), Pair("b", 2), Pair("c", 5), Pair("d", 7), Pair("c", 9)));
  EXPECT_THAT(Lines("{}"), ElementsAre());
  EXPECT_THAT(Lines("{\"a\\\"b\":1}// end"), ElementsAre(Pair("a\"b", 1)));
}

TEST(ConfigFile, ErrorsNameTheFile) {
  EXPECT_THAT(ParseConfig("f.json", "{\n\"a\" 1}").status().text(), HasSubstr("f.json line 2, column 5"));
  EXPECT_EQ(ParseConfig("f.json", "[]").status().text(), "f.json must hold one JSON object: { \"option\": value }");
  EXPECT_EQ(ParseConfig("f.json", "[]").status().kind(), ErrorKind::kConfig);
  EXPECT_EQ(ReadConfigFile("/nowhere/f.json").status().text(),
            "the config file: cannot read /nowhere/f.json: No such file or directory");
  EXPECT_EQ(ReadConfigFile("/").status().text(), "the config file: cannot read /: Is a directory");
}

}  // namespace
}  // namespace signpost::options
