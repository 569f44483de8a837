// Signpost. Apache-2.0; see LICENSE.
#include "registrar/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::registrar {
namespace {

using testing::ElementsAre;

Invocation Read(std::vector<std::string> arguments) { return ReadInvocation({std::move(arguments), nullptr}); }

TEST(CommandLine, TheFirstWordNamesTheCommand) {
  EXPECT_EQ(Read({}).command, Command::kRun);
  EXPECT_EQ(Read({"-internal", "plan"}).command, Command::kRun);
  EXPECT_EQ(Read({"plan", "-internal"}).command, Command::kPlan);
  EXPECT_THAT(Read({"plan", "-internal"}).source.arguments, ElementsAre("-internal"));
  EXPECT_EQ(Read({"drain", "web.1"}).command, Command::kDrain);
  EXPECT_THAT(Read({"drain", "web.1"}).source.arguments, ElementsAre("web.1"));
}

TEST(CommandLine, AnAddressWithoutHostIsLeftToTheEnvironment) {
  const options::Rows rows = {{.name = "consul"}, {.name = "internal", .bare = "true"}};
  const auto left = [&rows](std::vector<std::string> arguments) {
    DropBareAddress(rows, arguments);
    return arguments;
  };
  EXPECT_THAT(left({"-internal", "consul://"}), ElementsAre("-internal"));
  EXPECT_THAT(left({"consul://", "-internal"}), ElementsAre("-internal"));
  EXPECT_THAT(left({"--consul=x", "consul://"}), ElementsAre("--consul=x"));
  EXPECT_THAT(left({"--consul", "consul://", "-internal"}), ElementsAre("--consul", "consul://", "-internal"));
  EXPECT_THAT(left({"--consul", "--consul", "consul://"}), ElementsAre("--consul", "--consul"));
}

TEST(CommandLine, WordsOfEachCommand) {
  EXPECT_THAT(PositionalOf(Command::kRun), ElementsAre("consul"));
  EXPECT_THAT(PositionalOf(Command::kPlan), ElementsAre("consul"));
  EXPECT_THAT(PositionalOf(Command::kDrain), ElementsAre("container", "consul"));
}

}  // namespace
}  // namespace signpost::registrar
