// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/request_buffer.h"

#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

RequestBuffer WithHead(std::string_view head, size_t replay) {
  RequestBuffer buffer;
  buffer.Clear(replay);
  buffer.head() += head;
  buffer.HeadDone();
  return buffer;
}

TEST(RequestBufferTest, SmallBodiesCanBeSentAgain) {
  RequestBuffer buffer = WithHead("HEAD", 4);
  EXPECT_FALSE(buffer.started());
  buffer.Append("ab");
  EXPECT_EQ(buffer.unsent(), "HEADab");
  buffer.Sent(5);
  EXPECT_TRUE(buffer.started());
  EXPECT_EQ(buffer.unsent(), "b");
  buffer.Append("cd");
  buffer.Sent(3);
  EXPECT_EQ(buffer.unsent(), "");
  EXPECT_FALSE(buffer.lost());
  EXPECT_FALSE(buffer.MayPass(0)) << "what is sent must be kept";
  buffer.Rewind();
  EXPECT_EQ(buffer.unsent(), "HEADabcd");
  EXPECT_FALSE(buffer.started());
}

TEST(RequestBufferTest, LargeOnesAreDroppedOnceTheyAreSent) {
  RequestBuffer buffer = WithHead("HEAD", 4);
  buffer.Append("abcde");
  EXPECT_FALSE(buffer.lost()) << "nothing was sent: a failed connect costs nothing";
  buffer.Sent(9);
  EXPECT_TRUE(buffer.lost());
  EXPECT_TRUE(buffer.started());
  buffer.Append("fg");
  EXPECT_EQ(buffer.unsent(), "fg");
}

TEST(RequestBufferTest, PassesBodiesThatNeedNotBeKept) {
  RequestBuffer buffer = WithHead("HEAD", 4);
  EXPECT_FALSE(buffer.MayPass(5)) << "the head is unsent";
  buffer.Sent(4);
  EXPECT_FALSE(buffer.MayPass(4));
  ASSERT_TRUE(buffer.MayPass(5));
  buffer.Pass();
  EXPECT_TRUE(buffer.lost());
  EXPECT_TRUE(buffer.MayPass(1));
  buffer.Append("x");
  EXPECT_FALSE(buffer.MayPass(1)) << "order";
}

TEST(RequestBufferTest, HoldsNoMoreThanIsUnsentOfALargeBody) {
  RequestBuffer buffer = WithHead("HEAD", 0);
  const std::string piece(100000, 'x');
  buffer.Append(piece);
  for (int round = 0; round < 100; ++round) {
    buffer.Append(piece);
    buffer.Sent(piece.size());
    ASSERT_EQ(buffer.unsent().size(), piece.size() + 4);
    ASSERT_LE(buffer.head().size(), 3 * piece.size());
  }
}

TEST(RequestBufferTest, ClearBeginsAnew) {
  RequestBuffer buffer = WithHead("HEAD", 0);
  buffer.Append("x");
  buffer.Sent(5);
  buffer.Clear(10);
  EXPECT_FALSE(buffer.started());
  EXPECT_FALSE(buffer.lost());
  EXPECT_EQ(buffer.unsent(), "");
}

}  // namespace
}  // namespace signpost::lb
