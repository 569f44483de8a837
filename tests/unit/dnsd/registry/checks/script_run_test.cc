// Signpost. Apache-2.0; see LICENSE.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "tests/unit/common/net/process_group.h"
#include "tests/unit/dnsd/registry/checks/run_fixture.h"

namespace signpost::registry {
namespace {

using ::testing::StartsWith;

class ScriptRunTest : public RunTest {
 protected:
  ScriptRunTest() { options.enable_scripts = true; }

  static CheckDefinition Script(Strings args) {
    CheckDefinition definition = Define(Kind::kScript);
    definition.script_args = std::move(args);
    return definition;
  }
  static CheckDefinition Shell(const std::string& text) { return Script({"/bin/sh", "-c", text}); }
};

TEST_F(ScriptRunTest, ExitCodesAreStatuses) {
  EXPECT_EQ(RunToEnd(Shell("echo ok; echo err >&2")), (Outcome{CheckStatus::kPassing, "ok\nerr\n"}));
  EXPECT_EQ(RunToEnd(Shell("echo warn; exit 1")), (Outcome{CheckStatus::kWarning, "warn\n"}));
  EXPECT_EQ(RunToEnd(Shell("exit 2")), (Outcome{CheckStatus::kCritical, ""}));
  EXPECT_EQ(RunToEnd(Shell("echo x; kill -9 $$")), (Outcome{CheckStatus::kCritical, "x\n"}));
  EXPECT_EQ(RunToEnd(Shell("cat")), (Outcome{CheckStatus::kPassing, ""})) << "standard input is empty";
}

TEST_F(ScriptRunTest, WordsAreNotForAShell) {
  EXPECT_EQ(RunToEnd(Script({"echo", "$HOME; exit 2", "*"})), (Outcome{CheckStatus::kPassing, "$HOME; exit 2 *\n"}));
}

TEST_F(ScriptRunTest, ProgramsThatCannotRunAreCritical) {
  EXPECT_EQ(RunToEnd(Script({"/no/such/program"})),
            (Outcome{CheckStatus::kCritical, "fork/exec /no/such/program: no such file or directory"}));
  EXPECT_EQ(RunToEnd(Script({})).status, CheckStatus::kCritical);
}

TEST_F(ScriptRunTest, OnlyTheEndOfLongOutputIsKept) {
  CheckDefinition definition = Shell("seq 1 200000");
  EXPECT_THAT(RunToEnd(definition).output, StartsWith("Captured 4096 of 1288895 bytes\n...\n"));
  definition.output_max_size = 14;
  EXPECT_EQ(RunToEnd(definition).output, "Captured 14 of 1288895 bytes\n...\n199999\n200000\n");
}

TEST_F(ScriptRunTest, OverTimeTheWholeGroupIsKilled) {
  CheckDefinition definition = Shell("echo $$; sleep 60 & sleep 60");
  definition.timeout = Millis(250);
  const Outcome end = RunToEnd(definition);
  EXPECT_EQ(end.status, CheckStatus::kCritical);
  ASSERT_THAT(end.output, StartsWith("Timed out (250ms) running check\n\n"));
  const int group = std::stoi(end.output.substr(end.output.rfind("\n\n") + 2));
  EXPECT_TRUE(test::RunUntil(loop, [&] { return !test::GroupIsAlive(group); }));
  definition.script_args = {"sleep", "60"};
  EXPECT_EQ(RunToEnd(definition).output, "Timed out (250ms) running check");
}

TEST_F(ScriptRunTest, AWriterWithoutEndIsStopped) {
  CheckDefinition definition = Script({"yes"});
  definition.timeout = Millis(300);
  EXPECT_THAT(RunToEnd(definition).output, StartsWith("Timed out (300ms) running check\n\nCaptured 4096 of "));
}

TEST_F(ScriptRunTest, CancellingKills) {
  const std::string file = ::testing::TempDir() + "check-pid-" + std::to_string(getpid());
  const auto pid = [&] {
    int value = 0;
    std::ifstream(file) >> value;
    return value;
  };
  auto run = Start(Shell("echo $$ > " + file + "; exec sleep 60"));
  ASSERT_TRUE(test::RunUntil(loop, [&] { return pid() != 0; }));
  EXPECT_TRUE(test::GroupIsAlive(pid()));
  run.reset();
  EXPECT_TRUE(test::RunUntil(loop, [&] { return !test::GroupIsAlive(pid()); }));
  EXPECT_FALSE(outcome);
  unlink(file.c_str());
}

}  // namespace
}  // namespace signpost::registry
