// Signpost. Apache-2.0; see LICENSE.
#include "common/base/secure_random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>
#include <vector>

namespace signpost {
namespace {

TEST(SecureRandom, FillsAnySize) {
  for (const size_t size : {1U, 16U, 1000U, 4095U, 4096U, 4097U, 70'000U}) {
    std::vector<uint8_t> bytes(size + 2, 0xee);
    // Sixteen fills leave no byte as it was but by a chance of 2^-128.
    std::vector<bool> touched(size);
    for (int i = 0; i < 16; ++i) {
      SecureBytes(std::span(bytes).subspan(1, size));
      for (size_t at = 0; at < size; ++at) {
        if (bytes[at + 1] != 0xee) touched[at] = true;
      }
    }
    EXPECT_EQ(std::count(touched.begin(), touched.end(), false), 0) << size;
    EXPECT_EQ(bytes.front(), 0xee) << size;
    EXPECT_EQ(bytes.back(), 0xee) << size;
  }
  SecureBytes({});
}

TEST(SecureRandom, DoesNotRepeat) {  // over more draws than the buffer holds
  std::set<uint64_t> seen;
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(seen.insert(SecureU64()).second) << i;
}

TEST(SecureRandom, IsUniform) {
  constexpr int kDraws = 100'000;
  std::array<int, 16> high{};
  std::array<int, 16> low{};
  for (int i = 0; i < kDraws; ++i) {
    const uint16_t value = SecureU16();
    ++high.at(value >> 12);
    ++low.at(value & 15);
  }
  for (const auto& counts : {high, low}) {
    double chi_square = 0;
    const double expected = kDraws / static_cast<double>(counts.size());
    for (const int count : counts) chi_square += (count - expected) * (count - expected) / expected;
    EXPECT_LT(chi_square, 60);  // 15 degrees of freedom: once in five million runs
  }
}

TEST(SecureRandom, ThreadsDrawTheirOwn) {
  uint64_t there = 0;
  std::thread([&] { there = SecureU64(); }).join();
  EXPECT_NE(there, SecureU64());
}

}  // namespace
}  // namespace signpost
