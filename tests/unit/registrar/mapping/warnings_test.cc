// Signpost. Apache-2.0; see LICENSE.
// What strangers' labels may not do to the log.
#include "registrar/mapping/warnings.h"

#include <gmock/gmock.h>

namespace signpost::registrar::test {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(ShortWarning, KeepsTheBeginningAndTheEnd) {
  EXPECT_EQ(ShortWarning(std::string(300, 'a')), std::string(300, 'a'));
  const std::string cut = ShortWarning("SERVICE_X=" + std::string(60'000, 'a') + " is left out; write 80");
  EXPECT_THAT(cut, SizeIs(300));
  EXPECT_THAT(cut, StartsWith("SERVICE_X=aaa"));
  EXPECT_THAT(cut, EndsWith("aaa is left out; write 80"));
}

// Whatever the place of the cuts is.
TEST(ShortWarning, CutsBetweenCharacters) {
  for (const char* character : {"\u00e9", "\u20ac", "\U0001F600"}) {
    for (size_t shift = 0; shift < 4; ++shift) {
      std::string text(shift, 'a');
      for (int i = 0; i < 400; ++i) text += character;
      std::string cut = ShortWarning(text);
      EXPECT_LE(cut.size(), 300U);
      EXPECT_GE(cut.size(), 290U);
      for (size_t at = 0; (at = cut.find(character)) != std::string::npos;)
        cut.erase(at, std::string(character).size());
      EXPECT_EQ(cut, std::string(shift, 'a') + " ... ");
    }
  }
}

TEST(ShortWarning, OfBytesThatAreNoCharacters) { EXPECT_LE(ShortWarning(std::string(60'000, '\x80')).size(), 300U); }

TEST(FinishedWarnings, AreEachOnceWithTheName) {
  EXPECT_THAT(FinishedWarnings("x: ", {"b", "a", "b"}), ElementsAre("x: b", "x: a"));
}

TEST(CondenseWarnings, OnlyWhenThereAreMany) {
  Strings few = {"a", "a"};
  CondenseWarnings(few);
  EXPECT_THAT(few, SizeIs(2));
  Strings many(1000, "a");
  many.emplace_back("b");
  CondenseWarnings(many);
  EXPECT_THAT(many, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace signpost::registrar::test
