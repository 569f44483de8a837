// Signpost. Apache-2.0; see LICENSE.
#include "common/net/splice_pipe.h"

#include <algorithm>

#include "tests/unit/common/net/reactor_fixture.h"

namespace signpost::net {
namespace {

constexpr size_t kStep = 256 << 10;

class SplicePipeTest : public ReactorFixture {
 protected:
  // Moves what can be moved from `from` to `to`, as a relay does. The last result of a Fill or Drain.
  IoResult Pump() {
    for (;;) {
      const IoResult in = pipe->Fill(*from.here, kStep);
      if (in.kind != Io::kBytes && pipe->held() == 0) return in;
      const IoResult out = pipe->Drain(*to.here);
      if (out.kind != Io::kBytes || pipe->held() > 0) return out;
    }
  }
  void RunPump() {
    for (TestOwner* owner : {&from_owner, &to_owner}) {
      owner->then = [this](StreamSocket&) { last = Pump(); };
    }
  }

  TestOwner from_owner, to_owner;
  Link from = Connected(from_owner);
  Link to = Connected(to_owner);
  std::unique_ptr<SplicePipe> pipe = SplicePipe::Make().value();
  IoResult last;
};

TEST_F(SplicePipeTest, EmptyOneWaits) {
  EXPECT_EQ(pipe->Fill(*from.here, kStep).kind, Io::kWait);
  EXPECT_EQ(pipe->Drain(*to.here).kind, Io::kWait);
  EXPECT_EQ(pipe->held(), 0U);
}

TEST_F(SplicePipeTest, MovesBytes) {
  from.there.Send("some bytes");
  EXPECT_TRUE(RunUntil(loop, [&] { return from.here->readable(); }));
  EXPECT_EQ(pipe->Fill(*from.here, 4).size, 4U);
  EXPECT_EQ(pipe->held(), 4U);
  EXPECT_EQ(pipe->Drain(*to.here).size, 4U);
  EXPECT_EQ(pipe->Fill(*from.here, kStep).size, 6U);
  EXPECT_EQ(pipe->Drain(*to.here).size, 6U);
  EXPECT_EQ(pipe->Fill(*from.here, kStep).kind, Io::kWait);
  EXPECT_FALSE(from.here->readable());
  EXPECT_TRUE(RunUntil(loop, [&] { return to.there.Read() && to.there.got == "some bytes"; }));
}

TEST_F(SplicePipeTest, TenMebibytesArriveUnchangedThroughASlowReader) {  // case T25
  RunPump();
  std::string text(10 << 20, '\0');
  uint32_t state = 1;
  for (char& c : text) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  size_t sent = 0;
  const auto step = [&] {
    const ssize_t n = send(from.there.fd(), text.data() + sent, text.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) sent += static_cast<size_t>(n);
    if (sent == text.size()) from.there.FinishSending();
    // Reads only when nothing moves any more, so that every buffer on the way is full now and then.
    if (n <= 0 || sent == text.size()) to.there.Read();
    return to.there.got.size() == text.size() && last.kind == Io::kEnd;
  };
  EXPECT_TRUE(RunUntil(loop, step, Millis(20000))) << sent << " sent, " << to.there.got.size() << " arrived";
  EXPECT_TRUE(to.there.got == text);
}

TEST_F(SplicePipeTest, FullPipeWaitsAndGoesOnWhenDrained) {
  const std::string much(kStep, 'x');
  size_t sent = 0;
  size_t in = 0;
  IoResult result;
  EXPECT_TRUE(RunUntil(loop, [&] {
    const ssize_t n = send(from.there.fd(), much.data(), much.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) sent += static_cast<size_t>(n);
    result = pipe->Fill(*from.here, kStep);
    in += result.size;
    return result.kind == Io::kWait && from.here->readable() && pipe->held() > 0;
  }));
  EXPECT_EQ(in, pipe->held());
  EXPECT_EQ(pipe->Drain(*to.here).kind, Io::kBytes);
  EXPECT_EQ(pipe->Fill(*from.here, kStep).kind, Io::kBytes) << "the socket was not empty";
}

TEST_F(SplicePipeTest, ShortFillIsFollowedByACall) {
  from.there.Send("first");
  EXPECT_TRUE(RunUntil(loop, [&] { return from_owner.calls == 1; }));
  EXPECT_EQ(pipe->Fill(*from.here, kStep).size, 5U);
  EXPECT_TRUE(RunUntil(loop, [&] { return from_owner.calls == 2; })) << "who stopped there would wait for ever";
}

TEST_F(SplicePipeTest, TellsTheEndAndTheReset) {
  from.there.Send("x");
  from.there.FinishSending();
  EXPECT_TRUE(RunUntil(loop, [&] { return from.here->peer_closed(); }));
  EXPECT_EQ(pipe->Fill(*from.here, kStep).size, 1U);
  EXPECT_EQ(pipe->Fill(*from.here, kStep).kind, Io::kEnd);
  from.there.Abort();
  EXPECT_TRUE(RunUntil(loop, [&] { return from.here->broken(); }));
  EXPECT_EQ(pipe->Fill(*from.here, kStep).kind, Io::kReset);
  to.there.Abort();
  EXPECT_TRUE(RunUntil(loop, [&] { return to.here->broken(); }));
  EXPECT_EQ(pipe->Drain(*to.here).kind, Io::kReset);
}

TEST_F(SplicePipeTest, CannotBeMadeWithoutDescriptors) {
  const NoDescriptors none;
  const auto made = SplicePipe::Make();
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.status().kind(), ErrorKind::kSystem);
}

}  // namespace
}  // namespace signpost::net
