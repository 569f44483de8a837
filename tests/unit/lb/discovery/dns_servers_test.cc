// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_servers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;

DnsServers Three(std::string_view cut_domain = "consul") {
  std::vector<net::SocketAddress> servers;
  for (const char* text : {"127.0.0.1:53", "127.0.0.2:53", "127.0.0.3:53"}) {
    servers.push_back(net::SocketAddress::Parse(text, 53).value());
  }
  return {servers, cut_domain};
}

TEST(DnsServers, AsConfiguredAtFirst) { EXPECT_THAT(Three().Order(1s), ElementsAre(0, 1, 2)); }

// Case D30.
TEST(DnsServers, SilentOnesAreAskedLast) {
  DnsServers servers = Three();
  servers.Silent(0, 100s);
  EXPECT_THAT(servers.Order(101s), ElementsAre(1, 2, 0));
  servers.Silent(1, 105s);
  EXPECT_THAT(servers.Order(106s), ElementsAre(2, 0, 1));
  EXPECT_THAT(servers.Order(111s), ElementsAre(0, 2, 1));  // the first is forgiven
  servers.Answered(1);
  EXPECT_THAT(servers.Order(111s), ElementsAre(0, 1, 2));
}

TEST(DnsServers, PenaltiesGrow) {
  DnsServers servers = Three();
  Millis now = 100s;
  for (const Millis penalty : {10s, 20s, 40s, 60s, 60s}) {
    servers.Silent(0, now);
    servers.Silent(0, now + 1s);  // the same outage
    EXPECT_EQ(servers.Order(now + penalty - 1s).front(), 1U) << penalty.count();
    EXPECT_EQ(servers.Order(now + penalty).front(), 0U) << penalty.count();
    now += penalty;
  }
  servers.Answered(0);
  servers.Silent(0, now);
  EXPECT_EQ(servers.Order(now + 10s).front(), 0U);
}

// Case D24.
TEST(DnsServers, EdnsIsTriedAgainAfterAQuarterOfAnHour) {
  DnsServers servers = Three();
  EXPECT_TRUE(servers.TakesEdns(1, 0s));
  servers.RefusedEdns(1, 100s);
  EXPECT_FALSE(servers.TakesEdns(1, 100s + 15min - 1s));
  EXPECT_TRUE(servers.TakesEdns(1, 100s + 15min));
  EXPECT_TRUE(servers.TakesEdns(0, 100s));
}

// Case D21.
TEST(DnsServers, OnlyAuthoritativeAnswersBelowTheDomainAreCut) {
  DnsServers servers = Three("Consul.");
  servers.Authoritative(0, "web.example");
  EXPECT_FALSE(servers.CutsAnswers(0, "web.service.consul"));
  servers.Authoritative(0, "web.service.consul");
  EXPECT_TRUE(servers.CutsAnswers(0, "other.service.CONSUL."));
  EXPECT_TRUE(servers.CutsAnswers(0, "consul"));
  EXPECT_FALSE(servers.CutsAnswers(0, "notconsul"));
  EXPECT_FALSE(servers.CutsAnswers(0, "web.example"));
  EXPECT_FALSE(servers.CutsAnswers(1, "web.service.consul"));
}

TEST(DnsServers, WithoutDomainNothingIsCut) {
  DnsServers servers = Three("");
  servers.Authoritative(0, "web.service.consul");
  EXPECT_FALSE(servers.CutsAnswers(0, "web.service.consul"));
}

}  // namespace
}  // namespace signpost::lb
