// Signpost. Apache-2.0; see LICENSE.
#include "common/net/poll.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "tests/support/run_loop.h"

namespace signpost::net {
namespace {

using test::RunTurns;
using test::RunUntil;

class PollTest : public ::testing::Test {
 protected:
  PollTest() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0); }
  ~PollTest() override {
    for (const int fd : ends) close(fd);
  }
  void Tell(char c) { EXPECT_EQ(write(ends[1], &c, 1), 1); }
  char Hear() {
    char c = 0;
    return read(ends[0], &c, 1) == 1 ? c : '\0';
  }

  Loop loop;
  std::array<int, 2> ends{};
  unsigned seen = 0;
  int calls = 0;
};

TEST_F(PollTest, TellsReadable) {
  Poll poll(loop, ends[0], [&](unsigned events) {
    seen |= events;
    EXPECT_EQ(Hear(), 'x');
  });
  poll.Start(kReadable);
  RunTurns(loop);
  EXPECT_EQ(seen, 0U);
  Tell('x');
  EXPECT_TRUE(RunUntil(loop, [&] { return seen == kReadable; }));
}

TEST_F(PollTest, IsLevelTriggered) {
  Poll poll(loop, ends[0], [&](unsigned) { ++calls; });
  poll.Start(kReadable);
  Tell('x');
  EXPECT_TRUE(RunUntil(loop, [&] { return calls >= 3; }));
}

TEST_F(PollTest, StartReplacesTheEvents) {
  Poll poll(loop, ends[0], [&](unsigned events) {
    seen |= events;
    ++calls;
  });
  poll.Start(kReadable | kWritable);
  EXPECT_TRUE(RunUntil(loop, [&] { return seen == kWritable; }));
  poll.Start(kReadable);
  calls = 0;
  RunTurns(loop);
  EXPECT_EQ(calls, 0);
  Tell('x');
  EXPECT_TRUE(RunUntil(loop, [&] { return (seen & kReadable) != 0; }));
  poll.Start(0);
  calls = 0;
  RunTurns(loop);
  EXPECT_EQ(calls, 0);
  poll.Start(kReadable);
  EXPECT_TRUE(RunUntil(loop, [&] { return calls > 0; }));
}

TEST_F(PollTest, AnErrorIsToldAndWatchingGoesOn) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in nobody{};
  nobody.sin_family = AF_INET;
  nobody.sin_port = htons(9);  // discard: nothing listens there
  nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&nobody), sizeof nobody), 0);
  {
    Poll poll(loop, fd, [&](unsigned events) {
      seen |= events;
      char c = 0;
      EXPECT_EQ(recv(fd, &c, 1, 0), -1);
      if (errno == ECONNREFUSED) ++calls;
    });
    poll.Start(kReadable);
    for (int round = 1; round <= 3; ++round) {
      EXPECT_EQ(send(fd, "x", 1, 0), 1);
      EXPECT_TRUE(RunUntil(loop, [&] { return calls == round; }));
    }
    EXPECT_EQ(seen, kReadable | kWritable);
  }
  close(fd);
}

TEST_F(PollTest, MayDieInItsCallback) {
  auto poll = std::make_unique<Poll>(loop, ends[0], [](unsigned) {});
  poll = nullptr;
  poll = std::make_unique<Poll>(loop, ends[0], [&](unsigned) {
    poll.reset();
    ++calls;
  });
  poll->Start(kReadable);
  Tell('x');
  EXPECT_TRUE(RunUntil(loop, [&] { return calls == 1; }));
  RunTurns(loop);
  EXPECT_EQ(calls, 1);
}

TEST_F(PollTest, DescriptorMayBeClosedAndItsNumberReusedAtOnce) {
  const int number = dup(ends[0]);
  close(number);
  std::optional<Poll> poll;
  for (int i = 0; i < 3; ++i) {
    const int fd = dup(ends[0]);
    ASSERT_EQ(fd, number);
    poll.emplace(loop, fd, [&](unsigned) {
      ++calls;
      Hear();
    });
    poll->Start(kReadable);
    Tell('x');
    EXPECT_TRUE(RunUntil(loop, [&] { return calls == i + 1; }));
    poll.reset();
    close(fd);
  }
}

}  // namespace
}  // namespace signpost::net
