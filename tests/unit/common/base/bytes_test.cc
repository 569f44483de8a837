// Signpost. Apache-2.0; see LICENSE.
#include "common/base/bytes.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace signpost {
namespace {

TEST(ByteReader, ReadsBigEndian) {
  const std::vector<uint8_t> bytes = {1, 2, 3, 0xff, 5, 6, 7, 8, 9};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.U8(), 1);
  EXPECT_EQ(reader.U16(), 0x0203);
  EXPECT_EQ(reader.U32(), 0xff050607U);
  reader.Skip(1);
  EXPECT_EQ(reader.offset(), 8U);
  EXPECT_EQ(reader.remaining(), 1U);
  EXPECT_EQ(reader.Bytes(1)[0], 9);
  EXPECT_TRUE(reader.ok());
}

TEST(ByteReader, AReadPastTheEndSpoilsAllLaterOnes) {
  const std::vector<uint8_t> bytes = {1, 2, 3};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.U32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.U8(), 0);
  EXPECT_TRUE(reader.Bytes(1).empty());
  EXPECT_EQ(reader.offset(), 0U);
  ByteReader huge(bytes);
  huge.Skip(SIZE_MAX);
  EXPECT_FALSE(huge.ok());
}

TEST(ByteReader, EmptyInput) {
  ByteReader reader(std::span<const uint8_t>{});
  EXPECT_TRUE(reader.Bytes(0).empty());
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.U8(), 0);
  EXPECT_FALSE(reader.ok());
}

TEST(ByteWriter, WhatItWritesIsReadBack) {
  std::array<uint8_t, 16> buffer{};
  ByteWriter writer(buffer);
  writer.U8(0xab);
  writer.U16(0xcdef);
  writer.U32(0x01020304);
  writer.Text("xyz");
  writer.Bytes(nullptr, 0);
  ASSERT_TRUE(writer.ok());
  ByteReader reader(writer.written());
  EXPECT_EQ(reader.U8(), 0xab);
  EXPECT_EQ(reader.U16(), 0xcdef);
  EXPECT_EQ(reader.U32(), 0x01020304U);
  EXPECT_EQ(reader.Bytes(3)[2], 'z');
  EXPECT_EQ(reader.remaining(), 0U);
}

TEST(ByteWriter, AWriteThatDoesNotFitChangesNothing) {
  std::array<uint8_t, 3> buffer = {7, 7, 7};
  ByteWriter writer(buffer);
  writer.U16(0x0102);
  writer.U16(0x0304);
  EXPECT_FALSE(writer.ok());
  EXPECT_EQ(writer.size(), 2U);
  EXPECT_EQ(buffer[2], 7);
  writer.U8(1);  // would fit, but the message is spoilt
  EXPECT_EQ(writer.size(), 2U);
}

}  // namespace
}  // namespace signpost
