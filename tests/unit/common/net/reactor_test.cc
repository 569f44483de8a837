// Signpost. Apache-2.0; see LICENSE.
// A loop with a reactor: everything else of this folder goes on working on it.
#include "common/net/reactor.h"

#include <gmock/gmock.h>

#include <optional>
#include <thread>
#include <vector>

#include "common/net/connect.h"
#include "common/net/poll.h"
#include "common/net/tcp.h"
#include "common/net/timer.h"
#include "tests/unit/common/net/reactor_fixture.h"

namespace signpost::net {
namespace {

using ::testing::ElementsAre;

// A deadline that does something. As a limit it needs no libuv timer, which would make libuv run.
struct Alarm final : DeadlineOwner {
  explicit Alarm(std::function<void()> act) : then(std::move(act)) {}
  void OnDeadline(Deadline& /*deadline*/) override { then(); }
  std::function<void()> then;
  Deadline deadline{*this};
};

class ReactorTest : public ReactorFixture {
 protected:
  // Runs until Stop; false when nobody stopped it within five seconds.
  bool RunUntilStopped() {
    bool late = false;
    Alarm limit([&] {
      late = true;
      loop.Stop();
    });
    reactor.Arm(limit.deadline, Millis(5000));
    loop.Run();
    return !late;
  }
};

TEST_F(ReactorTest, TasksRunInOrder) {
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 3; ++i) loop.Post([&, i] { order.push_back(i); });
    loop.Post([&] { loop.Stop(); });
  });
  EXPECT_TRUE(RunUntilStopped());
  other.join();
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
}

TEST_F(ReactorTest, TaskPostedInOnReadyRuns) {
  TestOwner owner;
  owner.then = [&](StreamSocket&) { loop.Post([&] { loop.Stop(); }); };
  const Link link = Connected(owner);
  link.here->Again();
  EXPECT_TRUE(RunUntilStopped());
}

TEST_F(ReactorTest, TimersKeepTheirTime) {
  const Nanos before = reactor.Now();
  int ticks = 0;
  Timer tick(loop, [&] { ++ticks; });
  tick.StartPeriodic(Millis(2));
  Timer end(loop, [&] { loop.Stop(); });
  end.Start(Millis(30));
  EXPECT_TRUE(RunUntilStopped());
  EXPECT_GE(reactor.Now() - before, Millis(29));  // libuv counts from the millisecond that has begun
  EXPECT_GE(ticks, 1);
  EXPECT_LE(ticks, 16);
}

// libuv tells the kernel of new descriptors only when it runs.
TEST_F(ReactorTest, LibuvObjectsBegunInOnReadyAreNotMissed) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  std::optional<Poll> poll;
  std::optional<Timer> timer;
  int told = 0;
  TestOwner owner;
  owner.then = [&](StreamSocket&) {
    timer.emplace(loop, [&] {
      ++told;
      poll.emplace(loop, ends[0], [&](unsigned) {
        poll.reset();
        if (++told == 2) loop.Stop();
      });
      poll->Start(kReadable);
    });
    timer->Start(Millis(1));
  };
  const Link link = Connected(owner);
  link.here->Again();
  EXPECT_TRUE(RunUntilStopped());
  owner.then = [&](StreamSocket&) {
    poll.emplace(loop, ends[0], [&](unsigned) { loop.Stop(); });
    poll->Start(kReadable);
  };
  link.here->Again();
  EXPECT_TRUE(RunUntilStopped());
  // And begun in a deadline's call, when nothing else happens.
  Alarm alarm([&] {
    poll.emplace(loop, ends[0], [&](unsigned) { loop.Stop(); });
    poll->Start(kReadable);
  });
  poll.reset();
  reactor.Arm(alarm.deadline, Millis(1));
  EXPECT_TRUE(RunUntilStopped());
}

TEST_F(ReactorTest, ListenersAndStreamsOfLibuvWork) {
  std::unique_ptr<TcpStream> stream;
  const auto accept = [&](std::unique_ptr<TcpStream> made) {
    stream = std::move(made);
    const auto echo = [&](std::span<const uint8_t> bytes) { stream->Write(bytes); };
    stream->SetHandlers({.on_data = echo, .on_end = [](const Status&) {}, .on_drained = nullptr});
    stream->StartReading();
  };
  const SocketAddress any = SocketAddress::Parse("127.0.0.1:0", 1).value();
  const auto tcp = TcpListener::Listen(loop, any, {}, accept).value();
  PlainSocket client(tcp->local());
  client.Send("ping");
  EXPECT_TRUE(RunUntil(loop, [&] { return client.Read() && client.got == "ping"; }));
}

TEST_F(ReactorTest, NamesAreLookedUpOnItsLoop) {
  bool connected = false;
  const auto attempt =
      Connection::Start(loop, "localhost", address.port(), Millis(5000), [&](Result<std::unique_ptr<TcpStream>> made) {
        connected = made.ok();
        loop.Stop();
      });
  EXPECT_TRUE(RunUntilStopped());
  EXPECT_TRUE(connected);
}

TEST_F(ReactorTest, StopFromAnotherThreadEndsRun) {
  for (int i = 0; i < 20; ++i) {
    std::thread other([&] { loop.Stop(); });
    EXPECT_TRUE(RunUntilStopped());
    other.join();
  }
}

TEST_F(ReactorTest, StopInsideAnyCallEndsRunAndTheLoopRunsAgain) {
  TestOwner owner;
  owner.then = [&](StreamSocket& socket) {
    socket.Again();
    loop.Stop();
  };
  Link link = Connected(owner);
  link.here->Again();
  for (int run = 1; run <= 3; ++run) {
    EXPECT_TRUE(RunUntilStopped());
    EXPECT_EQ(owner.calls, run);
  }
  link.here.reset();
  Alarm alarm([&] { loop.Stop(); });
  reactor.Arm(alarm.deadline, Millis(1));
  EXPECT_TRUE(RunUntilStopped());
  Timer timer(loop, [&] { loop.Stop(); });
  timer.Start(Millis(1));
  EXPECT_TRUE(RunUntilStopped());
}

TEST_F(ReactorTest, DeadlinesKeepTheirTime) {
  for (const int after : {1, 5, 20, 100}) {
    const Nanos begin = SystemClock().Monotonic();
    Alarm alarm([&] { loop.Stop(); });
    reactor.Arm(alarm.deadline, Millis(after));
    EXPECT_TRUE(RunUntilStopped());
    const Nanos took = SystemClock().Monotonic() - begin;
    EXPECT_GE(took, Millis(after));
    EXPECT_LT(took, Millis(after + after / 8 + 1000)) << "even on a busy machine";
  }
}

TEST_F(ReactorTest, DeadlinesAndTimersDoNotHoldEachOtherUp) {
  std::string order;
  Alarm first([&] { order += "d"; });
  Timer second(loop, [&] { order += "t"; });
  Alarm last([&] {
    order += "D";
    loop.Stop();
  });
  reactor.Arm(last.deadline, Millis(60));
  second.Start(Millis(30));
  reactor.Arm(first.deadline, Millis(5));
  EXPECT_TRUE(RunUntilStopped());
  EXPECT_EQ(order, "dtD");
}

TEST_F(ReactorTest, NowStandsStillWithinATurn) {
  TestOwner owner;
  Nanos seen{0};
  owner.then = [&](StreamSocket& socket) {
    const Nanos now = reactor.Now();
    EXPECT_GT(now, seen);
    seen = now;
    const Nanos start = SystemClock().Monotonic();
    while (SystemClock().Monotonic() - start < Millis(2)) continue;
    EXPECT_EQ(reactor.Now(), now);
    if (owner.calls < 3) return socket.Again();
    loop.Stop();
  };
  const Link link = Connected(owner);
  link.here->Again();
  EXPECT_TRUE(RunUntilStopped());
  EXPECT_EQ(owner.calls, 3);
}

TEST_F(ReactorTest, SlabIsForEverybody) {
  EXPECT_EQ(reactor.Slab().size(), size_t{64} << 10);
  EXPECT_EQ(reactor.Slab().data(), reactor.Slab().data());
  EXPECT_EQ(&reactor.loop(), &loop);
}

TEST(ReactorLifeTest, TheLoopGoesOnWithoutIt) {
  Loop loop;
  for (int i = 0; i < 2; ++i) {
    const Reactor reactor(loop);
    RunTurns(loop);
  }
  RunTurns(loop);
}

TEST(ReactorDeathTest, OneLoopHasOneReactor) {
  Loop loop;
  const Reactor first(loop);
  EXPECT_DEATH(Reactor second(loop), "runs or has one");
}

}  // namespace
}  // namespace signpost::net
