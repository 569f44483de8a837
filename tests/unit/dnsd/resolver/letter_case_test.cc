// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/letter_case.h"

#include <gtest/gtest.h>

#include <set>

#include "common/base/secure_random.h"
#include "tests/unit/dnsd/resolver/upstream_message.h"

namespace signpost::resolver {
namespace {

TEST(LetterCase, OneBitForEachLetter) {
  struct Case {
    const char* name;
    uint64_t bits;
    const char* expected;
  };
  constexpr Case kCases[] = {
      {"www.example.com", 0, "www.example.com"},
      {"www.example.com", ~uint64_t{0}, "WWW.EXAMPLE.COM"},
      {"www.example.com", 0b1'0000'0000'0001, "Www.example.coM"},
      {"a-1.b_2", 0b10, "a-1.B_2"},
      {"1.2.0.192", ~uint64_t{0}, "1.2.0.192"},
      {".", ~uint64_t{0}, "."},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(MixCase(WireName(c.name), [&] { return c.bits; }), WireName(c.expected)) << c.name;
  }
}

TEST(LetterCase, DrawsAgainAfter64Letters) {
  const std::string label(40, 'a');
  int draws = 0;
  const std::string mixed =
      MixCase(WireName(label + "." + label), [&] { return ++draws == 1 ? uint64_t{0} : ~uint64_t{0}; });
  EXPECT_EQ(draws, 2);
  EXPECT_EQ(mixed, WireName(label + "." + std::string(24, 'a') + std::string(16, 'A')));
}

TEST(LetterCase, LengthsOfLabelsStay) {
  const std::string longest(63, 'z');
  EXPECT_EQ(MixCase(WireName(longest), [] { return ~uint64_t{0}; }), WireName(std::string(63, 'Z')));
}

TEST(LetterCase, OtherBytesStay) {
  const std::string name("\004\xc3\x9c[`\000", 6);
  EXPECT_EQ(MixCase(name, [] { return ~uint64_t{0}; }), name);
}

TEST(LetterCase, HardlyEverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(MixCase(WireName("a-rather-long-name.example.com"), SecureU64));
  EXPECT_GT(seen.size(), 990U);  // of 2^24
}

}  // namespace
}  // namespace signpost::resolver
