// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/loop_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::resolver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

net::SocketAddress At(const char* address) { return net::SocketAddress::Parse(address, 53).value(); }

TEST(LoopProbe, NamesNobodyElseKnows) {
  LoopProbe probe;
  const std::string label = probe.Begin(At("192.0.2.1"), 0x0123456789abcdef, 0);
  EXPECT_EQ(label, "signpost-loop-0123456789abcdef");
  const Question question = LoopProbe::QuestionFor(label);
  EXPECT_EQ(question.name, "\x1esignpost-loop-0123456789abcdef\016signpost-probe\004arpa" + std::string(1, '\0'));
  EXPECT_EQ(question.type, 16);
}

TEST(LoopProbe, KnowsItsOwnForTwoSeconds) {
  LoopProbe probe;
  const std::string one = probe.Begin(At("192.0.2.1"), 1, 1000);
  const std::string two = probe.Begin(At("192.0.2.2"), 2, 1000);
  EXPECT_FALSE(probe.Seen("signpost-loop-0000000000000003", 1000));
  EXPECT_EQ(probe.Seen(one, 3000), At("192.0.2.1"));
  EXPECT_FALSE(probe.Seen(one, 3000)) << "once";
  EXPECT_THAT(probe.TakeUnseen(3000), IsEmpty());
  EXPECT_FALSE(probe.Seen(two, 3001)) << "too late";
  EXPECT_THAT(probe.TakeUnseen(3001), ElementsAre(At("192.0.2.2")));
  EXPECT_THAT(probe.TakeUnseen(3001), IsEmpty());
}

}  // namespace
}  // namespace signpost::resolver
