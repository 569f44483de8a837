// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/pending_bytes.h"

#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

TEST(PendingBytesTest, GivesInOrderWhatWasNotTaken) {
  PendingBytes pending;
  EXPECT_TRUE(pending.empty());
  pending.Append("abc");
  pending.tail() += "def";
  pending.Took(2);
  EXPECT_EQ(pending.view(), "cdef");
  pending.Append("g");
  EXPECT_EQ(pending.size(), 5U);
  pending.Took(5);
  EXPECT_TRUE(pending.empty());
}

TEST(PendingBytesTest, DoesNotKeepWhatWasTaken) {
  PendingBytes pending;
  const std::string piece(70000, 'x');
  pending.Append(piece);
  for (int round = 0; round < 100; ++round) {
    pending.Append(piece);
    pending.Took(piece.size());
    ASSERT_EQ(pending.size(), piece.size());
    ASSERT_LE(pending.tail().size(), 2 * piece.size());
  }
}

TEST(PendingBytesTest, ReleaseGivesLargeMemoryBack) {
  PendingBytes pending;
  pending.Append(std::string(100000, 'x'));
  pending.Release();
  EXPECT_TRUE(pending.empty());
  EXPECT_LT(pending.tail().capacity(), 100000U);
}

}  // namespace
}  // namespace signpost::lb
