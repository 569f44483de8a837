// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/upstream_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

namespace signpost::resolver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "12": replies in 12 ms; "?": not known; "12-": misses replies; "12!": useless; "x": down; "o": loops.
std::vector<Upstream> Upstreams(const std::vector<std::string>& states) {
  std::vector<Upstream> all;
  for (const std::string& state : states) {
    Upstream& upstream = all.emplace_back(net::SocketAddress::Parse("192.0.2.1:53", 0).value());
    if (std::isdigit(state[0]) != 0) upstream.OnReply(std::stod(state));
    if (state.back() == '-') upstream.OnTimeout();
    if (state.back() == 'x') upstream.OnUnreachable("gone");
    for (int i = 0; state.back() == '!' && i < 5; ++i) upstream.OnUseless();
    upstream.set_loop(state.back() == 'o');
  }
  return all;
}

std::vector<size_t> Order(const std::vector<std::string>& states, uint64_t draw = 1) {
  const std::vector<Upstream> all = Upstreams(states);
  std::vector<const Upstream*> pointers;
  for (const Upstream& upstream : all) pointers.push_back(&upstream);
  return AskingOrder(pointers, draw);
}

TEST(AskingOrder, ByRoundTripAmongTheWell) {
  EXPECT_THAT(Order({"30", "10", "20"}), ElementsAre(1, 2, 0));
  EXPECT_THAT(Order({"?", "?", "?"}), ElementsAre(0, 1, 2));
  EXPECT_THAT(Order({"?", "30"}), ElementsAre(1, 0));
  EXPECT_THAT(Order({"1-", "30", "x", "2!"}), ElementsAre(1, 3, 0, 2));
  EXPECT_THAT(Order({"o", "x"}), ElementsAre(1));
  EXPECT_THAT(Order({"o"}), IsEmpty());
}

TEST(AskingOrder, OneInFiftyExplores) {
  std::map<size_t, int> first;
  for (uint64_t draw = 0; draw < 10'000; ++draw) ++first[Order({"10", "20", "?", "1-", "x"}, draw).front()];
  EXPECT_EQ(first[0], 9800);
  EXPECT_EQ(first[1], 100);
  EXPECT_EQ(first[2], 100);
  EXPECT_EQ(first[3] + first[4], 0) << "not by those that are not well";
}

TEST(AskingOrder, NothingIsKnownNothingToExplore) { EXPECT_THAT(Order({"?", "?"}, 0), ElementsAre(0, 1)); }

TEST(AskingOrder, ExploringKeepsTheRestInOrder) { EXPECT_THAT(Order({"10", "20", "30"}, 50), ElementsAre(2, 0, 1)); }

}  // namespace
}  // namespace signpost::resolver
