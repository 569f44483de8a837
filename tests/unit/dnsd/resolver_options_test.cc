// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dnsd/forwarding_side.h"

namespace signpost::dnsd {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::string> Texts(const std::vector<net::SocketAddress>& addresses) {
  std::vector<std::string> texts;
  for (const net::SocketAddress& address : addresses) texts.push_back(address.ToString());
  return texts;
}

TEST(ResolverOptionsTest, DefaultsOfTheContract) {
  const ResolverOptions made = MustResolverOptions({});
  EXPECT_TRUE(made.upstreams_from_file);
  EXPECT_THAT(made.upstreams, IsEmpty());
  EXPECT_THAT(made.forward, IsEmpty());
  EXPECT_THAT(made.zones, IsEmpty());
  EXPECT_TRUE(made.local_zones);
  EXPECT_TRUE(made.recursion.Contains(test::Hex("0a000001"))) << "private networks";
  EXPECT_FALSE(made.recursion.Contains(test::Hex("08080808")));
  EXPECT_EQ(made.cache_min_ttl, 0s);
  EXPECT_EQ(made.cache_max_ttl, 24h);
  EXPECT_EQ(made.cache_max_negative_ttl, 15min);
  EXPECT_EQ(made.max_stale_answer, 24h);
  EXPECT_TRUE(made.prefetch);
  EXPECT_FALSE(made.upstream_0x20);
  EXPECT_FALSE(made.upstream_cookies);
  EXPECT_FALSE(made.rebind_protection);
  EXPECT_EQ(made.rate_limit, 200U);
  EXPECT_EQ(made.max_waiting_per_client, 2048U);
  EXPECT_TRUE(made.cookies);
  EXPECT_EQ(made.any, static_zone::AnyPolicy::kHinfo);
  EXPECT_EQ(made.identity, "");
  EXPECT_FALSE(made.version_bind);
  EXPECT_EQ(made.public_domain, "");
  EXPECT_EQ(made.public_service, "lb");
  EXPECT_TRUE(made.dns_sd);
  EXPECT_EQ(made.query_log, 0U);
}

TEST(ResolverOptionsTest, UpstreamsOfEveryForm) {
  const ResolverOptions made =
      MustResolverOptions({"--upstream", "192.0.2.1", "--upstream", "192.0.2.2:5353", "--upstream", "2001:db8::1",
                           "--upstream", "[2001:db8::2]", "--upstream", "[2001:db8::3]:5353"});
  EXPECT_FALSE(made.upstreams_from_file);
  EXPECT_THAT(Texts(made.upstreams), ElementsAre("192.0.2.1:53", "192.0.2.2:5353", "[2001:db8::1]:53",
                                                 "[2001:db8::2]:53", "[2001:db8::3]:5353"));
}

TEST(ResolverOptionsTest, NoneIsNoUpstream) {
  const ResolverOptions made = MustResolverOptions({"--upstream", "none"});
  EXPECT_FALSE(made.upstreams_from_file);
  EXPECT_THAT(made.upstreams, IsEmpty());
}

TEST(ResolverOptionsTest, AZonesServersAreGatheredInTheirOrder) {
  const ResolverOptions made = MustResolverOptions(
      {"--forward", "Corp.example=10.0.0.2", "--forward", "lab.example=::1", "--forward", "corp.Example.=10.0.0.1:54"});
  ASSERT_EQ(made.forward.size(), 2U);
  EXPECT_EQ(made.forward[0].first.ToString(), "corp.example.");
  EXPECT_THAT(Texts(made.forward[0].second), ElementsAre("10.0.0.2:53", "10.0.0.1:54"));
  EXPECT_EQ(made.forward[1].first.ToString(), "lab.example.");
  EXPECT_THAT(Texts(made.forward[1].second), ElementsAre("[::1]:53"));
}

TEST(ResolverOptionsTest, ZonesKeepOriginAndFile) {
  const ResolverOptions made = MustResolverOptions({"--zone", "example.com=/etc/a=b.zone", "--zone", "b.example=/x"});
  EXPECT_THAT(made.zones, ElementsAre(Pair("example.com", "/etc/a=b.zone"), Pair("b.example", "/x")));
}

TEST(ResolverOptionsTest, EveryValueArrives) {
  const ResolverOptions made = MustResolverOptions({"--local-zones=false",
                                                    "--cache-min-ttl",
                                                    "5s",
                                                    "--cache-max-ttl",
                                                    "1h",
                                                    "--cache-max-negative-ttl",
                                                    "1m",
                                                    "--max-stale-answer",
                                                    "0s",
                                                    "--prefetch=false",
                                                    "--upstream-0x20",
                                                    "--upstream-cookies",
                                                    "--rebind-protection",
                                                    "--rebind-allow",
                                                    "plex.example",
                                                    "--rate-limit",
                                                    "7",
                                                    "--max-waiting-per-client",
                                                    "8",
                                                    "--cookies=false",
                                                    "--any-policy",
                                                    "data",
                                                    "--identity",
                                                    "me",
                                                    "--version-bind",
                                                    "--query-log",
                                                    "9",
                                                    "--query-log-name",
                                                    "a.example",
                                                    "--public-domain",
                                                    "b.example",
                                                    "--public-service",
                                                    "EDGE",
                                                    "--dns-sd=false"});
  EXPECT_FALSE(made.local_zones);
  EXPECT_EQ(made.cache_min_ttl, 5s);
  EXPECT_EQ(made.cache_max_ttl, 1h);
  EXPECT_EQ(made.cache_max_negative_ttl, 1min);
  EXPECT_EQ(made.max_stale_answer, 0s);
  EXPECT_FALSE(made.prefetch);
  EXPECT_TRUE(made.upstream_0x20);
  EXPECT_TRUE(made.upstream_cookies);
  EXPECT_TRUE(made.rebind_protection);
  ASSERT_EQ(made.rebind_allow.size(), 1U);
  EXPECT_EQ(made.rebind_allow[0].ToString(), "plex.example.");
  EXPECT_EQ(made.rate_limit, 7U);
  EXPECT_EQ(made.max_waiting_per_client, 8U);
  EXPECT_FALSE(made.cookies);
  EXPECT_EQ(made.any, static_zone::AnyPolicy::kData);
  EXPECT_EQ(made.identity, "me");
  EXPECT_TRUE(made.version_bind);
  EXPECT_EQ(made.query_log, 9U);
  ASSERT_EQ(made.query_log_names.size(), 1U);
  EXPECT_EQ(made.public_domain, "b.example");
  EXPECT_EQ(made.public_service, "edge");
  EXPECT_FALSE(made.dns_sd);
}

TEST(ResolverOptionsTest, WhatIsSealedAtStart) {
  const auto values = options::Read(ResolverRows(), {{"--resolv-conf", "/run/resolv.conf", "--cache-size", "2097152",
                                                      "--user", "dnsd", "--seccomp=false"},
                                                     [](const std::string&) { return std::nullopt; }});
  ASSERT_TRUE(values.ok()) << values.status().text();
  const ResolverStartOptions start = ReadResolverStart(values.value());
  EXPECT_EQ(start.resolv_conf, "/run/resolv.conf");
  EXPECT_EQ(start.cache_size, size_t{2} << 20);
  EXPECT_EQ(start.user, "dnsd");
  EXPECT_FALSE(start.seccomp);
  for (const options::Row& row : ResolverRows()) {
    const bool sealed =
        row.name == "resolv-conf" || row.name == "cache-size" || row.name == "user" || row.name == "seccomp";
    EXPECT_EQ(row.reloadable, !sealed) << row.name;
  }
}

TEST(ResolverOptionsTest, WrongValuesNameTheOption) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"--upstream", "dns.example"}, "--upstream is wrong: 'dns.example'"},
      {{"--upstream", "192.0.2.1:x"}, "--upstream is wrong"},
      {{"--upstream", ""}, "--upstream "},
      {{"--upstream", "0.0.0.0"}, "--upstream must be the address of a name server, not '0.0.0.0'"},
      {{"--upstream", "::"}, "--upstream must be the address of a name server, not '::'"},
      {{"--upstream", "192.0.2.1:0"}, "--upstream must be the address of a name server, not '192.0.2.1:0'"},
      {{"--upstream", "none", "--upstream", "192.0.2.1"}, "--upstream says none beside a name server"},
      {{"--forward", "corp.example"}, "--forward must be like corp.example=10.0.0.53, not 'corp.example'"},
      {{"--forward", "corp.example="}, "--forward must be like"},
      {{"--forward", "=192.0.2.1"}, "--forward must be a domain name"},
      {{"--forward", "a..b=192.0.2.1"}, "--forward must be a domain name, not 'a..b'"},
      {{"--forward", "corp.example=none"}, "--forward is wrong: 'none'"},
      {{"--forward", ".=192.0.2.1"}, "--forward must name a zone; --upstream is for all names"},
      {{"--zone", "example.com"}, "--zone must be like example.com=/etc/signpost/example.com.zone"},
      {{"--zone", "a..b=/x"}, "--zone must be a domain name, not 'a..b'"},
      {{"--zone", "a.example=/x", "--zone", "A.example.=/y"}, "--zone names 'A.example.' twice"},
      {{"--allow-recursion", "10.0.0.0/33"}, "--allow-recursion is wrong"},
      {{"--allow-recursion", "everybody"}, "--allow-recursion is wrong"},
      {{"--cache-size", "1000"}, "--cache-size must be an integer from 1048576"},
      {{"--cache-min-ttl", "2h"}, "--cache-min-ttl must be a duration"},
      {{"--cache-min-ttl", "1m", "--cache-max-ttl", "59s"}, "--cache-min-ttl is above --cache-max-ttl"},
      {{"--any-policy", "refuse"}, "--any-policy must be"},
      {{"--rate-limit", "-1"}, "--rate-limit must be an integer"},
      {{"--rebind-allow", "a..b"}, "--rebind-allow must be a domain name"},
      {{"--query-log-name", ""}, "--query-log-name must be a domain name"},
      {{"--public-domain", "a b..c"}, "--public-domain must be a domain name"},
  };
  for (const auto& [arguments, text] : cases) {
    const auto made = TryResolverOptions(arguments);
    ASSERT_FALSE(made.ok()) << arguments[0] << " " << arguments[1];
    EXPECT_EQ(made.status().kind(), ErrorKind::kConfig);
    EXPECT_THAT(made.status().text(), HasSubstr(text));
  }
}

}  // namespace
}  // namespace signpost::dnsd
