// Signpost. Apache-2.0; see LICENSE.
#include "common/options/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>

namespace signpost::options {
namespace {

using testing::ElementsAre;
using testing::Pair;

const Rows& TestRows() {
  static const Rows rows = {
      {.name = "config", .type = Type::kFile, .value = "FILE", .command_line_only = true},
      {.name = "domain", .defaults = {"consul"}, .environment = "TEST_DOMAIN"},
      {.name = "listen", .value = "ADDR", .defaults = {"one", "two"}, .repeatable = true},
      {.name = "only-passing", .type = Type::kBool, .defaults = {"false"}, .bare = "true", .reloadable = true},
      {.name = "limit", .type = Type::kInteger, .defaults = {"0"}, .min = -1, .max = 9, .reloadable = true},
      {.name = "node-ttl", .type = Type::kDuration, .defaults = {"0s"}, .reloadable = true},
      {.name = "service-ttl", .type = Type::kDurationMap, .reloadable = true},
      {.name = "answer-limit", .type = Type::kIntegerMap, .max = 9, .reloadable = true},
      {.name = "default", .type = Type::kTextMap, .reloadable = true},
      {.name = "services", .type = Type::kJson, .reloadable = true},
      {.name = "token", .environment = "TEST_TOKEN", .secret = true},
      {.name = "resync", .type = Type::kDuration, .defaults = {"60s"}, .bare_unit = "s"},
      {.name = "verify", .type = Type::kBool, .bare = "true", .environment = "TEST_VERIFY", .variable_is_flag = true},
      {.name = "help", .type = Type::kWord, .words = {"text", "markdown"}, .bare = "text", .alone = true},
  };
  return rows;
}

class Options : public testing::Test {
 protected:
  // Writes a config file that the arguments then name.
  std::string File(std::string_view text) {
    path_ = testing::TempDir() + "options_test." + std::to_string(getpid()) + ".json";
    std::ofstream(path_) << text;
    return path_;
  }
  void TearDown() override {
    if (!path_.empty()) unlink(path_.c_str());
  }

  Result<Values> Try(std::vector<std::string> arguments) {
    return Read(TestRows(), {std::move(arguments), [this](const std::string& name) -> std::optional<std::string> {
                               const auto found = environment_.find(name);
                               if (found == environment_.end()) return std::nullopt;
                               return found->second;
                             }});
  }
  Values Must(std::vector<std::string> arguments) {
    auto values = Try(std::move(arguments));
    EXPECT_TRUE(values.ok()) << values.status().text();
    return values.ok() ? values.value() : Try({}).value();
  }
  std::string Error(std::vector<std::string> arguments) {
    const auto values = Try(std::move(arguments));
    EXPECT_EQ(values.status().kind(), values.ok() ? ErrorKind::kOk : ErrorKind::kConfig);
    return values.status().text();
  }
  // The error of a config file, less its path.
  std::string FileError(std::string_view text) {
    std::string error = Error({"--config", File(text)});
    return error.starts_with(path_) ? error.substr(path_.size() + 1) : error;
  }

  std::map<std::string, std::string> environment_;
  std::string path_;
};

TEST_F(Options, DefaultsWhenNothingIsGiven) {
  const Values values = Must({});
  EXPECT_EQ(values.String("domain"), "consul");
  EXPECT_THAT(values.List("listen"), ElementsAre("one", "two"));
  EXPECT_FALSE(values.Flag("only-passing"));
  EXPECT_EQ(values.Integer("limit"), 0);
  EXPECT_EQ(values.Duration("node-ttl"), Millis(0));
  EXPECT_TRUE(values.DurationMap("service-ttl").empty());
  EXPECT_EQ(values.String("token"), "");
  EXPECT_FALSE(values.Given("domain"));
}

TEST_F(Options, EveryFormOfTheCommandLine) {
  for (const std::vector<std::string>& form : std::vector<std::vector<std::string>>{
           {"--domain", "x"}, {"--domain=x"}, {"-domain", "x"}, {"-domain=x"}, {"--domain", "y", "--domain", "x"}}) {
    EXPECT_EQ(Must(form).String("domain"), "x") << form[0];
  }
  EXPECT_TRUE(Must({"--only-passing"}).Flag("only-passing"));
  EXPECT_TRUE(Must({"--only_passing=true"}).Flag("only-passing"));
  EXPECT_FALSE(Must({"-only-passing=false"}).Flag("only-passing"));
  EXPECT_EQ(Must({"--limit", "-1"}).Integer("limit"), -1);
  EXPECT_EQ(Must({"--node-ttl", "1m30s"}).Duration("node-ttl"), Millis(90'000));
  EXPECT_THAT(Must({"--listen", "a", "--listen=b"}).List("listen"), ElementsAre("a", "b"));
  EXPECT_THAT(
      Must({"--service-ttl", "a=1s", "--service-ttl", "b*=2s", "--service-ttl=a=3s"}).DurationMap("service-ttl"),
      ElementsAre(Pair("a", Millis(3000)), Pair("b*", Millis(2000))));
  EXPECT_THAT(Must({"--answer-limit", "a=1"}).IntegerMap("answer-limit"), ElementsAre(Pair("a", 1)));
  EXPECT_EQ(Must({"--domain="}).String("domain"), "");
  EXPECT_EQ(Must({"--domain", "a=b"}).String("domain"), "a=b");
}

TEST_F(Options, MapsOfTexts) {
  EXPECT_THAT(Must({"--default", "a=1", "--default=b=x=y", "--default", "a="}).TextMap("default"),
              ElementsAre(Pair("b", "x=y"), Pair("a", "")));
  const Values values = Must({"--config", File(R"({"default": {"a": 3, "b": true, "c": "5s"}})")});
  EXPECT_THAT(values.TextMap("default"), ElementsAre(Pair("a", "3"), Pair("b", "true"), Pair("c", "5s")));
  EXPECT_EQ(Error({"--default", "=1"}), "--default must be NAME=TEXT, not '=1'");
  EXPECT_EQ(
      FileError(R"({"default": {"a": 1.5}})"),
      "line 1: default must be an object of names and texts, such as {\"web\": \"text\"}, not a number of another "
      "kind");
}

TEST_F(Options, StructuredValuesComeFromTheFileOnly) {
  const std::string_view text = R"({"services": { "web": ["a\n", -1, 1.5, true, null, {}] }})";
  const Values values = Must({"--config", File(text)});
  EXPECT_EQ(values.String("services"), R"({"web":["a\n",-1,1.5,true,null,{}]})");
  EXPECT_TRUE(values.Given("services"));
  EXPECT_EQ(Must({}).String("services"), "");
  EXPECT_EQ(Must({"--config", File(R"({"services": []})")}).String("services"), "[]");
  EXPECT_EQ(Error({"--services", "{}"}), "--services belongs in the config file");
}

TEST_F(Options, GoStyleValues) {
  EXPECT_EQ(Must({"-resync", "30"}).Duration("resync"), Millis(30'000));
  EXPECT_EQ(Must({"--resync=2m"}).Duration("resync"), Millis(120'000));
  EXPECT_EQ(Must({"--config", File("{\"resync\": 5}")}).Duration("resync"), Millis(5'000));
  EXPECT_TRUE(Must({"-only-passing=T"}).Flag("only-passing"));
  EXPECT_FALSE(Must({"-only-passing=0"}).Flag("only-passing"));
}

TEST_F(Options, AVariableThatOnlyMustBeThere) {
  EXPECT_FALSE(Must({}).Flag("verify"));
  environment_ = {{"TEST_VERIFY", "0"}};
  EXPECT_TRUE(Must({}).Flag("verify"));
  EXPECT_FALSE(Must({"--verify=0"}).Flag("verify"));
}

// Case 118: the words may stand anywhere between the options.
TEST_F(Options, WordsFillTheirOptionsInOrder) {
  const auto read = [this](std::vector<std::string> arguments) {
    return Read(TestRows(),
                {std::move(arguments),
                 [this](const std::string& name) -> std::optional<std::string> {
                   const auto found = environment_.find(name);
                   return found == environment_.end() ? std::nullopt : std::optional(found->second);
                 }},
                {"domain", "limit"});
  };
  for (const std::vector<std::string>& form : std::vector<std::vector<std::string>>{
           {"x", "7", "--only-passing"}, {"--only-passing", "x", "7"}, {"x", "-only-passing=true", "7"}}) {
    const auto values = read(form);
    ASSERT_TRUE(values.ok()) << values.status().text();
    EXPECT_EQ(values->String("domain"), "x");
    EXPECT_EQ(values->Integer("limit"), 7);
    EXPECT_TRUE(values->Flag("only-passing"));
  }
  environment_ = {{"TEST_DOMAIN", "from-environment"}};
  EXPECT_EQ(read({})->String("domain"), "from-environment");
  EXPECT_EQ(read({"x"})->String("domain"), "x");
  EXPECT_EQ(read({"x", "99"}).status().text(), "the argument TEXT must be an integer from -1 to 9, not '99'");
  EXPECT_EQ(read({"x", "7", "y"}).status().text(), "unexpected argument 'y'; options begin with --, see --help");
  EXPECT_EQ(read({""}).status().text(), "unexpected argument ''; options begin with --, see --help");
}

TEST_F(Options, WrongCommandLines) {
  const std::pair<std::vector<std::string>, std::string_view> cases[] = {
      {{"--domian", "x"}, "unknown option '--domian' (did you mean --domain?); see --help"},
      {{"--recursor=x"}, "unknown option '--recursor'; see --help"},
      {{"x"}, "unexpected argument 'x'; options begin with --, see --help"},
      {{"--only-passing", "false"}, "unexpected argument 'false'; options begin with --, see --help"},
      {{"---domain", "x"}, "unexpected argument '---domain'; options begin with --, see --help"},
      {{"--"}, "unexpected argument '--'; options begin with --, see --help"},
      {{""}, "unexpected argument ''; options begin with --, see --help"},
      {{"--listen"}, "--listen needs a value: --listen ADDR"},
      {{"--listen", "--domain", "x"}, "--listen needs a value: --listen ADDR"},
      {{"--limit", "10"}, "--limit must be an integer from -1 to 9, not '10'"},
      {{"-node_ttl=5"}, "-node_ttl needs a unit: write 5s, not 5"},
      {{"--token", "hush"}, "--token would show in the list of processes; give it in the config file or as TEST_TOKEN"},
      {{"--config", "/nowhere"}, "--config must name a file that can be read, not '/nowhere'"},
  };
  for (const auto& [arguments, error] : cases) EXPECT_EQ(Error(arguments), error);
}

TEST_F(Options, ConfigFileOfEveryType) {
  const Values values = Must({"--config", File(R"({
    // a comment
    "domain": "x", "listen": ["a", "b"], "only_passing": true, "limit": 7, "node-ttl": "2h",
    "service_ttl": {"web*": "5s", "a=b": "1s"}, "answer_limit": {"web": 2}, "token": "hush",
  })")});
  EXPECT_EQ(values.String("domain"), "x");
  EXPECT_THAT(values.List("listen"), ElementsAre("a", "b"));
  EXPECT_TRUE(values.Flag("only-passing"));
  EXPECT_EQ(values.Integer("limit"), 7);
  EXPECT_EQ(values.Duration("node-ttl"), Millis(7'200'000));
  EXPECT_THAT(values.DurationMap("service-ttl"), ElementsAre(Pair("web*", Millis(5000)), Pair("a=b", Millis(1000))));
  EXPECT_THAT(values.IntegerMap("answer-limit"), ElementsAre(Pair("web", 2)));
  EXPECT_EQ(values.String("token"), "hush");
}

TEST_F(Options, AListMayBeOneStringOrEmpty) {
  EXPECT_THAT(Must({"--config", File(R"({"listen": "a"})")}).List("listen"), ElementsAre("a"));
  EXPECT_THAT(Must({"--config", File(R"({"listen": []})")}).List("listen"), ElementsAre());
}

TEST_F(Options, WrongConfigFiles) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"{\n\n\"domian\": 1}", "line 3: unknown key 'domian' (did you mean domain?)"},
      {"{\n\"limit\": \"5\"}", "line 2: limit must be an integer from -1 to 9, not '5'"},
      {"{\n\"limit\": 10}", "line 2: limit must be an integer from -1 to 9, not '10'"},
      {"{\"limit\": 1.5}", "line 1: limit must be an integer from -1 to 9, not a number of another kind"},
      {"{\"only_passing\": \"true\"}", "line 1: only_passing must be true or false, not 'true'"},
      {"{\"domain\": null}", "line 1: domain must be a string, not null"},
      {"{\"domain\": [\"x\"]}", "line 1: domain must be a string, not a list"},
      {"{\"listen\": [1]}", "line 1: listen must be a string or a list of strings, not 1"},
      {"{\"node_ttl\": 5}", "line 1: node_ttl needs a unit: write 5s, not 5"},
      {"{\"service_ttl\": \"a=5s\"}",
       "line 1: service_ttl must be an object of names and durations, such as {\"web\": \"10s\"}, not 'a=5s'"},
      {"{\"service_ttl\": {\"a\": 5}}", "line 1: service_ttl needs a unit: write a=5s, not a=5"},
      {"{\"answer_limit\": {\"a\": true}}",
       "line 1: answer_limit must be an object of names and integers, such as {\"web\": 3}, not true"},
      {"{\"token\": [\"hush\"]}", "line 1: token must be a string"},
      {"{\"domain\": \"x\",\n\"domain\": \"y\"}", "line 2: domain was given before, on line 1"},
      {"{\"node-ttl\": \"1s\",\n\"node_ttl\": \"1s\"}", "line 2: node_ttl was given before, on line 1"},
      {"{\"config\": \"x\"}", "line 1: config belongs on the command line"},
      {"{\"domain\": \"x\"", "line 1, column 15: Missing a comma or '}' after an object member."},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(FileError(text), error) << text;
}

TEST_F(Options, Precedence) {
  environment_ = {{"TEST_DOMAIN", "from-environment"}};
  const std::string file = File(R"({"domain": "from-file", "listen": ["f"]})");
  EXPECT_EQ(Must({}).String("domain"), "from-environment");
  EXPECT_EQ(Must({"--config", file}).String("domain"), "from-file");
  EXPECT_EQ(Must({"--config", file, "--domain", "typed"}).String("domain"), "typed");
  EXPECT_THAT(Must({"--config", file, "--listen", "t"}).List("listen"), ElementsAre("t"));
  environment_ = {{"TEST_DOMAIN", ""}};
  EXPECT_EQ(Must({}).String("domain"), "consul");
}

TEST_F(Options, AFileIsCheckedEvenWhereTheCommandLineWins) {
  const std::string file = File(R"({"limit": 99})");
  EXPECT_EQ(Error({"--config", file, "--limit", "1"}),
            file + " line 1: limit must be an integer from -1 to 9, not '99'");
}

TEST_F(Options, AloneStopsTheReading) {
  environment_ = {{"TEST_DOMAIN", "x"}};
  const Values values = Must({"--help=markdown", "--no-such-option"});
  EXPECT_TRUE(values.Given("help"));
  EXPECT_EQ(values.String("help"), "markdown");
  EXPECT_EQ(Must({"--help"}).String("help"), "text");
}

TEST_F(Options, RefuseNamesTheSource) {
  environment_ = {{"TEST_DOMAIN", "x"}};
  EXPECT_EQ(Must({}).Refuse("domain", "is odd").text(), "TEST_DOMAIN is odd");
  EXPECT_EQ(Must({"-domain", "x"}).Refuse("domain", "is odd").text(), "-domain is odd");
  EXPECT_EQ(Must({}).Refuse("listen", "is odd").text(), "--listen is odd");
  const std::string file = File("{\n\"domain\": \"x\"}");
  EXPECT_EQ(Must({"--config", file}).Refuse("domain", "is odd").text(), file + " line 2: domain is odd");
}

TEST_F(Options, SealedChangesNamesWhatAReloadCannotChange) {
  const Values before = Must({"--domain", "x", "--node-ttl", "1s"});
  EXPECT_THAT(SealedChanges(before, Must({"--domain", "x", "--node-ttl", "2s"})), ElementsAre());
  EXPECT_THAT(SealedChanges(before, Must({"--domain", "y", "--listen", "a"})), ElementsAre("domain", "listen"));
}

TEST_F(Options, AnUnknownNameAborts) {
  const Values values = Must({});
  EXPECT_DEATH((void)values.String("no-such-row"), "no-such-row");
  EXPECT_DEATH((void)values.Integer("domain"), "domain");
}

TEST(ProcessSource, LeavesOutTheProgramName) {
  const char* arguments[] = {"program", "--a", "b"};
  const Source source = ProcessSource(3, arguments);
  EXPECT_THAT(source.arguments, ElementsAre("--a", "b"));
  EXPECT_TRUE(source.environment("PATH").has_value());
  EXPECT_FALSE(source.environment("SIGNPOST_NO_SUCH_VARIABLE").has_value());
}

}  // namespace
}  // namespace signpost::options
