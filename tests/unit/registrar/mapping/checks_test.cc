// Signpost. Apache-2.0; see LICENSE.
// Cases 47 to 57 of the registrar's list.
#include "registrar/mapping/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kContainerId(64, 'c');

struct Made {
  std::vector<CheckDefinition> checks;
  Strings warnings;

  const CheckDefinition& Only() const {
    EXPECT_THAT(checks, SizeIs(1));
    static const CheckDefinition none;
    return checks.empty() ? none : checks[0];
  }
};

struct Place {
  const char* address = "192.0.2.10";
  uint16_t port = 8080;
  Health health = Health::kNone;
  Compat compat = Compat::kNone;
};

// `keys` without "SERVICE_CHECK_" when they begin with a letter of a check's key; "/KEY" is SERVICE_KEY.
Made Make(const StringPairs& keys, Place place = {}) {
  Container container{.id = kContainerId, .name = "web.1", .health = place.health};
  for (const auto& [key, value] : keys) {
    container.labels.emplace_back(key[0] == '/' ? "SERVICE_" + key.substr(1) : "SERVICE_CHECK_" + key, value);
  }
  const MappingOptions options{.compat = place.compat};
  const Metadata metadata = MetadataSource(container, "SERVICE_").ForPort(80, Protocol::kTcp);
  Made made;
  made.checks = MakeChecks({container, "n:web.1:80", place.address, place.port, 80}, metadata, options, made.warnings);
  return made;
}

TEST(Checks, NoneWithoutAKind) {
  EXPECT_THAT(Make({{"INTERVAL", "5s"}, {"INITIAL_STATUS", "passing"}, {"HTTP", ""}}).checks, IsEmpty());
}

TEST(Checks, Case47Http) {
  const Made made = Make({{"HTTP", "/h"}, {"INTERVAL", "15s"}, {"TIMEOUT", "1s"}, {"HTTP_METHOD", "HEAD"}});
  EXPECT_EQ(made.Only(), (CheckDefinition{.check_id = "service:n:web.1:80",
                                          .http = "http://192.0.2.10:8080/h",
                                          .method = "HEAD",
                                          .interval = "15s",
                                          .timeout = "1s"}));
  EXPECT_THAT(made.warnings, IsEmpty());
}

TEST(Checks, Case48ASlashIsAdded) { EXPECT_EQ(Make({{"HTTP", "h"}}).Only().http, "http://192.0.2.10:8080/h"); }

TEST(Checks, Case49HttpsWithoutVerification) {
  const CheckDefinition check =
      Make({{"HTTPS", "/h"}, {"HTTPS_METHOD", "OPTIONS"}, {"HTTP_METHOD", "HEAD"}, {"TLS_SKIP_VERIFY", "true"}}).Only();
  EXPECT_EQ(check.http, "https://192.0.2.10:8080/h");
  EXPECT_EQ(check.method, "OPTIONS");
  EXPECT_TRUE(check.tls_skip_verify);
  EXPECT_FALSE(Make({{"HTTPS", "/h"}, {"TLS_SKIP_VERIFY", "false"}}).Only().tls_skip_verify);
  EXPECT_FALSE(Make({{"HTTP", "/h"}, {"TLS_SKIP_VERIFY", "true"}}).Only().tls_skip_verify);
}

TEST(Checks, Case50Ipv6StandsInBrackets) {
  EXPECT_EQ(Make({{"TCP", "true"}}, {.address = "fd00::2"}).Only().tcp, "[fd00::2]:8080");
  EXPECT_EQ(Make({{"HTTP", "/"}}, {.address = "fd00::2"}).Only().http, "http://[fd00::2]:8080/");
  EXPECT_EQ(Make({{"TCP", "true"}, {"ADDRESS", "[2001:db8::7]"}}).Only().tcp, "[2001:db8::7]:8080");
}

TEST(Checks, Case51Grpc) {
  const CheckDefinition check = Make({{"GRPC", "true"}, {"GRPC_USE_TLS", "1"}, {"TLS_SKIP_VERIFY", "1"}}).Only();
  EXPECT_EQ(check.grpc, "192.0.2.10:8080");
  EXPECT_TRUE(check.grpc_use_tls && check.tls_skip_verify);
  EXPECT_EQ(Make({{"GRPC", "/orders.v1"}}).Only().grpc, "192.0.2.10:8080/orders.v1");
}

TEST(Checks, Case52AScriptIsSplitIntoWords) {
  EXPECT_THAT(Make({{"SCRIPT", "nc $SERVICE_IP $SERVICE_PORT"}}).Only().script_args,
              ElementsAre("nc", "192.0.2.10", "8080"));
  EXPECT_THAT(Make({{"SCRIPT", "sh -c 'nc -z $SERVICE_IP:$SERVICE_PORT && true'"}}).Only().script_args,
              ElementsAre("sh", "-c", "nc -z 192.0.2.10:8080 && true"));
  const Made broken = Make({{"SCRIPT", "sh -c 'oops"}});
  EXPECT_THAT(broken.checks, IsEmpty());
  EXPECT_THAT(broken.warnings, ElementsAre(HasSubstr("SERVICE_CHECK_SCRIPT is not used: a quote without end")));
}

TEST(Checks, TheLegacyCommand) {
  EXPECT_THAT(Make({{"CMD", "ok --fast"}}).Only().script_args,
              ElementsAre("check-cmd", kContainerId.substr(0, 12), "80", "ok --fast"));
}

TEST(Checks, Case53InsideTheContainer) {
  const CheckDefinition check = Make({{"DOCKER", "/bin/true -x"}}).Only();
  EXPECT_EQ(check.docker_container_id, kContainerId);
  EXPECT_EQ(check.shell, "/bin/sh");
  EXPECT_EQ(check.interval, "10s");
  EXPECT_THAT(check.script_args, ElementsAre("/bin/true", "-x"));
  EXPECT_EQ(Make({{"DOCKER", "x"}, {"DOCKER_SHELL", "/bin/bash"}}).Only().shell, "/bin/bash");
}

TEST(Checks, Case54TtlIsPassedByRegistrarUnlessTheApplicationDoes) {
  EXPECT_EQ(Make({{"TTL", "30s"}, {"INTERVAL", "5s"}, {"TIMEOUT", "1s"}}).Only(),
            (CheckDefinition{
                .check_id = "service:n:web.1:80", .owner = CheckOwner::kHeartbeat, .ttl = "30s", .status = "passing"}));
  EXPECT_EQ(Make({{"TTL", "30s"}, {"INITIAL_STATUS", "warning"}}).Only().status, "warning");
  const CheckDefinition application = Make({{"TTL", "30s"}, {"TTL_OWNER", "app"}}).Only();
  EXPECT_EQ(application.owner, CheckOwner::kApplication);
  EXPECT_EQ(application.status, "");
}

struct Corrected {
  const char* written;
  const char* used;
};

TEST(Checks, Case55DurationsAreCorrected) {
  for (const Corrected& c :
       {Corrected{"10", "10s"}, Corrected{"0.5", "0.5s"}, Corrected{"0s", "10s"}, Corrected{"0", "10s"},
        Corrected{"-5s", "10s"}, Corrected{"10 s", "10s"}, Corrected{"soon", "10s"}}) {
    const Made made = Make({{"TCP", "1"}, {"INTERVAL", c.written}});
    EXPECT_EQ(made.Only().interval, c.used) << c.written;
    EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("SERVICE_CHECK_INTERVAL=" + std::string(c.written)))) << c.written;
  }
  for (const char* fine : {"10s", "1m30s", "1.5h", "250ms", " 5s "}) {
    EXPECT_THAT(Make({{"TCP", "1"}, {"INTERVAL", fine}}).warnings, IsEmpty()) << fine;
  }
  EXPECT_EQ(Make({{"TCP", "1"}, {"TIMEOUT", "x"}}).Only().timeout, "");
  EXPECT_THAT(Make({{"TTL", "0s"}}).checks, IsEmpty());
}

TEST(Checks, Case56AnUnknownFirstStatusIsDropped) {
  const Made made = Make({{"TCP", "1"}, {"INITIAL_STATUS", "ok"}});
  EXPECT_EQ(made.Only().status, "");
  EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("SERVICE_CHECK_INITIAL_STATUS=ok is not used")));
  EXPECT_EQ(Make({{"TCP", "1"}, {"INITIAL_STATUS", "Passing"}}).Only().status, "passing");
}

TEST(Checks, Case57TheMirroredHealthCheckIsNeverTheOneThatDeregisters) {
  const Made made = Make({{"TCP", "1"}, {"DEREGISTER_AFTER", "10m"}}, {.health = Health::kHealthy});
  ASSERT_THAT(made.checks, SizeIs(2));
  EXPECT_EQ(made.checks[0].deregister_after, "10m");
  EXPECT_EQ(made.checks[1], (CheckDefinition{.check_id = "docker:n:web.1:80",
                                             .name = "Docker health",
                                             .owner = CheckOwner::kDockerHealth,
                                             .ttl = "90s",
                                             .status = "passing"}));
}

TEST(Checks, OnlyTheFirstKindCountsAndTheOthersAreNamed) {
  const Made made = Make({{"GRPC", "1"}, {"TCP", "1"}, {"HTTP", "/h"}});
  EXPECT_EQ(made.Only().http, "http://192.0.2.10:8080/h");
  EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("SERVICE_CHECK_TCP is not used: SERVICE_CHECK_HTTP comes first"),
                                         HasSubstr("SERVICE_CHECK_GRPC is not used")));
}

TEST(Checks, FurtherOnesAreNumbered) {
  const Made made = Make({{"HTTP", "/h"}, {"2_TCP", "1"}, {"2_INTERVAL", "3s"}, {"9_ALIAS", "db"}, {"10_TCP", "1"}});
  ASSERT_THAT(made.checks, SizeIs(3));
  EXPECT_EQ(made.checks[1],
            (CheckDefinition{.check_id = "service:n:web.1:80:2", .tcp = "192.0.2.10:8080", .interval = "3s"}));
  EXPECT_EQ(made.checks[2], (CheckDefinition{.check_id = "service:n:web.1:80:9", .alias_service = "db"}));
}

TEST(Checks, HeadersBodyNamesAndThresholds) {
  const CheckDefinition check = Make({{"HTTP", "/h"},
                                      {"HTTP_HEADER_HOST", "a.example"},
                                      {"HTTP_HEADER_X_Request-id", "1"},
                                      {"HTTP_BODY", "{}"},
                                      {"NAME", "front"},
                                      {"NOTES", "who to call"},
                                      {"SUCCESS_BEFORE_PASSING", "2"},
                                      {"FAILURES_BEFORE_CRITICAL", "3"}})
                                    .Only();
  EXPECT_THAT(check.header, ElementsAre(HeaderLine{"Host", {"a.example"}}, HeaderLine{"X-Request-Id", {"1"}}));
  EXPECT_EQ(check.body, "{}");
  EXPECT_EQ(check.name, "front");
  EXPECT_EQ(check.notes, "who to call");
  EXPECT_EQ(check.success_before_passing, 2);
  EXPECT_EQ(check.failures_before_critical, 3);
}

TEST(Checks, WhatNoHeaderOrNumberCanBeIsLeftOut) {
  const Made made = Make({{"HTTP", "/h"},
                          {"HTTP_HEADER_a b", "1"},
                          {"HTTP_HEADER_X", "1\nInjected: 2"},
                          {"SUCCESS_BEFORE_PASSING", "-1"}});
  EXPECT_THAT(made.Only().header, IsEmpty());
  EXPECT_EQ(made.Only().success_before_passing, 0);
  EXPECT_THAT(made.warnings, SizeIs(3));
}

TEST(Checks, GoWhereTheyAreTold) {
  EXPECT_EQ(Make({{"HTTP", "/h"}, {"ADDRESS", "192.0.2.77"}, {"PORT", "81"}}).Only().http, "http://192.0.2.77:81/h");
  EXPECT_EQ(Make({{"HTTP", "https://a.example/h"}}, {.port = 0}).Only().http, "https://a.example/h");
  EXPECT_EQ(Make({{"TCP", "1"}}, {.address = ""}).Only().tcp, "127.0.0.1:8080");
  EXPECT_EQ(Make({{"TCP", "1"}, {"PORT", "99999"}}).Only().tcp, "192.0.2.10:8080");
  const Made portless = Make({{"TCP", "1"}}, {.port = 0});
  EXPECT_THAT(portless.checks, IsEmpty());
  EXPECT_THAT(portless.warnings, ElementsAre(HasSubstr("write SERVICE_CHECK_PORT")));
}

TEST(Checks, AnAddressThatIsNoneIsNotUsed) {
  for (const std::string& address : {std::string(64 * 1024, 'a'), std::string(254, 'a'), std::string("192.0.2.999"),
                                     std::string("0.0.0.0"), std::string("a b"), std::string("192.0.2.7/x")}) {
    const Made made = Make({{"TCP", "1"}, {"ADDRESS", address}});
    EXPECT_EQ(made.Only().tcp, "192.0.2.10:8080") << address.substr(0, 20);
    EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("SERVICE_CHECK_ADDRESS is not used"))) << address.substr(0, 20);
  }
  EXPECT_EQ(Make({{"TCP", "1"}, {"ADDRESS", "db_1.example"}}).Only().tcp, "db_1.example:8080");
}

std::string Repeated(const std::string& text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

struct CommandSize {
  const char* about;
  std::string command;
  bool used;
};

TEST(Checks, ACommandIsBounded) {
  for (const auto& [about, command, used] :
       {CommandSize{"64 words", Repeated("a ", 64), true}, CommandSize{"65 words", Repeated("a ", 65), false},
        CommandSize{"4 KiB", std::string(4096, 'a'), true},
        CommandSize{"a byte more", std::string(4097, 'a'), false}}) {
    for (const char* kind : {"SCRIPT", "DOCKER"}) {
      const Made made = Make({{kind, command}});
      EXPECT_EQ(made.checks.size(), used ? 1U : 0U) << kind << " of " << about;
      EXPECT_EQ(made.warnings.size(), used ? 0U : 1U) << kind << " of " << about;
    }
  }
  EXPECT_THAT(Make({{"CMD", std::string(4097, 'a')}}).checks, IsEmpty());
  // What stands for $SERVICE_IP counts.
  const Made grown = Make({{"SCRIPT", Repeated("$SERVICE_IP", 300)}, {"ADDRESS", std::string(200, 'h')}});
  EXPECT_THAT(grown.checks, IsEmpty());
  EXPECT_THAT(grown.warnings, ElementsAre(HasSubstr("SERVICE_CHECK_SCRIPT is not used")));
}

TEST(Checks, HeadersAreBounded) {
  StringPairs keys = {{"HTTP", "/"}};
  for (int i = 0; i < 100; ++i) keys.emplace_back("HTTP_HEADER_X-" + std::to_string(i), "1");
  const Made made = Make(keys);
  EXPECT_THAT(made.Only().header, SizeIs(64));
  EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("only the first 64 headers")));
}

TEST(Checks, ATtlThatRegistrarCannotKeepIsRaised) {
  for (const char* written : {"500ms", "1s", "2999ms", "2"}) {
    const Made made = Make({{"TTL", written}});
    EXPECT_EQ(made.Only().ttl, "3s") << written;
    EXPECT_THAT(made.warnings, testing::Contains(HasSubstr("too short to be kept: 3s is used"))) << written;
    EXPECT_EQ(Make({{"TTL", written}, {"TTL_OWNER", "app"}}).Only().ttl, std::string(written) == "2" ? "2s" : written);
  }
  for (const char* kept : {"3s", "3000ms", "1m"}) {
    EXPECT_EQ(Make({{"TTL", kept}}).Only().ttl, kept);
    EXPECT_THAT(Make({{"TTL", kept}}).warnings, IsEmpty());
  }
}

TEST(Checks, AnAliasOfItselfIsRefused) { EXPECT_THAT(Make({{"ALIAS", "n:web.1:80"}}).checks, IsEmpty()); }

TEST(Checks, FalseIsNoExceptForRegistrator) {
  EXPECT_THAT(Make({{"TCP", "false"}}).checks, IsEmpty());
  EXPECT_THAT(Make({{"TCP", "false"}}, {.compat = Compat::kRegistrator}).checks, SizeIs(1));
}

}  // namespace
}  // namespace signpost::registrar
