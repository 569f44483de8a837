// Signpost. Apache-2.0; see LICENSE.
#include "lb/access_format.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "common/json/utf8.h"

namespace signpost::lb {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

struct CivilTime {
  int year;
  unsigned month, day, hour, minute, second, millis;
};

CivilTime Civil(Nanos wall) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): its calendar in six lines
  const sys_time<Nanos> when{wall};
  const auto midnight = floor<days>(when);
  const year_month_day date{midnight};
  const hh_mm_ss time{floor<milliseconds>(when - midnight)};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<unsigned>(time.hours().count()),
          static_cast<unsigned>(time.minutes().count()),
          static_cast<unsigned>(time.seconds().count()),
          static_cast<unsigned>(time.subseconds().count())};
}

void AppendNumber(std::string& out, uint64_t value) {
  std::array<char, 20> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), static_cast<size_t>(end - digits.data()));
}

void AppendPadded(std::string& out, unsigned value, int width) {
  std::array<char, 10> digits{};
  for (int i = width - 1; i >= 0; --i, value /= 10)
    digits[static_cast<size_t>(i)] = static_cast<char>('0' + value % 10);
  out.append(digits.data(), static_cast<size_t>(width));
}

// 2026-01-02T03:04:05.678Z
void AppendIsoTime(std::string& out, Nanos wall) {
  const CivilTime t = Civil(wall);
  AppendPadded(out, static_cast<unsigned>(t.year), 4);
  out += '-';
  AppendPadded(out, t.month, 2);
  out += '-';
  AppendPadded(out, t.day, 2);
  out += 'T';
  AppendPadded(out, t.hour, 2);
  out += ':';
  AppendPadded(out, t.minute, 2);
  out += ':';
  AppendPadded(out, t.second, 2);
  out += '.';
  AppendPadded(out, t.millis, 3);
  out += 'Z';
}

// 02/Jan/2026:03:04:05 +0000
void AppendClfTime(std::string& out, Nanos wall) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const CivilTime t = Civil(wall);
  AppendPadded(out, t.day, 2);
  out += '/';
  out += kMonths.substr((t.month - 1) * size_t{3}, 3);
  out += '/';
  AppendPadded(out, static_cast<unsigned>(t.year), 4);
  out += ':';
  AppendPadded(out, t.hour, 2);
  out += ':';
  AppendPadded(out, t.minute, 2);
  out += ':';
  AppendPadded(out, t.second, 2);
  out += " +0000";
}

void AppendJsonPlain(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
}

void AppendJsonText(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out += ",\"";
  out += name;
  out += "\":\"";
  if (json::IsUtf8(value)) {
    AppendJsonPlain(out, value);
  } else {
    AppendJsonPlain(out, json::RepairUtf8(value));
  }
  out += '"';
}

void AppendJsonNumber(std::string& out, std::string_view name, uint64_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  AppendNumber(out, value);
}

// Milliseconds with three places. Negative durations mean "none".
void AppendJsonMillis(std::string& out, std::string_view name, Nanos duration) {
  if (duration < Nanos(0)) return;
  const auto micros = static_cast<uint64_t>(duration.count() / 1000);
  AppendJsonNumber(out, name, micros / 1000);
  out += '.';
  AppendPadded(out, static_cast<unsigned>(micros % 1000), 3);
}

void AppendJson(std::string& out, const AccessRecord& r) {
  out += "{\"time\":\"";
  AppendIsoTime(out, r.wall);
  out += '"';
  AppendJsonText(out, "kind", r.tcp ? "tcp" : "http");
  AppendJsonText(out, "client", r.client.empty() ? "" : r.client.ToString());
  AppendJsonText(out, "method", r.method);
  AppendJsonText(out, "host", r.host);
  AppendJsonText(out, "target", r.target);
  AppendJsonText(out, "protocol", r.protocol);
  if (!r.tcp) AppendJsonNumber(out, "status", static_cast<uint64_t>(r.status));
  AppendJsonNumber(out, "received", r.bytes_received);
  AppendJsonNumber(out, "sent", r.bytes_sent);
  AppendJsonText(out, "service", r.service);
  AppendJsonText(out, "endpoint", r.endpoint);
  AppendJsonText(out, "version", r.version);
  AppendJsonNumber(out, "attempts", r.attempts);
  AppendJsonMillis(out, "duration_ms", r.duration);
  AppendJsonMillis(out, "connect_ms", r.connect);
  AppendJsonMillis(out, "upstream_ms", r.upstream);
  AppendJsonText(out, "termination", TerminationName(r.termination));
  AppendJsonText(out, "request_id", r.request_id);
  AppendJsonText(out, "user_agent", r.user_agent);
  AppendJsonText(out, "referer", r.referer);
  out += "}\n";
}

void AppendEscaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\') {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
}

void AppendQuoted(std::string& out, std::string_view text) {
  out += " \"";
  AppendEscaped(out, text.empty() ? "-" : text);
  out += '"';
}

std::string ClientIp(const net::SocketAddress& client) {
  if (client.empty()) return "-";
  std::string text = client.ToString();
  text.erase(text.rfind(':'));
  if (text.starts_with('[')) text = text.substr(1, text.size() - 2);
  return text;
}

void AppendCombined(std::string& out, const AccessRecord& r) {
  out += ClientIp(r.client);
  out += " - - [";
  AppendClfTime(out, r.wall);
  out += "] \"";
  if (r.tcp) {
    out += "TCP ";
    AppendEscaped(out, r.service);
  } else if (r.method.empty()) {
    out += '-';
  } else {
    AppendEscaped(out, r.method);
    out += ' ';
    AppendEscaped(out, r.target);
    out += ' ';
    AppendEscaped(out, r.protocol);
  }
  out += "\" ";
  AppendPadded(out, static_cast<unsigned>(r.status), 3);
  out += ' ';
  AppendNumber(out, r.bytes_sent);
  AppendQuoted(out, r.referer);
  AppendQuoted(out, r.user_agent);
  out += '\n';
}

}  // namespace

void AppendAccessLine(std::string& out, AccessFormat format, const AccessRecord& record) {
  if (format == AccessFormat::kJson) {
    AppendJson(out, record);
  } else {
    AppendCombined(out, record);
  }
}

}  // namespace signpost::lb
