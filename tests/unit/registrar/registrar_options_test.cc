// Signpost. Apache-2.0; see LICENSE.
#include "registrar/registrar_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace signpost::registrar {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

using Environment = std::map<std::string, std::string>;

Result<RegistrarOptions> Try(std::vector<std::string> arguments, const Environment& environment = {}) {
  const Invocation invocation =
      ReadInvocation({std::move(arguments), [environment](const std::string& name) -> std::optional<std::string> {
                        const auto found = environment.find(name);
                        return found == environment.end() ? std::nullopt : std::optional(found->second);
                      }});
  auto values = ReadValues(invocation);
  if (!values.ok()) return values.status();
  return MakeRegistrarOptions(invocation, values.value());
}

RegistrarOptions Must(std::vector<std::string> arguments, const Environment& environment = {}) {
  auto made = Try(std::move(arguments), environment);
  if (!made.ok()) Abort(made.status().text());
  return made.value();
}

std::string Error(std::vector<std::string> arguments, const Environment& environment = {}) {
  const auto made = Try(std::move(arguments), environment);
  EXPECT_EQ(made.status().kind(), ErrorKind::kConfig);
  return made.status().text();
}

TEST(RegistrarOptions, DefaultsOfTheContract) {
  const RegistrarOptions made = Must({});
  const StartOptions& start = made.start;
  EXPECT_EQ(start.http.ToString(), "127.0.0.1:9154");
  EXPECT_EQ(start.agent.url, "http://127.0.0.1:8500");
  EXPECT_TRUE(start.agent.tls.verify);
  EXPECT_EQ(start.deregister, DeregisterMode::kAlways);
  EXPECT_EQ(start.on_exit, OnExit::kKeep);
  EXPECT_EQ(start.resync, 60s);
  EXPECT_EQ(start.refresh, 20s);
  EXPECT_EQ(start.engine_grace, 0s);
  EXPECT_FALSE(start.retry_attempts);
  EXPECT_FALSE(start.cleanup || start.dry_run || start.lenient_checks);
  const MappingOptions& mapping = made.live.mapping;
  EXPECT_EQ(mapping.node_id, "");
  EXPECT_EQ(mapping.prefix, "SERVICE_");
  EXPECT_EQ(mapping.drain, 10s);
  EXPECT_EQ(MakeMapping(made, {}).health_ttl, 90s);
  EXPECT_EQ(mapping.compat, Compat::kNone);
  EXPECT_FALSE(mapping.ip_given || mapping.internal || mapping.explicit_only);
  EXPECT_TRUE(made.live.ip.empty());
  EXPECT_TRUE(made.notes.empty());
}

// Case 117.
TEST(RegistrarOptions, RegistratorsOwnLine) {
  const RegistrarOptions made =
      Must({"-ip", "192.0.2.10", "-resync", "60", "-cleanup", "-deregister", "on-success", "consul://h:8501"});
  EXPECT_THAT(made.live.ip, ElementsAre(AddressForm{AddressForm::Kind::kLiteral, "192.0.2.10"}));
  EXPECT_TRUE(made.live.mapping.ip_given);
  EXPECT_EQ(made.start.resync, 60s);
  EXPECT_TRUE(made.start.cleanup);
  EXPECT_EQ(made.start.deregister, DeregisterMode::kOnSuccess);
  EXPECT_EQ(made.start.agent.url, "http://h:8501");
}

// Cases 118, 121.
TEST(RegistrarOptions, TheAddressMayStandAnywhereAndHasADefaultPort) {
  for (const auto& line : std::vector<std::vector<std::string>>{{"consul://h", "-ip", "192.0.2.10"},
                                                                {"-ip", "192.0.2.10", "consul://h"},
                                                                {"-ip=192.0.2.10", "consul://h"}}) {
    const RegistrarOptions made = Must(line);
    EXPECT_EQ(made.start.agent.url, "http://h:8500");
    EXPECT_THAT(made.live.ip, SizeIs(1));
  }
  EXPECT_EQ(Must({"consul://"}, {{"CONSUL_HTTP_ADDR", "e:1"}}).start.agent.url, "http://e:1");
  EXPECT_EQ(Must({"consul://h"}, {{"CONSUL_HTTP_ADDR", "e:1"}}).start.agent.url, "http://h:8500");
}

// Case 119.
TEST(RegistrarOptions, TtlAndRefreshBelongTogether) {
  for (const auto& line : std::vector<std::vector<std::string>>{
           {"-ttl", "10"}, {"-ttl-refresh", "5"}, {"-ttl", "10", "-ttl-refresh", "10"}}) {
    EXPECT_EQ(Try(line).status().kind(), ErrorKind::kInvalid) << line[0];
  }
  EXPECT_THAT(Must({"-ttl", "30", "-ttl-refresh", "10"}).notes, ElementsAre(HasSubstr("no effect on Consul")));
}

TEST(RegistrarOptions, EveryValueArrives) {
  const RegistrarOptions made = Must({
      "--deregister=never",
      "--on-exit",
      "maintenance",
      "--owner-id",
      "one",
      "--adopt-prefix",
      "node1:",
      "--lenient-checks",
      "--dry-run",
      "--resync",
      "2m",
      "--refresh",
      "40s",
      "--engine-grace",
      "90",
      "--http",
      "[::1]:9000",
      "--retry-attempts",
      "3",
      "--retry-interval",
      "500",
      "--docker",
      "tcp://192.0.2.1:2375",
      "--docker-api-version",
      "1.40",
      "--log-level",
      "debug",
  });
  const StartOptions& start = made.start;
  EXPECT_EQ(start.deregister, DeregisterMode::kNever);  // case 120
  EXPECT_EQ(start.on_exit, OnExit::kMaintenance);
  EXPECT_EQ(start.owner_id, "one");
  EXPECT_EQ(start.adopt_prefix, "node1:");
  EXPECT_TRUE(start.lenient_checks);
  EXPECT_TRUE(start.dry_run);
  EXPECT_EQ(start.resync, 2min);
  EXPECT_EQ(start.refresh, 40s);
  EXPECT_EQ(MakeMapping(made, {}).health_ttl, 120s);
  EXPECT_EQ(start.engine_grace, 90s);
  EXPECT_EQ(start.http.ToString(), "[::1]:9000");
  EXPECT_EQ(start.retry_attempts, 3);
  EXPECT_EQ(start.retry_interval, 500ms);
  EXPECT_EQ(start.engine.address.base, "http://192.0.2.1:2375");
  EXPECT_EQ(start.engine.api_version, "1.40");
  EXPECT_EQ(made.live.log.level, LogLevel::kDebug);
  EXPECT_EQ(Must({"--resync", "0"}).start.resync, 60s);
  EXPECT_FALSE(Must({"--retry-attempts", "-1"}).start.retry_attempts);
}

TEST(RegistrarOptions, Drain) {
  const RegistrarOptions made = Must({"drain", "web.1", "--wait", "5s", "consul://h"});
  EXPECT_EQ(made.drain.container, "web.1");
  EXPECT_EQ(made.drain.wait, 5s);
  EXPECT_EQ(made.start.agent.url, "http://h:8500");
  EXPECT_FALSE(Must({"drain", "web.1"}).drain.wait);
  EXPECT_EQ(Must({"drain", "--wait", "7", "web.1"}).drain.wait, 7s);
  EXPECT_EQ(Error({"drain"}), "drain needs a container: registrar drain CONTAINER");
  EXPECT_EQ(Error({"--wait", "1s"}), "--wait belongs to the command drain: registrar drain CONTAINER");
}

TEST(RegistrarOptions, WrongLines) {
  const std::pair<std::vector<std::string>, std::string_view> cases[] = {
      {{"--deregister", "sometimes"}, "--deregister must be one of always, on-success, never, not 'sometimes'"},
      {{"etcd://h:2379"}, "the argument URL must be like consul://host:8500"},
      {{"consul://a", "consul://b"}, "unexpected argument 'consul://b'"},
      {{"--useIpFromLable", "x"}, "unknown option '--useIpFromLable'"},
      {{"--http", "9154"}, "--http is wrong"},
      {{"--retry-interval", "0"}, "--retry-interval must be a duration from 1ms"},
      {{"--resync", "1ms"}, "--resync must be 0 or at least 1s"},
      {{"--resync=999ms"}, "--resync must be 0 or at least 1s"},
      {{"--consul", "consul://", "--internal"}, "--consul must be like consul://host:8500"},
      {{"--refresh", "0"}, "--refresh must be a duration from 1s"},
      {{"--owner-id", "a b"}, "--owner-id must have 1 to 128 characters and no blanks"},
      {{"--docker", "npipe://x"}, "npipe"},
      {{"--docker-api-version", "latest"}, "--docker-api-version must be an API version such as 1.41"},
      {{"--ip", "0.0.0.0"}, "--ip must be an IP address"},
      {{"--ip", "env:HOST_ADDRESS"}, "--ip names the variable HOST_ADDRESS, which is not set"},
  };
  for (const auto& [arguments, error] : cases) EXPECT_THAT(Error(arguments), HasSubstr(error));
}

// The period of the reports stays until the next start, so what is registered must fit it.
TEST(RegistrarOptions, AReloadDoesNotChangeTheTtlOfMirroredChecks) {
  RegistrarOptions running = Must({"--refresh", "60s"});
  running.live = Must({"--refresh", "20s"}).live;
  EXPECT_EQ(MakeMapping(running, {}).health_ttl, 180s);
}

TEST(RegistrarOptions, TheAddressFromAVariable) {
  const RegistrarOptions made = Must({"--ip", "env:HOST_ADDRESS"}, {{"HOST_ADDRESS", "192.0.2.9"}});
  EXPECT_THAT(made.live.ip, ElementsAre(AddressForm{AddressForm::Kind::kLiteral, "192.0.2.9"}));
}

TEST(RegistrarOptions, ReachTheReconciler) {
  const RegistrarOptions made = Must({"--cleanup", "--resync", "30", "--node-id", "node1", "--dry-run"});
  const ReconcilerOptions reconciler = MakeReconcilerOptions(made, {"192.0.2.10", "2001:db8::10"});
  EXPECT_TRUE(reconciler.adopt_own);
  EXPECT_TRUE(reconciler.dry_run);
  EXPECT_EQ(reconciler.engine.list_period, 30s);
  EXPECT_EQ(reconciler.agent.read_period, 30s);
  EXPECT_EQ(reconciler.mapping.node_id, "node1");
  EXPECT_EQ(reconciler.mapping.host_ipv4, "192.0.2.10");
}

TEST(RegistrarOptions, BothFamiliesOfTheHostOnlyOnRequest) {
  const HostAddresses both{"192.0.2.10", "2001:db8::10"};
  EXPECT_EQ(MakeMapping(Must({}), both).host_ipv6, "");
  EXPECT_EQ(MakeMapping(Must({}), {"", "2001:db8::10"}).host_ipv6, "2001:db8::10");
  EXPECT_EQ(MakeMapping(Must({"--family", "any"}), both).host_ipv6, "2001:db8::10");
  EXPECT_EQ(MakeMapping(Must({"--family", "6"}), both).host_ipv6, "2001:db8::10");
  EXPECT_EQ(MakeMapping(Must({"--ip", "route"}), both).host_ipv6, "2001:db8::10");
}

}  // namespace
}  // namespace signpost::registrar
