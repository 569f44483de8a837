// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/setting_rows.h"

namespace signpost::lb {
namespace {

constexpr int64_t kHour = 3'600'000;
constexpr int64_t kDay = 24 * kHour;

constexpr std::array<std::pair<std::string_view, ProxyHeader>, 3> kProxyHeaders = {{
    {"none", ProxyHeader::kNone},
    {"v1", ProxyHeader::kV1},
    {"v2", ProxyHeader::kV2},
}};

constexpr std::array<std::pair<std::string_view, bool RetryOn::*>, 12> kRetryWords = {{
    {"error", &RetryOn::error},
    {"timeout", &RetryOn::timeout},
    {"invalid_header", &RetryOn::invalid_header},
    {"http_500", &RetryOn::http_500},
    {"http_502", &RetryOn::http_502},
    {"http_503", &RetryOn::http_503},
    {"http_504", &RetryOn::http_504},
    {"http_429", &RetryOn::http_429},
    {"http_403", &RetryOn::http_403},
    {"http_404", &RetryOn::http_404},
    {"nginx", &RetryOn::nginx},
    {"non_idempotent", &RetryOn::non_idempotent},
}};

constexpr std::string_view kRetryValues =
    "off, or a list of error, timeout, invalid_header, http_500, http_502, http_503, http_504, http_429, http_403, "
    "http_404, nginx, non_idempotent";

std::string SetRetryOn(ServiceSettings& settings, std::string_view text) {
  RetryOn wanted{.error = false, .timeout = false};
  std::string_view rest = text;
  while (text != "off") {
    const std::string_view word = Trimmed(TakeItem(rest));
    bool known = false;
    for (const auto& [name, field] : kRetryWords) {
      if (name != word) continue;
      wanted.*field = true;
      known = true;
    }
    if (!known) return MustBe(kRetryValues, text);
    if (rest.empty()) break;
  }
  settings.retry_on = wanted;
  return {};
}

std::string GetRetryOn(const ServiceSettings& settings) {
  std::string text;
  for (const auto& [name, field] : kRetryWords) {
    if (settings.retry_on.*field) text += (text.empty() ? "" : ",") + std::string(name);
  }
  return text.empty() ? "off" : text;
}

void AddRetries(std::vector<SettingKey>& rows) {
  rows.push_back(NumberRow<kOf<&ServiceSettings::attempts>, 1, 100>("attempts", "1..100",
                                                                    "Endpoints tried per request, the first included"));
  rows.push_back(TimeRow<kOf<&ServiceSettings::attempts_timeout>, 0, kHour>("attempts_timeout", "time",
                                                                            "After this no new attempt is made"));
  rows.push_back(NumberRow<kOf<&ServiceSettings::retry_budget>, 0, 100>(
      "retry_budget", "0..100", "Percent of the requests of the last 10 s that may be retries, at least 10 a second"));
  rows.push_back({"retry_on", kRetryValues, "What is tried again besides failed connects", SetRetryOn, GetRetryOn});
}

void AddTimeouts(std::vector<SettingKey>& rows) {
  rows.push_back(TimeRow<kOf<&ServiceSettings::connect_timeout>, 1, kHour>("connect_timeout", "time",
                                                                           "For a connect to an endpoint"));
  rows.push_back(TimeRow<kOf<&ServiceSettings::read_timeout>, 1, kDay>(
      "read_timeout", "time", "Between two reads of an answer; also for its head"));
  rows.push_back(TimeRow<kOf<&ServiceSettings::write_timeout>, 1, kDay>("write_timeout", "time",
                                                                        "Between two writes of a request"));
  rows.push_back(TimeRow<kOf<&ServiceSettings::tunnel_timeout>, 0, 365 * kDay>(
      "tunnel_timeout", "time", "Silence that ends a WebSocket or another upgraded connection; 0 = never"));
  rows.push_back(TimeRow<kOf<&ServiceSettings::tcp_idle>, 0, 365 * kDay>("tcp_idle", "time",
                                                                         "Silence that ends a TCP session; 0 = never"));
  rows.push_back(TimeRow<kOf<&ServiceSettings::fin_timeout>, 0, kDay>(
      "fin_timeout", "time", "Silence that ends a TCP session of which one side has finished; 0 = never"));
}

void AddConnections(std::vector<SettingKey>& rows) {
  rows.push_back(NumberRow<kOf<&ServiceSettings::keepalive>, 0, 100'000>(
      "keepalive", "0..100000", "Idle connections kept per endpoint and thread"));
  rows.push_back(TimeRow<kOf<&ServiceSettings::keepalive_idle>, 1, kDay>(
      "keepalive_idle", "time", "How long an idle connection to an endpoint is kept"));
  rows.push_back(NumberRow<kOf<&ServiceSettings::keepalive_requests>, 1, 1'000'000'000>(
      "keepalive_requests", "1..1000000000", "Requests on one connection to an endpoint"));
  rows.push_back(TimeRow<kOf<&ServiceSettings::drain_http>, 0, 365 * kDay>(
      "drain_http", "time", "How long requests to a removed endpoint may go on; 0 = for ever"));
  rows.push_back(
      TimeRow<kOf<&ServiceSettings::drain_tcp>, 0, 365 * kDay>("drain_tcp", "time", "The same for TCP sessions"));
  rows.push_back(WordRow<kOf<&ServiceSettings::send_proxy>, kProxyHeaders>(
      "send_proxy", "none|v1|v2",
      "PROXY header that begins each connection to the endpoint; HTTP then does not reuse connections"));
}

}  // namespace

std::vector<SettingKey> TransferRows() {
  std::vector<SettingKey> rows;
  AddRetries(rows);
  AddTimeouts(rows);
  AddConnections(rows);
  return rows;
}

}  // namespace signpost::lb
