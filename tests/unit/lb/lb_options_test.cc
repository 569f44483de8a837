// Signpost. Apache-2.0; see LICENSE.
#include "lb/lb_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "lb/pool/settings_keys.h"

namespace signpost::lb {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class LbOptionsTest : public testing::Test {
 protected:
  ~LbOptionsTest() override {
    if (!path_.empty()) std::filesystem::remove(path_);
  }

  // `config` is the text of a config file; "" = none.
  Result<LbOptions> Try(std::vector<std::string> arguments, std::string_view config = "") {
    if (!config.empty()) {
      path_ = testing::TempDir() + "lb_options_test." + std::to_string(getpid()) + ".json";
      std::ofstream(path_) << config;
      arguments.insert(arguments.end(), {"--config", path_});
    }
    auto values = options::Read(LbRows(), {std::move(arguments), [](const std::string&) { return std::nullopt; }});
    if (!values.ok()) return values.status();
    return MakeLbOptions(values.value());
  }
  LbOptions Must(std::vector<std::string> arguments, std::string_view config = "") {
    auto made = Try(std::move(arguments), config);
    if (!made.ok()) Abort(made.status().text());
    return made.value();
  }
  std::string Error(std::vector<std::string> arguments, std::string_view config = "") {
    const auto made = Try(std::move(arguments), config);
    EXPECT_EQ(made.status().kind(), made.ok() ? ErrorKind::kOk : ErrorKind::kConfig);
    return made.status().text();
  }

 private:
  std::string path_;
};

std::vector<std::string> Texts(const std::vector<net::SocketAddress>& addresses) {
  std::vector<std::string> texts;
  for (const net::SocketAddress& address : addresses) texts.push_back(address.ToString());
  return texts;
}

TEST_F(LbOptionsTest, DefaultsOfTheContract) {
  const LbOptions made = Must({});
  EXPECT_EQ(made.start.http.ToString(), "127.0.0.1:9155");
  EXPECT_GE(made.start.threads, 1);
  EXPECT_EQ(made.start.data_dir, "/var/lib/signpost");
  EXPECT_EQ(made.start.max_snapshot_age, 24h);
  EXPECT_FALSE(made.start.consul);
  EXPECT_EQ(made.start.takeover, "");
  const LiveOptions& live = made.live;
  EXPECT_THAT(Texts(live.publish.http_listen), testing::ElementsAre("127.0.0.1:80", "[::1]:80"));
  EXPECT_TRUE(live.listen_is_default);
  EXPECT_THAT(Texts(live.publish.tcp_bind), testing::ElementsAre("127.0.0.1:0", "[::1]:0"));
  EXPECT_THAT(live.publish.denied_ports, testing::ElementsAre(9155));
  EXPECT_EQ(live.publish.linger, 60s);
  EXPECT_TRUE(live.publish.fabio_tags);
  EXPECT_EQ(live.publish.defaults, ServiceSettings());
  EXPECT_EQ(live.rules.header_timeout, 10s);
  EXPECT_EQ(live.rules.idle_timeout, 75s);
  EXPECT_EQ(live.rules.head.max_head, 32U << 10);
  EXPECT_EQ(live.rules.via, "signpost");
  EXPECT_FALSE(live.rules.access_log);
  EXPECT_EQ(live.stop_timeout, 30s);
  EXPECT_EQ(live.pre_stop, 0s);
  EXPECT_THAT(live.dns.servers, IsEmpty());
  EXPECT_THAT(live.config.services, IsEmpty());
}

TEST_F(LbOptionsTest, TheTablesDefaultsAreThoseOfTheStructs) {
  const LiveOptions live = Must({}).live;
  const SessionRules rules;
  EXPECT_EQ(live.rules.head.max_fields, rules.head.max_fields);
  EXPECT_EQ(live.rules.head.max_target, rules.head.max_target);
  EXPECT_EQ(live.rules.client_requests, rules.client_requests);
  EXPECT_EQ(live.rules.body_rate, rules.body_rate);
  EXPECT_EQ(live.rules.body_rate_time, rules.body_rate_time);
  EXPECT_EQ(live.rules.replay, rules.replay);
  EXPECT_EQ(live.rules.response_pending, rules.response_pending);
  EXPECT_EQ(live.rules.relay.pending_high, rules.relay.pending_high);
  EXPECT_EQ(live.rules.relay.pending_low, rules.relay.pending_low);
  EXPECT_EQ(live.rules.sni_timeout, rules.sni_timeout);
  const DnsOptions dns;
  EXPECT_EQ(live.dns.min_interval, dns.min_interval);
  EXPECT_EQ(live.dns.max_interval, dns.max_interval);
  EXPECT_EQ(live.dns.hold_empty, dns.hold_empty);
  EXPECT_EQ(live.dns.confirm_loss, dns.confirm_loss);
  EXPECT_EQ(live.dns.edns_size, dns.edns_size);
  EXPECT_EQ(live.dns.tcp_domain, dns.tcp_domain);
  EXPECT_EQ(live.publish.dns_after, PublishOptions().dns_after);
}

TEST_F(LbOptionsTest, AWholeConfigFile) {
  const LbOptions made = Must({"--dns", "127.0.0.1:8600"}, R"({
    "http_listen": "127.0.0.1:8080", "public_domain": "Example.COM.", "default": {"max_fails": 3, "fail_timeout": "5s"},
    "dns_name": {"api": "_api._tcp.example.com"}, "trusted_proxy": ["10.0.0.0/8", "::1"], "admin_token": "hush",
    "access_log": "-", "access_log_format": "combined",
    "services": {"web": {"endpoints": ["192.0.2.1:80"]}, "db": {"dns": "db.service.consul"}},
    "routes": [{"host": "web.example.com", "service": "web"}, {"tcp": 6379, "service": "redis"}]
  })");
  EXPECT_EQ(made.live.publish.public_domain, "example.com");
  EXPECT_EQ(made.live.publish.defaults.max_fails, 3U);
  EXPECT_EQ(made.live.publish.defaults.fail_timeout, 5s);
  EXPECT_THAT(made.live.dns.names, SizeIs(2));
  EXPECT_THAT(made.live.config.services, SizeIs(2));
  EXPECT_THAT(made.live.config.tcp, SizeIs(1));
  EXPECT_TRUE(made.live.rules.trusted.Contains(net::SocketAddress::Parse("10.1.2.3:1", 0).value()));
  EXPECT_EQ(made.live.admin_token, "hush");
  EXPECT_TRUE(made.live.rules.access_log);
  EXPECT_EQ(made.live.access_format, AccessFormat::kCombined);
}

TEST_F(LbOptionsTest, ANameServerAloneIsBrowsed) {
  EXPECT_EQ(Must({"--dns", "127.0.0.1:53"}, "{}").live.dns.browse, "service.consul");
  EXPECT_EQ(Must({"--dns", "127.0.0.1:53", "--dns-browse", "service.dc2.consul"}, "{}").live.dns.browse,
            "service.dc2.consul");
  EXPECT_EQ(Must({"--dns", "127.0.0.1:53", "--dns-name", "web=web.example"}, "{}").live.dns.browse, "");
  EXPECT_EQ(Must({"--dns", "127.0.0.1:53", "--consul", "http://127.0.0.1:8500"}, "{}").live.dns.browse, "");
}

TEST_F(LbOptionsTest, EachMistakeHasItsSentence) {
  struct Case {
    std::vector<std::string> arguments;
    std::string_view config;
    std::string_view error;
  };
  const Case cases[] = {
      {{"--default", "max_fials=3"}, "", "did you mean max_fails"},
      {{"--default", "max_fails=x"}, "", "max_fails must be"},
      {{"--http-listen", "127.0.0.1:80", "--http-listen", "127.0.0.1:80"},
       "",
       "--http-listen names '127.0.0.1:80' twice"},
      {{"--http-listen", "127.0.0.1:80", "--http-listen-proxy", "127.0.0.1:80"}, "", "which --http-listen has too"},
      {{"--tcp-bind", "0.0.0.0:80"}, "", "must be an address without a port"},
      {{"--deny-port", "0"}, "", "must be a port from 1 to 65535"},
      {{"--trusted-proxy", "10.0.0.0/33"}, "", "must be an address or a prefix"},
      {{"--via", "a b"}, "", "must be one word"},
      {{"--public-domain", "a..b"}, "", "must be a domain name"},
      {{"--dns-name", "web"}, "", "must be NAME=TEXT"},
      {{"--dns-name", "web=a..b"}, "", "must be SERVICE=NAME"},
      {{"--dns-name", "web=web.service.consul"}, "", "comes from DNS, which needs --dns"},
      {{"--dns-browse", "service.consul"}, "", "needs --dns as well"},
      {{"--dns-min-interval", "10s", "--dns-max-interval", "5s"}, "", "must not be shorter than --dns-min-interval"},
      {{"--max-head", "2048", "--max-target", "4096"}, "", "must not be larger than --max-head"},
      {{"--takeover", "relative"}, "", "must be an absolute path"},
      {{"--admin-token", "x"}, "", "would show in the list of processes"},
      {{"--admin-token-file", "/dev/null"}, "", "does not hold a token"},
      {{"--services", "{}"}, "", "belongs in the config file"},
      {{}, R"({"services": {"web": {"max_fails": "x"}}})", "services.web: max_fails must be"},
      {{}, R"({"services": {"web": {"dns": "web.service.consul"}}})", "which needs --dns"},
      {{}, R"({"services": []})", "services"},
      {{}, R"({"routes": {}})", "routes"},
      {{"--dns", "127.0.0.1", "--dns-name", "web=a.example"},
       R"({"services": {"web": {"dns": "b.example"}}})",
       "names 'web', which \"services\" has with \"dns\" as well"},
  };
  for (const Case& c : cases) EXPECT_THAT(Error(c.arguments, c.config), HasSubstr(c.error));
}

TEST_F(LbOptionsTest, WhatReadinessWaitsFor) {
  const auto address = [](std::string_view text) { return net::SocketAddress::Parse(text, 0).value(); };
  const LiveOptions by_default = Must({}).live;
  EXPECT_TRUE(IsRequired(by_default, address("127.0.0.1:80")));
  EXPECT_FALSE(IsRequired(by_default, address("[::1]:80")));
  const LiveOptions chosen =
      Must({"--http-listen", "[::1]:8080"}, R"({"services": {"r": {"endpoints": ["192.0.2.1:1"]}},
      "routes": [{"tcp": 6379, "service": "r"}, {"tcp": "127.0.0.1:7000", "service": "r"}]})")
          .live;
  EXPECT_TRUE(IsRequired(chosen, address("[::1]:8080")));
  EXPECT_TRUE(IsRequired(chosen, address("127.0.0.1:6379")));
  EXPECT_TRUE(IsRequired(chosen, address("127.0.0.1:7000")));
  EXPECT_FALSE(IsRequired(chosen, address("127.0.0.2:7000")));
  EXPECT_FALSE(IsRequired(chosen, address("0.0.0.0:7001")));
}

TEST_F(LbOptionsTest, EverythingButPlacesMayChangeWhileRunning) {
  std::vector<std::string_view> sealed;
  for (const options::Row& row : LbRows()) {
    if (!row.reloadable && !row.command_line_only && !row.name.starts_with("consul")) sealed.push_back(row.name);
  }
  EXPECT_THAT(sealed, testing::ElementsAre("http", "only-passing", "policy-prefix", "threads", "data-dir",
                                           "max-snapshot-age", "takeover"));
}

TEST_F(LbOptionsTest, TheManualHasTheTableOfSettings) {
  std::ostringstream manual;
  manual << std::ifstream("docs/lb.md").rdbuf();
  EXPECT_THAT(manual.str(), HasSubstr("<!-- settings -->\n" + SettingsMarkdown() + "<!-- /settings -->"))
      << "run from the root of the tree; put this between the markers of docs/lb.md:\n"
      << SettingsMarkdown();
}

}  // namespace
}  // namespace signpost::lb
