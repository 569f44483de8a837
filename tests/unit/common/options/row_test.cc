// Signpost. Apache-2.0; see LICENSE.
#include "common/options/row.h"

#include <gtest/gtest.h>

namespace signpost::options {
namespace {

std::string RefuseAll(std::string_view) { return "is never right"; }

TEST(Complaint, NamesBoundsAndValue) {
  const Row integer{.name = "n", .type = Type::kInteger, .min = 1, .max = 10};
  const Row open{.name = "n", .type = Type::kInteger, .min = 1};
  const Row duration{.name = "d", .type = Type::kDuration, .min = 100, .max = 60'000};
  const Row word{.name = "w", .type = Type::kWord, .words = {"text", "json"}};
  const Row flag{.name = "b", .type = Type::kBool};
  const Row ttl{.name = "t", .type = Type::kDurationMap, .max = 10'000};
  const Row limit{.name = "l", .type = Type::kIntegerMap, .max = 5};
  const Row file{.name = "f", .type = Type::kFile};
  const Row secret{.name = "s", .type = Type::kInteger, .max = 5, .secret = true};
  const Row checked{.name = "c", .check = RefuseAll};
  struct Case {
    const Row& row;
    std::string_view text;
    std::string_view complaint;
  };
  const Case cases[] = {
      {integer, "1", ""},
      {integer, "10", ""},
      {integer, "0", "must be an integer from 1 to 10, not '0'"},
      {integer, "11", "must be an integer from 1 to 10, not '11'"},
      {integer, "x", "must be an integer from 1 to 10, not 'x'"},
      {open, "0", "must be an integer of at least 1, not '0'"},
      {duration, "100ms", ""},
      {duration, "1m", ""},
      {duration, "99ms", "must be a duration from 100ms to 1m, such as 10s, 500ms or 1m30s, not '99ms'"},
      {duration, "10", "needs a unit: write 10s, not 10"},
      {word, "json", ""},
      {word, "JSON", "must be one of text, json, not 'JSON'"},
      {flag, "true", ""},
      {flag, "yes", "must be true or false, not 'yes'"},
      {ttl, "web*=10s", ""},
      {ttl, "web=11s", "must be NAME=DURATION with a duration from 0s to 10s, such as web=10s, not 'web=11s'"},
      {ttl, "web=7", "needs a unit: write web=7s, not web=7"},
      {limit, "web=5", ""},
      {limit, "web", "must be NAME=INTEGER with an integer from 0 to 5, such as web=3, not 'web'"},
      {file, "/dev/null", ""},
      {file, "/nowhere/at/all", "must name a file that can be read, not '/nowhere/at/all'"},
      {secret, "hush", "must be an integer from 0 to 5"},
      {checked, "anything", "is never right"},
  };
  for (const auto& [row, text, complaint] : cases)
    EXPECT_EQ(Complaint(row, text), complaint) << row.name << " " << text;
}

TEST(Canonical, BooleansAsGoReadsThemAndNumbersWithTheRowsUnit) {
  const Row flag{.name = "b", .type = Type::kBool};
  const Row seconds{.name = "s", .type = Type::kDuration, .bare_unit = "s"};
  const Row duration{.name = "d", .type = Type::kDuration};
  const Row text{.name = "t"};
  struct Case {
    const Row& row;
    std::string_view given;
    std::string_view canonical;
  };
  const Case cases[] = {
      {flag, "1", "true"},   {flag, "T", "true"},    {flag, "False", "false"}, {flag, "0", "false"},
      {flag, "yes", "yes"},  {flag, "true", "true"}, {seconds, "60", "60s"},   {seconds, "90s", "90s"},
      {seconds, "1m", "1m"}, {seconds, "", ""},      {seconds, "-1", "-1s"},   {duration, "60", "60"},
      {text, "1", "1"},
  };
  for (const auto& [row, given, canonical] : cases) EXPECT_EQ(Canonical(row, std::string(given)), canonical) << given;
}

TEST(FindRow, TakesTheAliasLetterByLetter) {
  const Rows rows = {{.name = "use-ip-from-label", .alias = "useIpFromLabel"}, {.name = "domain"}};
  EXPECT_EQ(FindRow(rows, "useIpFromLabel"), &rows[0]);
  EXPECT_EQ(FindRow(rows, "use_ip_from_label"), &rows[0]);
  EXPECT_EQ(FindRow(rows, "useipfromlabel"), nullptr);
}

TEST(FindRow, TakesBothSpellings) {
  const Rows rows = {{.name = "node-ttl"}, {.name = "domain"}};
  EXPECT_EQ(FindRow(rows, "node_ttl"), &rows[0]);
  EXPECT_EQ(FindRow(rows, "node-ttl"), &rows[0]);
  EXPECT_EQ(FindRow(rows, "nodettl"), nullptr);
  EXPECT_EQ(FindRow(rows, ""), nullptr);
}

TEST(Suggestion, NearNamesOnly) {
  const Rows rows = {{.name = "node-ttl"}, {.name = "domain"}, {.name = "dev"}};
  EXPECT_EQ(Suggestion(rows, "node_tll", "--"), " (did you mean --node-ttl?)");
  EXPECT_EQ(Suggestion(rows, "domian", ""), " (did you mean domain?)");
  EXPECT_EQ(Suggestion(rows, "recursor", "--"), "");
  EXPECT_EQ(Suggestion(rows, "h", "--"), "");
}

}  // namespace
}  // namespace signpost::options
