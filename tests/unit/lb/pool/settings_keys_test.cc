// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/settings_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace signpost::lb {
namespace {

using testing::HasSubstr;

struct Case {
  std::string_view name, text;
  bool (*holds)(const ServiceSettings&);
};

// One line per field of ServiceSettings, each with a value that is not its default.
constexpr Case kFields[] = {
    {"algorithm", "least_conn", [](auto& s) { return s.algorithm == Algorithm::kLeastConn; }},
    {"hash", "header:X-User", [](auto& s) { return s.hash_on == KeySource::kHeader && s.hash_name == "X-User"; }},
    {"hash", "cookie:who", [](auto& s) { return s.hash_on == KeySource::kCookie && s.hash_name == "who"; }},
    {"sticky_cookie", "lbs", [](auto& s) { return s.sticky_cookie == "lbs"; }},
    {"max_fails", "0", [](auto& s) { return s.max_fails == 0; }},
    {"fail_timeout", "3s", [](auto& s) { return s.fail_timeout == Millis(3000); }},
    {"fail_window", "sliding", [](auto& s) { return s.fail_window == FailWindow::kSliding; }},
    {"panic_percent", "25", [](auto& s) { return s.panic_percent == 25; }},
    {"min_usable", "2", [](auto& s) { return s.min_usable == 2; }},
    {"slow_start", "30s", [](auto& s) { return s.slow_start == Millis(30000); }},
    {"zero_weight", "one", [](auto& s) { return s.zero_weight == ZeroWeight::kOne; }},
    {"max_conns", "100", [](auto& s) { return s.max_conns == 100; }},
    {"queue", "0", [](auto& s) { return s.queue == 0; }},
    {"queue_timeout", "2s", [](auto& s) { return s.queue_timeout == Millis(2000); }},
    {"attempts", "1", [](auto& s) { return s.attempts == 1; }},
    {"attempts_timeout", "5s", [](auto& s) { return s.attempts_timeout == Millis(5000); }},
    {"retry_budget", "10", [](auto& s) { return s.retry_budget == 10; }},
    {"retry_on", "off", [](auto& s) { return s.retry_on == RetryOn{.error = false, .timeout = false}; }},
    {"retry_on", "error, http_500,non_idempotent",
     [](auto& s) {
       return s.retry_on == RetryOn{.error = true, .timeout = false, .http_500 = true, .non_idempotent = true};
     }},
    {"connect_timeout", "500ms", [](auto& s) { return s.connect_timeout == Millis(500); }},
    {"read_timeout", "1s", [](auto& s) { return s.read_timeout == Millis(1000); }},
    {"write_timeout", "1s", [](auto& s) { return s.write_timeout == Millis(1000); }},
    {"tunnel_timeout", "0", [](auto& s) { return s.tunnel_timeout == Millis(0); }},
    {"tcp_idle", "10m", [](auto& s) { return s.tcp_idle == Millis(600'000); }},
    {"fin_timeout", "5s", [](auto& s) { return s.fin_timeout == Millis(5000); }},
    {"keepalive", "0", [](auto& s) { return s.keepalive == 0; }},
    {"keepalive_idle", "15s", [](auto& s) { return s.keepalive_idle == Millis(15000); }},
    {"keepalive_requests", "100", [](auto& s) { return s.keepalive_requests == 100; }},
    {"drain_http", "0", [](auto& s) { return s.drain_http == Millis(0); }},
    {"drain_tcp", "30s", [](auto& s) { return s.drain_tcp == Millis(30000); }},
    {"send_proxy", "v2", [](auto& s) { return s.send_proxy == ProxyHeader::kV2; }},
    {"check", "tcp", [](auto& s) { return s.check.kind == CheckKind::kTcp; }},
    {"check", "http:/health?deep=1",
     [](auto& s) { return s.check.kind == CheckKind::kHttp && s.check.path == "/health?deep=1"; }},
    {"check_host", "web.example.com", [](auto& s) { return s.check.host == "web.example.com"; }},
    {"check_interval", "1s", [](auto& s) { return s.check.interval == Millis(1000); }},
    {"check_timeout", "100ms", [](auto& s) { return s.check.timeout == Millis(100); }},
    {"rise", "1", [](auto& s) { return s.check.rise == 1; }},
    {"fall", "5", [](auto& s) { return s.check.fall == 5; }},
    {"split", "v1:95,v2:5", [](auto& s) { return s.split.shares.size() == 2 && s.split.shares[0].version == "v2"; }},
    {"split_key", "client", [](auto& s) { return s.split.key == SplitKey::kClientAddress; }},
    {"split_strict", "true", [](auto& s) { return s.split.strict; }},
};

TEST(Settings, EveryFieldIsSetByItsName) {
  std::set<std::string_view> named;
  for (const Case& c : kFields) {
    ServiceSettings settings;
    EXPECT_FALSE(c.holds(settings)) << c.name << " is that by default";
    const Status status = ApplySetting(settings, c.name, c.text);
    EXPECT_TRUE(status.ok()) << c.name << ": " << status.text();
    EXPECT_TRUE(c.holds(settings)) << c.name;
    named.insert(c.name);
  }
  for (const SettingKey& key : SettingKeys())
    EXPECT_TRUE(named.contains(key.name)) << key.name << " is not in this test";
}

TEST(Settings, CanonicalTextIsReadBackAsTheSame) {
  ServiceSettings all;
  for (const Case& c : kFields) ASSERT_TRUE(ApplySetting(all, c.name, c.text).ok());
  for (const ServiceSettings& from : {ServiceSettings{}, all}) {
    ServiceSettings copy;
    for (const SettingKey& key : SettingKeys()) {
      EXPECT_EQ(key.set(copy, key.get(from)), "") << key.name << " = " << key.get(from);
      EXPECT_EQ(key.get(copy), key.get(from)) << key.name;
    }
  }
}

TEST(Settings, DashesAreAccepted) {
  ServiceSettings settings;
  EXPECT_TRUE(ApplySetting(settings, "max-fails", "7").ok());
  EXPECT_EQ(settings.max_fails, 7U);
}

TEST(Settings, RefusalsSayWhatIsWanted) {
  struct Refusal {
    std::string_view name, text, words;
  };
  const Refusal cases[] = {
      {"max_fail", "3", "unknown setting 'max_fail' (did you mean max_fails?)"},
      {"max-fial", "3", "unknown setting 'max_fial' (did you mean max_fails?)"},
      {"retries", "3", "unknown setting 'retries'"},
      {"", "3", "unknown setting ''"},
      {"max_fails", "x", "max_fails must be a number from 0 to 1000, not 'x'"},
      {"max_fails", "1001", "max_fails must be a number from 0 to 1000, not '1001'"},
      {"max_fails", "-1", "max_fails must be a number from 0 to 1000, not '-1'"},
      {"max_fails", "4294967297", "must be a number"},
      {"fail_timeout", "10", "fail_timeout must be a time from 1ms to 1h, like 10s, 500ms or 1h30m, not '10'"},
      {"fail_timeout", "0", "must be a time from 1ms"},
      {"algorithm", "ip_hash",
       "algorithm must be one of round_robin, least_conn, random_two, source_hash, not 'ip_hash'"},
      {"hash", "header:", "hash must be client, header:NAME or cookie:NAME, not 'header:'"},
      {"hash", "client:x", "hash must be"},
      {"sticky_cookie", "a b", "sticky_cookie must be the name of a cookie"},
      {"check", "http:health", "check must be none, tcp or http:/PATH, not 'http:health'"},
      {"check", "http:/a\r\nX: y", "check must be"},
      {"check_host", "a b", "check_host must be a host name"},
      {"retry_on", "error,http_501", "retry_on must be off, or a list of error, timeout"},
      {"retry_on", "", "retry_on must be"},
      {"retry_on", "error,off", "retry_on must be"},
      {"split", "v1:x", "split must be up to 8 versions"},
      {"split_key", "user", "split_key must be cookie:NAME"},
      {"split_strict", "maybe", "split_strict must be true or false, not 'maybe'"},
  };
  for (const Refusal& c : cases) {
    ServiceSettings settings;
    const Status status = ApplySetting(settings, c.name, c.text);
    EXPECT_EQ(status.kind(), ErrorKind::kConfig) << c.name;
    EXPECT_THAT(status.text(), HasSubstr(c.words));
    EXPECT_EQ(settings, ServiceSettings{}) << c.name << " = " << c.text << " left a trace";
  }
}

TEST(Settings, HostileNamesAreCut) {
  ServiceSettings settings;
  const Status status = ApplySetting(settings, std::string(1 << 20, 'x'), "1");
  EXPECT_LT(status.text().size(), 100U);
}

TEST(Settings, WithoutAHeaderHashingForgetsItsName) {
  ServiceSettings settings;
  ASSERT_TRUE(ApplySetting(settings, "hash", "header:X-User").ok());
  ASSERT_TRUE(ApplySetting(settings, "hash", "client").ok());
  EXPECT_EQ(settings, ServiceSettings{});
}

TEST(Settings, MarkdownHasOneRowPerKey) {
  const std::string text = SettingsMarkdown();
  for (const SettingKey& key : SettingKeys()) {
    EXPECT_THAT(text, HasSubstr("\n| `" + std::string(key.name) + "` | ")) << key.name;
    EXPECT_FALSE(key.help.empty() || key.help.ends_with('.')) << key.name;
  }
  EXPECT_THAT(text, HasSubstr("| `zero_weight` | standby\\|one | `standby` | "));
  EXPECT_EQ(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')), SettingKeys().size() + 2);
}

}  // namespace
}  // namespace signpost::lb
