// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/dnsd_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::dnsd {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Result<DnsdOptions> Try(std::vector<std::string> arguments) {
  auto values = options::Read(DnsdRows(), {std::move(arguments), [](const std::string&) { return std::nullopt; }});
  if (!values.ok()) return values.status();
  return MakeDnsdOptions(values.value());
}

Result<DnsdOptions> TryWithConsul(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--consul", "127.0.0.1:8500"});
  return Try(std::move(arguments));
}

DnsdOptions Must(std::vector<std::string> arguments) {
  auto made = TryWithConsul(std::move(arguments));
  if (!made.ok()) Abort(made.status().text());
  return made.value();
}

TEST(DnsdOptions, DefaultsOfTheContract) {
  const DnsdOptions made = Must({});
  const StartOptions& start = made.start;
  ASSERT_EQ(start.listen.size(), 2U);
  EXPECT_EQ(start.listen[0].ToString(), "127.0.0.1:53");
  EXPECT_EQ(start.listen[1].ToString(), "[::1]:53");
  EXPECT_TRUE(start.listen_is_default);
  EXPECT_EQ(start.http.ToString(), "127.0.0.1:9153");
  EXPECT_EQ(start.data_dir, "/var/lib/signpost");
  ASSERT_TRUE(start.consul);
  EXPECT_EQ(start.consul->url, "http://127.0.0.1:8500");
  EXPECT_EQ(start.domain, "consul");
  EXPECT_EQ(start.alt_domain, "");
  EXPECT_EQ(start.datacenter, "dc1");
  EXPECT_GE(start.threads, 1);
  EXPECT_EQ(start.tcp_idle_timeout, 10s);
  EXPECT_EQ(start.tcp_max_connections, 1024);
  EXPECT_EQ(start.tcp_max_per_client, 0);
  const LiveOptions& live = made.live;
  EXPECT_EQ(live.node_ttl, 0s);
  EXPECT_TRUE(live.service_ttl.empty());
  EXPECT_TRUE(live.answer_limit.empty());
  EXPECT_FALSE(live.only_passing);
  EXPECT_EQ(live.udp_answer_limit, 0);
  EXPECT_EQ(live.a_record_limit, 0);
  EXPECT_EQ(live.soa_refresh, 3600s);
  EXPECT_EQ(live.soa_retry, 600s);
  EXPECT_EQ(live.soa_expire, 86400s);
  EXPECT_EQ(live.soa_min_ttl, 1s);
  EXPECT_TRUE(live.node_meta_txt);
  EXPECT_EQ(live.max_stale, 168h);
  EXPECT_EQ(live.stale_ttl, 5s);
}

TEST(DnsdOptions, EveryValueArrives) {
  const DnsdOptions made = Must({"--listen",
                                 "0.0.0.0",
                                 "--http",
                                 "[::1]:9000",
                                 "--data-dir",
                                 "/data",
                                 "--domain",
                                 "Example.Test.",
                                 "--alt-domain",
                                 "Other.Test",
                                 "--datacenter",
                                 "DC2",
                                 "--threads",
                                 "3",
                                 "--node-ttl",
                                 "1500ms",
                                 "--service-ttl",
                                 "web*=1m",
                                 "--answer-limit",
                                 "*=4",
                                 "--only-passing",
                                 "--node-meta-txt=false",
                                 "--udp-answer-limit",
                                 "5",
                                 "--a-record-limit",
                                 "6",
                                 "--soa-refresh",
                                 "1s",
                                 "--soa-retry",
                                 "2s",
                                 "--soa-expire",
                                 "3s",
                                 "--soa-min-ttl",
                                 "4s",
                                 "--max-stale",
                                 "1h",
                                 "--stale-ttl",
                                 "7s",
                                 "--tcp-idle-timeout",
                                 "30s",
                                 "--tcp-max-connections",
                                 "9",
                                 "--tcp-max-per-client",
                                 "8",
                                 "--log-level",
                                 "warn"});
  const StartOptions& start = made.start;
  ASSERT_EQ(start.listen.size(), 1U);
  EXPECT_EQ(start.listen[0].ToString(), "0.0.0.0:53");
  EXPECT_FALSE(start.listen_is_default);
  EXPECT_EQ(start.http.ToString(), "[::1]:9000");
  EXPECT_EQ(start.data_dir, "/data");
  EXPECT_EQ(start.domain, "example.test");
  EXPECT_EQ(start.alt_domain, "other.test");
  EXPECT_EQ(start.datacenter, "dc2");
  EXPECT_EQ(start.threads, 3);
  EXPECT_EQ(start.tcp_idle_timeout, 30s);
  EXPECT_EQ(start.tcp_max_connections, 9);
  EXPECT_EQ(start.tcp_max_per_client, 8);
  const LiveOptions& live = made.live;
  EXPECT_EQ(live.log.level, LogLevel::kWarn);
  EXPECT_EQ(live.node_ttl, 1s);  // parts of a second are cut off
  EXPECT_THAT(live.service_ttl, ElementsAre(Pair("web*", 60s)));
  EXPECT_THAT(live.answer_limit, ElementsAre(Pair("*", 4)));
  EXPECT_TRUE(live.only_passing);
  EXPECT_FALSE(live.node_meta_txt);
  EXPECT_EQ(live.udp_answer_limit, 5);
  EXPECT_EQ(live.a_record_limit, 6);
  EXPECT_EQ(live.soa_refresh, 1s);
  EXPECT_EQ(live.soa_retry, 2s);
  EXPECT_EQ(live.soa_expire, 3s);
  EXPECT_EQ(live.soa_min_ttl, 4s);
  EXPECT_EQ(live.max_stale, 1h);
  EXPECT_EQ(live.stale_ttl, 7s);
}

TEST(DnsdOptions, DevKeepsNothingOnDisk) { EXPECT_EQ(Must({"--dev"}).start.data_dir, ""); }

TEST(DnsdOptions, WithoutConsulTheRegistryRunsWhereItsClientsLook) {
  const auto made = Try({});
  ASSERT_TRUE(made.ok()) << made.status().text();
  EXPECT_FALSE(made->start.consul);
  EXPECT_EQ(made->start.http.ToString(), "127.0.0.1:8500");
  EXPECT_FALSE(made->start.registry.node.empty());
}

TEST(DnsdOptions, WrongValuesNameTheOption) {
  const std::string label63(63, 'a');
  const std::string label64(64, 'a');
  const std::string too_long = label63 + "." + label63 + "." + label63 + "." + label63;
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"--alt-domain", "CONSUL."}, "--alt-domain is the same as --domain"},
      {{"--domain", "x", "--alt-domain", "x"}, "--alt-domain is the same as --domain"},
      {{"--alt-domain", "service.x"}, "--alt-domain must not begin with the word 'service'"},
      {{"--alt-domain", "Connect.x"}, "--alt-domain must not begin with the word 'connect'"},
      {{"--alt-domain", "node"}, "--alt-domain must not begin with the word 'node'"},
      {{"--alt-domain", "query.x"}, "--alt-domain must not begin with the word 'query'"},
      {{"--alt-domain", "addr.x"}, "--alt-domain must not begin with the word 'addr'"},
      {{"--alt-domain", "ingress.x"}, "--alt-domain must not begin with the word 'ingress'"},
      {{"--alt-domain", "DC1.x"}, "--alt-domain must not begin with the datacenter's name 'dc1'"},
      {{"--domain", ""}, "--domain must be a domain name"},
      {{"--domain", "."}, "--domain must be a domain name"},
      {{"--domain", "a..b"}, "--domain must be a domain name"},
      {{"--domain", "a b"}, "--domain must be a domain name"},
      {{"--domain", label64}, "--domain must be a domain name"},
      {{"--domain", too_long}, "--domain must be a domain name"},
      {{"--datacenter", "a.b"}, "--datacenter must be one label"},
      {{"--listen", "somewhere:53"}, "--listen is wrong: 'somewhere:53'"},
      {{"--listen", "127.0.0.1", "--listen", "127.0.0.1:53"}, "--listen names '127.0.0.1:53' twice"},
      {{"--http", "127.0.0.1"}, "--http is wrong: '127.0.0.1'"},
      {{"--udp-answer-limit", "65536"}, "--udp-answer-limit must be an integer from 0 to 65535, not '65536'"},
      {{"--udp-answer-limit", "-1"}, "--udp-answer-limit must be an integer from 0 to 65535, not '-1'"},
      {{"--node-ttl", "10"}, "--node-ttl needs a unit"},
      {{"--node-ttl", "2147483648s"}, "--node-ttl must be a duration from 0s to"},
      {{"--tcp-idle-timeout", "0s"}, "--tcp-idle-timeout must be a duration from 100ms"},
      {{"--threads", "1025"}, "--threads must be an integer from 0 to 1024"},
      {{"--consul-token", "x"}, "--consul-token would show in the list of processes"},
      {{"--consul", "ftp://x"}, "--consul must be like consul://host:8500"},
  };
  for (const auto& [arguments, text] : cases) {
    const auto made = TryWithConsul(arguments);
    ASSERT_FALSE(made.ok()) << arguments[0] << " " << arguments[1];
    EXPECT_EQ(made.status().kind(), ErrorKind::kConfig);
    EXPECT_THAT(made.status().text(), HasSubstr(text));
  }
}

TEST(DnsdOptions, LongestLegalNames) {
  const std::string label(63, 'a');
  const std::string name = label + "." + label + "." + std::string(22, 'a');
  EXPECT_EQ(name.size(), 150U);
  EXPECT_EQ(Must({"--domain", name}).start.domain, name);
}

TEST(DnsdOptions, AReloadMayChangeOnlyTheLivePart) {
  const DnsdOptions before = Must({"--domain", "a", "--node-ttl", "1s"});
  const DnsdOptions after = Must({"--domain", "b", "--node-ttl", "2s", "--only-passing", "--threads", "2"});
  EXPECT_THAT(options::SealedChanges(before.values, after.values), ElementsAre("domain", "threads"));
}

TEST(DnsdOptions, TheResolversOptionsArrive) {
  const DnsdOptions made =
      Must({"--upstream", "192.0.2.1", "--cache-size", "2097152", "--forward", "corp.example=::1"});
  EXPECT_EQ(made.start.resolver.resolv_conf, "/etc/resolv.conf");
  EXPECT_EQ(made.start.resolver.cache_size, size_t{2} << 20);
  ASSERT_EQ(made.live.resolver.upstreams.size(), 1U);
  EXPECT_EQ(made.live.resolver.upstreams[0].ToString(), "192.0.2.1:53");
  EXPECT_EQ(made.live.resolver.forward.size(), 1U);
}

TEST(DnsdOptions, TheCatalogsNamesAreItsOwn) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"--zone", "consul=/x"}, "--zone names 'consul', which lies in the catalog's --domain consul"},
      {{"--zone", "a.Consul.=/x"}, "--zone names 'a.Consul.', which lies in the catalog's --domain consul"},
      {{"--forward", "x.consul=192.0.2.1"}, "--forward names x.consul., which lies in the catalog's --domain consul"},
      {{"--alt-domain", "svc.example", "--forward", "a.svc.example=192.0.2.1"},
       "lies in the catalog's --domain svc.example"},
      {{"--cache-min-ttl", "1m", "--cache-max-ttl", "1s"}, "--cache-min-ttl is above --cache-max-ttl"},
  };
  for (const auto& [arguments, text] : cases) {
    const auto made = TryWithConsul(arguments);
    ASSERT_FALSE(made.ok()) << arguments[1];
    EXPECT_THAT(made.status().text(), HasSubstr(text));
  }
  EXPECT_TRUE(TryWithConsul({"--zone", "notconsul=/x", "--forward", "example=192.0.2.1"}).ok());
}

TEST(DnsdOptions, AReloadMayChangeWhatIsForwarded) {
  const DnsdOptions before = Must({"--upstream", "192.0.2.1", "--cache-size", "2097152"});
  const DnsdOptions after = Must({"--upstream", "none", "--cache-size", "4194304", "--rate-limit", "1", "--user", "x"});
  EXPECT_THAT(options::SealedChanges(before.values, after.values), ElementsAre("cache-size", "user"));
}

TEST(DnsdRows, EveryRowIsDocumentedAndItsDefaultIsLegal) {
  for (const options::Row& row : DnsdRows()) {
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_FALSE(row.help.ends_with('.')) << row.name;
    EXPECT_EQ(options::FindRow(DnsdRows(), row.name), &row) << row.name << " is there twice";
    for (const std::string_view value : row.defaults) EXPECT_EQ(options::Complaint(row, value), "") << row.name;
    if (row.repeatable || options::IsMap(row.type)) continue;
    EXPECT_LE(row.defaults.size(), 1U) << row.name;
  }
}

}  // namespace
}  // namespace signpost::dnsd
