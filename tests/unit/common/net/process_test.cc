// Signpost. Apache-2.0; see LICENSE.
#include "common/net/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <optional>
#include <set>
#include <sstream>
#include <string>

#include "tests/support/run_loop.h"
#include "tests/unit/common/net/process_group.h"

namespace signpost::net {
namespace {

using test::RunTurns;
using test::RunUntil;

class ProcessTest : public ::testing::Test {
 protected:
  Process::Handlers Gather() {
    return {.on_output = [this](std::string_view piece) { output += piece; },
            .on_end = [this](ProcessEnd how) { end = how; }};
  }
  void Start(const std::vector<std::string>& args) {
    auto result = Process::Start(loop, args, Gather());
    ASSERT_TRUE(result.ok()) << result.status().text();
    process = std::move(result).value();
  }
  void RunShell(const std::string& script) {
    Start({"/bin/sh", "-c", script});
    EXPECT_TRUE(RunUntil(loop, [&] { return end.has_value(); }));
  }
  // The process group whose number the script printed.
  ::testing::AssertionResult GroupIsGone() {
    const int group = std::stoi(output);
    return RunUntil(loop, [&] { return !test::GroupIsAlive(group); });
  }

  Loop loop;
  std::string output;
  std::optional<ProcessEnd> end;
  std::unique_ptr<Process> process;
};

TEST_F(ProcessTest, TellsHowItEndedAndWhatItSaid) {
  struct Case {
    const char* script;
    int code;
    int signal;
    const char* output;
  };
  for (const Case& c : {Case{"echo out; echo err >&2", 0, 0, "out\nerr\n"}, Case{"exit 1", 1, 0, ""},
                        Case{"printf x; exit 255", 255, 0, "x"}, Case{"kill -9 $$", 0, 9, ""}}) {
    output.clear();
    end.reset();
    RunShell(c.script);
    ASSERT_TRUE(end) << c.script;
    EXPECT_EQ(end->code, c.code) << c.script;
    EXPECT_EQ(end->signal, c.signal) << c.script;
    EXPECT_EQ(output, c.output) << c.script;
  }
}

TEST_F(ProcessTest, PassesWordsAsTheyAre) {
  Start({"printf", "%s|", "a b", "$HOME", "*", "'", ""});
  ASSERT_TRUE(RunUntil(loop, [&] { return end.has_value(); }));
  EXPECT_EQ(output, "a b|$HOME|*|'||");
}

TEST_F(ProcessTest, SaysWhyAProgramCannotRun) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"/no/such/program"}, "no such file or directory"},
      {{"no-such-program-on-path"}, "no such file or directory"},
      {{"/etc/passwd"}, "permission denied"},
      {{}, "no program is given"},
  };
  for (const auto& [args, reason] : cases) {
    const auto result = Process::Start(loop, args, Gather());
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.status().text(), reason);
  }
  RunTurns(loop);
  EXPECT_FALSE(end) << "nothing is told of what never ran";
}

// Descriptors that the test program itself was given, as the runner of tests leaves some open.
std::set<std::string> GivenDescriptors() {
  std::set<std::string> given = {"0", "1", "2"};
  for (int fd = 3; fd < 1024; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) given.insert(std::to_string(fd));
  }
  return given;
}

TEST_F(ProcessTest, ReadsNothingAndInheritsNothingOfOurs) {
  const auto other = Process::Start(loop, {"sleep", "60"}, {});
  ASSERT_TRUE(other.ok());
  RunShell("cat; ls /proc/self/fd");
  const std::set<std::string> given = GivenDescriptors();
  std::istringstream lines(output);
  std::set<std::string> more;
  for (std::string fd; lines >> fd;) {
    if (!given.contains(fd)) more.insert(fd);
  }
  EXPECT_EQ(more.size(), 1U) << "only the directory that ls reads:\n" << output;
}

TEST_F(ProcessTest, OutputOfAnyLengthArrives) {
  size_t received = 0;
  auto result = Process::Start(loop, {"/bin/sh", "-c", "head -c 3000000 /dev/zero"},
                               {.on_output = [&](std::string_view piece) { received += piece.size(); },
                                .on_end = [&](ProcessEnd how) { end = how; }});
  ASSERT_TRUE(result.ok());
  ASSERT_TRUE(RunUntil(loop, [&] { return end.has_value(); }));
  EXPECT_EQ(received, 3000000U);
}

TEST_F(ProcessTest, WaitsForDescendantsThatKeepTheOutput) {
  RunShell("(sleep 0.2; echo late) & echo first");
  EXPECT_EQ(output, "first\nlate\n");
}

TEST_F(ProcessTest, KillTakesTheWholeGroup) {
  Start({"/bin/sh", "-c", "echo $$; sleep 60 & sleep 60"});
  ASSERT_TRUE(RunUntil(loop, [&] { return output.ends_with('\n'); }));
  process->Kill();
  ASSERT_TRUE(RunUntil(loop, [&] { return end.has_value(); }));
  EXPECT_EQ(end->signal, SIGKILL);
  EXPECT_TRUE(GroupIsGone());
}

TEST_F(ProcessTest, KillReachesDescendantsOfAProcessThatIsOver) {
  Start({"/bin/sh", "-c", "echo $$; sleep 60 &"});
  ASSERT_TRUE(RunUntil(loop, [&] { return output.ends_with('\n'); }));
  RunTurns(loop, 50);
  EXPECT_FALSE(end) << "its output is still held";
  process->Kill();
  ASSERT_TRUE(RunUntil(loop, [&] { return end.has_value(); }));
  EXPECT_TRUE(GroupIsGone());
}

TEST_F(ProcessTest, AfterAKillNobodyElseIsWaitedFor) {
  Start({"/bin/sh", "-c", "setsid sleep 2 & echo $$; sleep 60"});
  ASSERT_TRUE(RunUntil(loop, [&] { return output.ends_with('\n'); }));
  const Millis before = loop.Now();
  process->Kill();
  ASSERT_TRUE(RunUntil(loop, [&] { return end.has_value(); }));
  EXPECT_LT(loop.Now() - before, Millis(1500));
}

TEST_F(ProcessTest, DestroyingItKillsSilentlyAndLeavesNoZombie) {
  Start({"/bin/sh", "-c", "echo $$; exec sleep 60"});
  ASSERT_TRUE(RunUntil(loop, [&] { return output.ends_with('\n'); }));
  process.reset();
  // It is our own child: nobody else would reap it.
  EXPECT_TRUE(RunUntil(loop, [&] { return kill(std::stoi(output), 0) != 0; }));
  EXPECT_FALSE(end);
}

TEST_F(ProcessTest, MayBeDestroyedInItsCallbacks) {
  auto result = Process::Start(loop, {"/bin/sh", "-c", "echo a; sleep 60"},
                               {.on_output = [&](std::string_view /*piece*/) { process.reset(); }, .on_end = nullptr});
  process = std::move(result).value();
  EXPECT_TRUE(RunUntil(loop, [&] { return !process; }));
  result =
      Process::Start(loop, {"true"}, {.on_output = nullptr, .on_end = [&](ProcessEnd /*how*/) { process.reset(); }});
  process = std::move(result).value();
  EXPECT_TRUE(RunUntil(loop, [&] { return !process; }));
}

TEST_F(ProcessTest, MayOutliveItsLoop) {
  auto own = std::make_unique<Loop>();
  auto result = Process::Start(*own, {"sleep", "60"}, Gather());
  ASSERT_TRUE(result.ok());
  own.reset();
  result = Status::Ok();
  EXPECT_FALSE(end);
}

}  // namespace
}  // namespace signpost::net
