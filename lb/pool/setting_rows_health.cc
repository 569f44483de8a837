// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/setting_rows.h"

namespace signpost::lb {
namespace {

constexpr int64_t kHour = 3'600'000;

constexpr std::array<std::pair<std::string_view, FailWindow>, 2> kFailWindows = {{
    {"gap", FailWindow::kGap},
    {"sliding", FailWindow::kSliding},
}};

// "none", "tcp", "http:/health", "http" (the path stays).
std::string SetCheck(ServiceSettings& settings, std::string_view text) {
  constexpr size_t kLongestPath = 1024;
  if (text == "none" || text == "tcp" || text == "http") {
    settings.check.kind = text == "none" ? CheckKind::kNone : text == "tcp" ? CheckKind::kTcp : CheckKind::kHttp;
    return {};
  }
  const std::string_view path = text.starts_with("http:") ? text.substr(5) : std::string_view();
  if (!path.starts_with('/') || !IsVisible(path, kLongestPath)) return MustBe("none, tcp or http:/PATH", text);
  settings.check.kind = CheckKind::kHttp;
  settings.check.path = path;
  return {};
}

std::string GetCheck(const ServiceSettings& settings) {
  switch (settings.check.kind) {
    case CheckKind::kNone:
      return "none";
    case CheckKind::kTcp:
      return "tcp";
    case CheckKind::kHttp:
      return "http:" + settings.check.path;
  }
  return {};
}

std::string SetCheckHost(ServiceSettings& settings, std::string_view text) {
  constexpr size_t kLongestHost = 255;
  if (!text.empty() && !IsVisible(text, kLongestHost)) return MustBe("a host name, or nothing", text);
  settings.check.host = text;
  return {};
}

}  // namespace

std::vector<SettingKey> HealthRows() {
  return {
      NumberRow<kOf<&ServiceSettings::max_fails>, 0, 1000>(
          "max_fails", "0..1000", "Failures that take an endpoint out for fail_timeout; 0 = never"),
      TimeRow<kOf<&ServiceSettings::fail_timeout>, 1, kHour>(
          "fail_timeout", "time", "How long it stays out, and how far apart failures may be to count together"),
      WordRow<kOf<&ServiceSettings::fail_window>, kFailWindows>(
          "fail_window", "gap|sliding",
          "Whether max_fails counts failures each fail_timeout apart at most, or those within one fail_timeout"),
      NumberRow<kOf<&ServiceSettings::panic_percent>, 0, 100>(
          "panic_percent", "0..100",
          "With fewer usable endpoints in a tier than this share, the others are tried too; 0 = when none is usable"),
      NumberRow<kOf<&ServiceSettings::min_usable>, 1, 65535>(
          "min_usable", "1..65535", "A tier with fewer usable endpoints leaves the requests to the next"),
      TimeRow<kOf<&ServiceSettings::slow_start>, 0, kHour>(
          "slow_start", "time", "How long the weight of an endpoint that joined or recovered grows; 0 = off"),
      {"check", "none|tcp|http:/PATH", "Active check", SetCheck, GetCheck},
      {"check_host", "HOST", "Host field of an HTTP check; empty = the endpoint's address", SetCheckHost,
       [](const ServiceSettings& settings) { return settings.check.host; }},
      TimeRow<kIn<&ServiceSettings::check, &ActiveCheck::interval>, 100, kHour>(
          "check_interval", "time", "Time between two checks of an endpoint, give or take a tenth"),
      TimeRow<kIn<&ServiceSettings::check, &ActiveCheck::timeout>, 10, kHour>("check_timeout", "time",
                                                                              "After this a check has failed"),
      NumberRow<kIn<&ServiceSettings::check, &ActiveCheck::rise>, 1, 100>("rise", "1..100",
                                                                          "Checks to pass before it is up again"),
      NumberRow<kIn<&ServiceSettings::check, &ActiveCheck::fall>, 1, 100>("fall", "1..100",
                                                                          "Checks to fail before it is down"),
      NumberRow<kOf<&ServiceSettings::max_conns>, 0, 1'000'000>(
          "max_conns", "0..1000000", "Requests or TCP sessions of an endpoint at a time; 0 = any number"),
      NumberRow<kOf<&ServiceSettings::queue>, 0, 100'000>(
          "queue", "0..100000", "Requests per thread that wait when all endpoints are at max_conns"),
      TimeRow<kOf<&ServiceSettings::queue_timeout>, 0, kHour>("queue_timeout", "time", "How long they wait before 503"),
  };
}

}  // namespace signpost::lb
