// Signpost. Apache-2.0; see LICENSE.
#include "common/options/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace signpost::options {
namespace {

using testing::HasSubstr;

const Rows& TestRows() {
  static const Rows rows = {
      {.name = "listen", .value = "ADDR", .help = "Where to listen", .defaults = {"a:1", "b:2"}, .repeatable = true},
      {.name = "dev", .type = Type::kBool, .help = "Keep nothing", .defaults = {"false"}, .bare = "true"},
      {.name = "meta",
       .type = Type::kBool,
       .help = "Add meta",
       .defaults = {"true"},
       .bare = "true",
       .reloadable = true},
      {.name = "help", .type = Type::kWord, .value = "markdown", .help = "Print this", .bare = "text"},
      {.name = "use-ip", .alias = "useIp", .help = "Take it"},
      {.name = "token", .help = "A|B", .default_note = "none", .environment = "TOKEN", .secret = true},
      {.name = "an-option-with-a-long-name",
       .value = "A-LONG-VALUE",
       .help = "Words and words and words and words and "
               "words and words and words and words and words and words and words and words"},
  };
  return rows;
}

TEST(HelpText, ListsEveryRow) {
  const std::string help = HelpText("prog [options]", "does things", TestRows());
  EXPECT_THAT(help, HasSubstr("usage: prog [options]\ndoes things\n\n"));
  EXPECT_THAT(help, HasSubstr("  --listen ADDR                   Where to listen (repeatable; default: a:1, b:2)\n"));
  EXPECT_THAT(help, HasSubstr("  --dev                           Keep nothing (default: false)\n"));
  EXPECT_THAT(help, HasSubstr("  --meta=false                    Add meta (default: true)\n"));
  EXPECT_THAT(help, HasSubstr("  --help[=markdown]               Print this\n"));
  EXPECT_THAT(help, HasSubstr("Take it (also --useIp)\n"));
  EXPECT_THAT(help, HasSubstr("A|B (default: none; environment: TOKEN; not on the command line)\n"));
}

TEST(HelpText, WrapsAt110Columns) {
  std::istringstream lines(HelpText("prog [options]", "does things", TestRows()));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 110U) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
}

TEST(HelpMarkdown, OneLinePerRow) {
  const std::string table = HelpMarkdown(TestRows());
  EXPECT_THAT(table, HasSubstr("| `--listen ADDR` | `a:1`, `b:2` |  |  | Where to listen; repeatable |\n"));
  EXPECT_THAT(table, HasSubstr("| `--meta=false` | `true` |  | yes | Add meta |\n"));
  EXPECT_THAT(table, HasSubstr("|  |  |  | Take it; also `--useIp` |\n"));
  EXPECT_THAT(table, HasSubstr("| `--token TEXT` | none | `TOKEN` |  | A\\|B; never on the command line |\n"));
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), static_cast<ptrdiff_t>(TestRows().size() + 2));
}

}  // namespace
}  // namespace signpost::options
