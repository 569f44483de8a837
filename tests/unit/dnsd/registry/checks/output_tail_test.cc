// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/output_tail.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::registry {
namespace {

TEST(OutputTailTest, KeepsTheEndHoweverThePiecesAreCut) {
  std::string whole;
  for (int i = 0; i < 100; ++i) whole += std::to_string(i) + ",";
  for (const size_t max : {1U, 7U, 20U, 289U, 290U, 1000U}) {
    for (const size_t piece : {1U, 3U, 50U, 1000U}) {
      OutputTail tail(max);
      for (size_t at = 0; at < whole.size(); at += piece) tail.Append(std::string_view(whole).substr(at, piece));
      const std::string end = whole.size() <= max ? whole : whole.substr(whole.size() - max);
      EXPECT_EQ(tail.Text(), end) << max << " " << piece;
      EXPECT_EQ(tail.total(), whole.size());
    }
  }
}

TEST(OutputTailTest, NotesWhatWasLost) {
  OutputTail tail(4);
  EXPECT_EQ(tail.WithNote(), "");
  tail.Append("abcd");
  EXPECT_EQ(tail.WithNote(), "abcd");
  tail.Append("e");
  EXPECT_EQ(tail.WithNote(), "Captured 4 of 5 bytes\n...\nbcde");
  EXPECT_EQ(tail.Text(), "bcde");
}

}  // namespace
}  // namespace signpost::registry
