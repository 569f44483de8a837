// Signpost. Apache-2.0; see LICENSE.
#include "common/base/siphash.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace signpost {
namespace {

// Key 00 01 .. 0f, message 00 01 .. of the given size.
uint64_t HashOfSize(size_t size) {
  SipKey key;
  std::iota(key.begin(), key.end(), uint8_t{0});
  std::vector<uint8_t> message(size);
  std::iota(message.begin(), message.end(), uint8_t{0});
  return SipHash24(key, message);
}

TEST(SipHash, IsThePublishedFunction) {
  EXPECT_EQ(HashOfSize(15), 0xa129ca6149be45e5U);  // the paper, appendix A
  const struct {
    size_t size;
    uint64_t hash;
  } kReference[] = {// of the authors' program
                    {0, 0x726fdb47dd0e0e31},  {1, 0x74f839c593dc67fd},  {2, 0x0d6c8009d9a94f5a},
                    {3, 0x85676696d7fb7e2d},  {4, 0xcf2794e0277187b7},  {5, 0x18765564cd99a68d},
                    {6, 0xcbc9466e58fee3ce},  {7, 0xab0200f58b01d137},  {8, 0x93f5f5799a932462},
                    {9, 0x9e0082df0ba9e4b0},  {16, 0x3f2acc7f57c29bdb}, {24, 0xb8ad50c6f649af94},
                    {31, 0x32d892fad841c342}, {32, 0x7127512f72f27cce}, {63, 0x958a324ceb064572}};
  for (const auto& c : kReference) EXPECT_EQ(HashOfSize(c.size), c.hash) << c.size;
}

}  // namespace
}  // namespace signpost
