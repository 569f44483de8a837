// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/split_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::registrar {
namespace {

using testing::ElementsAre;

TEST(SplitCommand, CutsAtBlanks) {
  EXPECT_THAT(SplitCommand("  nc\t-z  host\n80 ").value(), ElementsAre("nc", "-z", "host", "80"));
}

TEST(SplitCommand, KeepsWhatIsQuoted) {
  EXPECT_THAT(SplitCommand("sh -c 'a | b && \"c\"' \"d 'e' \\\"f\\\" \\n\" \"\"").value(),
              ElementsAre("sh", "-c", "a | b && \"c\"", "d 'e' \"f\" \\n", ""));
  EXPECT_THAT(SplitCommand("a'b c'\"d e\"f").value(), ElementsAre("ab cd ef"));
}

TEST(SplitCommand, ABackslashQuotesOneCharacter) {
  EXPECT_THAT(SplitCommand("a\\ b \\\"c \\\\ \\").value(), ElementsAre("a b", "\"c", "\\", "\\"));
}

TEST(SplitCommand, RefusesAQuoteWithoutEndAndNothing) {
  for (const char* text : {"sh -c 'oops", "\"", "", "  \t"}) EXPECT_FALSE(SplitCommand(text).ok()) << text;
}

}  // namespace
}  // namespace signpost::registrar
