// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/check_definition.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace signpost::registry {
namespace {

using Kind = CheckDefinition::Kind;

CheckRow Read(const std::string& body) {
  auto check = ReadCheckBody(body);
  EXPECT_TRUE(check.ok()) << body << ": " << check.status().text();
  return check.ok() ? std::move(check).value() : CheckRow{};
}

TEST(CheckBody, IsRefusedInConsulsWords) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "Request decode failed: EOF"},
      {"null", "Missing check name"},
      {"{}", "Missing check name"},
      {R"({"ID":"x","TTL":"1s"})", "Missing check name"},
      {R"({"Name":"c"})", "Invalid check: TTL must be > 0 for TTL checks"},
      {R"({"Name":"c","TTL":true})", "Invalid check: TTL must be > 0 for TTL checks"},
      {R"({"Name":"c","TTL":"-1s"})", "Invalid check: TTL must be > 0 for TTL checks"},
      {R"({"Name":"c","TTL":1e30})", "Invalid check: TTL must be > 0 for TTL checks"},
      {R"({"Name":"c","TTL":"10"})", R"(Request decode failed: time: missing unit in duration "10")"},
      {R"({"Name":"c","TTL":"1s","Timeout":"x"})", R"(Request decode failed: time: invalid duration "x")"},
      {R"({"Name":"c","TTL":"x","Foo":1})", R"(Request decode failed: json: unknown field "Foo")"},
      {R"({"Name":"c","TTL":"10s","Interval":"1s"})", "Invalid check: Interval and TTL cannot both be specified"},
      {R"({"Name":"c","HTTP":"http://x"})", "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks"},
      {R"({"Name":"c","HTTP":"http://x","Interval":"-1s"})",
       "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks"},
      {R"({"Name":"c","GRPC":"x:1","TTL":"1s"})",
       "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks"},
      {R"({"Name":"c","AliasNode":"n","HTTP":"http://x","Interval":"1s"})",
       "Invalid check: Interval cannot be set for Alias checks"},
      {R"({"Name":"c","AliasService":"w","TTL":"10s"})", "Invalid check: TTL must be not be set for Alias checks"},
      {R"({"Name":"c","TTL":"1s","OutputMaxSize":-1})", "Invalid check: MaxOutputMaxSize must be positive"},
      {R"({"Name":"c","TTL":"1s","Status":"Passing"})", "Bad check status"},
      {R"({"Name":"c","DockerContainerID":"x","Interval":"10s"})", "Invalid check: TTL must be > 0 for TTL checks"},
      {R"({"Name":"c","HTTP":1})",
       "Request decode failed: json: cannot unmarshal number into Go struct field .HTTP of type string"},
      {R"({"Name":"c","Args":"ls"})",
       "Request decode failed: json: cannot unmarshal string into Go struct field .args of type []string"},
      {R"({"Name":"c","Header":{"a":"b"}})",
       "Request decode failed: json: cannot unmarshal string into Go struct field .Header of type []string"},
      {R"({"Name":"c","SuccessBeforePassing":"3"})",
       "Request decode failed: json: cannot unmarshal string into Go struct field .SuccessBeforePassing of type int"},
      {R"({"Name":"c","TTL":"1s","CheckID":"z"})", R"(Request decode failed: json: unknown field "CheckID")"},
      {R"({"Name":"c","TTL":"1s","alias_node":"z"})", R"(Request decode failed: json: unknown field "alias_node")"},
      {R"({"Name":"c","TTL":"1s","Namespace":"z"})", R"(Request decode failed: json: unknown field "Namespace")"},
  };
  for (const auto& [body, error] : cases) {
    const auto check = ReadCheckBody(body);
    ASSERT_FALSE(check.ok()) << body;
    EXPECT_EQ(check.status().text(), error) << body;
  }
}

TEST(CheckBody, TellsTheTypeShownAndTheOneRun) {
  struct Case {
    const char* members;
    const char* type;
    Kind kind;
  };
  const Case cases[] = {
      {R"("TTL":"10s")", "ttl", Kind::kTtl},
      {R"("HTTP":"http://x","Interval":"1s")", "http", Kind::kHttp},
      {R"("TCP":"x:1","Interval":"1s")", "tcp", Kind::kTcp},
      {R"("GRPC":"x:1","Interval":"1s")", "grpc", Kind::kGrpc},
      {R"("Args":["ls"],"Interval":"1s")", "script", Kind::kScript},
      {R"("script_args":["ls"],"docker_container_id":"d","Interval":"1s")", "docker", Kind::kDocker},
      {R"("AliasService":"w")", "alias", Kind::kAlias},
      {R"("AliasNode":"n","Interval":"1s")", "alias", Kind::kAlias},
      {R"("HTTP":"http://x","TCP":"x:1","Interval":"1s")", "http", Kind::kHttp},
      {R"("HTTP":"http://x","GRPC":"x:1","Interval":"1s")", "grpc", Kind::kHttp},  // as in Consul
      {R"("TCP":"x:1","Args":["ls"],"Interval":"1s")", "tcp", Kind::kTcp},
      {R"("TTL":"1h","DockerContainerID":"d")", "ttl", Kind::kTtl},
  };
  for (const Case& each : cases) {
    const CheckRow check = Read(std::string(R"({"Name":"c",)") + each.members + "}");
    ASSERT_TRUE(check.run) << each.members;
    EXPECT_EQ(check.type, each.type) << each.members;
    EXPECT_EQ(check.run->kind, each.kind) << each.members;
    EXPECT_EQ(check.status, "critical");
    EXPECT_EQ(check.check_id, "c");
  }
}

TEST(CheckBody, CarriesEveryField) {
  const CheckRow check = Read(R"({"ID":"h","name":"web","NOTES":"n","service_id":"w1","status":"passing",
      "http":"http://127.0.0.1:1/","method":"POST","header":{"B":["1","2"],"A":["x"]},"body":"text",
      "tls_skip_verify":true,"interval":"2m","timeout":3000000000,"DeregisterCriticalServiceAfter":"90m",
      "SuccessBeforePassing":2,"FailuresBeforeCritical":3,"OutputMaxSize":100})");
  EXPECT_EQ(check.check_id, "h");
  EXPECT_EQ(check.name, "web");
  EXPECT_EQ(check.notes, "n");
  EXPECT_EQ(check.service_id, "w1");
  EXPECT_EQ(check.status, "passing");
  CheckDefinition expected;
  expected.kind = Kind::kHttp;
  expected.http = "http://127.0.0.1:1/";
  expected.method = "POST";
  expected.header = {{"A", {"x"}}, {"B", {"1", "2"}}};
  expected.body = "text";
  expected.tls_skip_verify = true;
  expected.interval = std::chrono::minutes(2);
  expected.timeout = Millis(3000);
  expected.deregister_critical_service_after = std::chrono::minutes(90);
  expected.success_before_passing = 2;
  expected.failures_before_critical = 3;
  expected.output_max_size = 100;
  ASSERT_TRUE(check.run);
  EXPECT_TRUE(*check.run == expected);
}

TEST(CheckBody, KeepsTimesWithinConsulsBounds) {
  const auto run = Read(R"({"Name":"c","TCP":"x:1","Interval":"10ms","Timeout":"-1s",
      "DeregisterCriticalServiceAfter":"1s","OutputMaxSize":100000,"SuccessBeforePassing":-3})")
                       .run;
  EXPECT_EQ(run->interval, Millis(1000));
  EXPECT_EQ(run->timeout, Millis(0));
  EXPECT_EQ(run->deregister_critical_service_after, std::chrono::minutes(1));
  EXPECT_EQ(run->output_max_size, 4096);
  EXPECT_EQ(run->success_before_passing, 0);
  EXPECT_EQ(Read(R"({"Name":"c","TTL":1.5})").run->ttl, Millis(1));
}

TEST(CheckBody, KnowsWhatRunsAProgram) {
  EXPECT_TRUE(RunsScript(Read(R"({"Name":"c","Args":["ls"],"Interval":"1s"})")));
  EXPECT_TRUE(RunsScript(Read(R"({"Name":"c","TCP":"x:1","Args":["ls"],"Interval":"1s"})")));
  EXPECT_FALSE(RunsScript(Read(R"({"Name":"c","TTL":"1s"})")));
  EXPECT_FALSE(RunsScript(CheckRow{}));
}

}  // namespace
}  // namespace signpost::registry
