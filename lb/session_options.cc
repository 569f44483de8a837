// Signpost. Apache-2.0; see LICENSE.
#include "lb/session_options.h"

#include <algorithm>
#include <string_view>

#include "common/options/text.h"

namespace signpost::lb {
namespace {

using options::Rows;
using options::Type;
using options::Values;

constexpr int64_t kSecond = 1000;
constexpr int64_t kDay = 24 * 3600 * kSecond;

options::Row TimeRow(std::string_view name, std::string_view help, std::string_view fallback) {
  return {.name = name,
          .type = Type::kDuration,
          .value = "TIME",
          .help = help,
          .defaults = {fallback},
          .min = 1,
          .max = kDay,
          .reloadable = true};
}

options::Row NumberRow(std::string_view name, std::string_view help, std::string_view fallback, int64_t min,
                       int64_t max) {
  return {.name = name,
          .type = Type::kInteger,
          .value = "N",
          .help = help,
          .defaults = {fallback},
          .min = min,
          .max = max,
          .reloadable = true};
}

options::Row SwitchRow(std::string_view name, std::string_view help) {
  return {.name = name, .type = Type::kBool, .help = help, .defaults = {"false"}, .bare = "true", .reloadable = true};
}

std::string CheckPrefix(std::string_view text) {
  const auto parsed = PrefixSet::Parse({std::string(text)});
  return parsed.ok() ? "" : "must be an address or a prefix such as 192.0.2.0/24, not " + options::Quoted(text);
}

// RFC 9110 7.6.3: a token, or host:port.
std::string CheckVia(std::string_view text) {
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~:[]").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (text.size() <= 255 && std::all_of(text.begin(), text.end(), allowed)) return "";
  return "must be one word such as signpost or lb1.example.com:80, not " + options::Quoted(text);
}

Rows FieldRows() {
  return {
      {.name = "trusted-proxy",
       .value = "CIDR",
       .help = "Address or prefix of proxies in front, whose X-Forwarded-* fields and version overrides are believed",
       .default_note = "none",
       .repeatable = true,
       .reloadable = true,
       .check = CheckPrefix},
      SwitchRow("forwarded", "Send the Forwarded field (RFC 7239) to endpoints as well"),
      {.name = "via",
       .value = "NAME",
       .help = "Name in the Via field; empty leaves the field out",
       .defaults = {"signpost"},
       .reloadable = true,
       .check = CheckVia},
      SwitchRow("served-version", "Tell clients in X-Served-Version which version answered"),
      SwitchRow("allow-trace", "Forward TRACE requests instead of refusing them"),
      SwitchRow("lenient-uri", "Forward bytes of 0x80 and above in request targets"),
      SwitchRow("bare-lf", "Accept lines of a request head that end in LF alone"),
  };
}

Rows LimitRows() {
  return {
      TimeRow("header-timeout", "Time in which a request's head must be complete; then 408", "10s"),
      TimeRow("idle-timeout", "Close a client's connection without a request for this long", "75s"),
      TimeRow("proxy-timeout", "Time in which an expected PROXY header must come", "5s"),
      TimeRow("sni-timeout", "Time in which the ClientHello must come where SNI chooses the service", "5s"),
      NumberRow("client-requests", "Requests served on one client connection", "10000", 1, 1'000'000'000),
      NumberRow("max-head", "Bytes of a request's head; 431 above", "32768", 1024, 1 << 20),
      NumberRow("max-fields", "Lines of a request's head; 431 above", "256", 8, 10'000),
      NumberRow("max-target", "Bytes of a request's target; 414 above", "8192", 64, 1 << 20),
      NumberRow("body-rate", "Bytes a second that a client must send of a body; slower ones get 408; 0 means any",
                "1024", 0, 1 << 30),
      TimeRow("body-rate-time", "Time over which that rate is averaged", "30s"),
      NumberRow("replay", "Bytes of a request's body kept to send it to another endpoint", "65536", 0, 16 << 20),
      NumberRow("pending", "Bytes kept per direction for a slow receiver before reading pauses", "262144", 4096,
                64 << 20),
  };
}

}  // namespace

Rows SessionRows() {
  Rows rows = FieldRows();
  const Rows limits = LimitRows();
  rows.insert(rows.end(), limits.begin(), limits.end());
  return rows;
}

Result<SessionRules> ReadSessionRules(const Values& values) {
  const auto size = [&](std::string_view name) { return static_cast<size_t>(values.Integer(name)); };
  SessionRules rules;
  rules.head = {.max_head = size("max-head"),
                .max_fields = size("max-fields"),
                .max_target = size("max-target"),
                .lenient_uri = values.Flag("lenient-uri"),
                .bare_lf = values.Flag("bare-lf")};
  if (rules.head.max_target > rules.head.max_head) {
    return values.Refuse("max-target", "must not be larger than --max-head");
  }
  rules.header_timeout = values.Duration("header-timeout");
  rules.idle_timeout = values.Duration("idle-timeout");
  rules.client_requests = static_cast<uint32_t>(size("client-requests"));
  rules.body_rate = size("body-rate");
  rules.body_rate_time = values.Duration("body-rate-time");
  rules.replay = size("replay");
  rules.response_pending = std::min(size("pending"), rules.response_pending);
  rules.relay.pending_high = size("pending");
  rules.relay.pending_low = size("pending") / 4;
  auto trusted = PrefixSet::Parse(values.List("trusted-proxy"));
  if (!trusted.ok()) return values.Refuse("trusted-proxy", "is wrong: " + trusted.status().text());
  rules.trusted = std::move(trusted).value();
  rules.forwarded = values.Flag("forwarded");
  rules.via = values.String("via");
  rules.allow_trace = values.Flag("allow-trace");
  rules.served_version = values.Flag("served-version");
  rules.sni_timeout = values.Duration("sni-timeout");
  rules.proxy_timeout = values.Duration("proxy-timeout");
  return rules;
}

}  // namespace signpost::lb
