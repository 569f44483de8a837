// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/go_duration.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

namespace signpost::registry {
namespace {

constexpr auto kMost = static_cast<double>(std::numeric_limits<int64_t>::max());

bool IsNumberPart(char c) { return c == '.' || (c >= '0' && c <= '9'); }

std::string Quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += std::string("\\") + c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += std::string("\\x") + kHex[byte >> 4] + kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// Takes "12", "1.5", ".5" or "5." from the front. False: no digit, or two points.
bool TakeNumber(std::string_view& text, double& value) {
  double scale = 0;  // 0 = before the point
  bool digits = false;
  value = 0;
  while (!text.empty() && IsNumberPart(text.front())) {
    const char c = text.front();
    if (c == '.') {
      if (scale != 0) break;
      scale = 1;
    } else {
      digits = true;
      scale == 0 ? value = value * 10 + (c - '0') : value += (c - '0') * (scale /= 10);
    }
    text.remove_prefix(1);
  }
  return digits;
}

std::string_view TakeUnit(std::string_view& text) {
  const auto end = std::find_if(text.begin(), text.end(), IsNumberPart);
  const std::string_view unit = text.substr(0, static_cast<size_t>(end - text.begin()));
  text.remove_prefix(unit.size());
  return unit;
}

// 0 = no such unit.
double NanosOf(std::string_view unit) {
  constexpr std::array<std::pair<std::string_view, double>, 8> kUnits = {{{"ns", 1},
                                                                          {"us", 1e3},
                                                                          {"\xc2\xb5s", 1e3},  // micro sign
                                                                          {"\xce\xbcs", 1e3},  // Greek mu
                                                                          {"ms", 1e6},
                                                                          {"s", 1e9},
                                                                          {"m", 60e9},
                                                                          {"h", 3600e9}}};
  for (const auto& [name, nanos] : kUnits) {
    if (name == unit) return nanos;
  }
  return 0;
}

}  // namespace

Result<int64_t> ParseGoDuration(std::string_view text) {
  const Status invalid = Status::Invalid("time: invalid duration " + Quoted(text));
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return int64_t{0};
  if (rest.empty()) return invalid;
  double total = 0;
  while (!rest.empty()) {
    double value = 0;
    if (!IsNumberPart(rest.front()) || !TakeNumber(rest, value)) return invalid;
    const std::string_view unit = TakeUnit(rest);
    if (unit.empty()) return Status::Invalid("time: missing unit in duration " + Quoted(text));
    const double nanos = NanosOf(unit);
    if (nanos == 0) return Status::Invalid("time: unknown unit " + Quoted(unit) + " in duration " + Quoted(text));
    total += value * nanos;
    if (total >= kMost) return invalid;
  }
  return static_cast<int64_t>(negative ? -total : total);
}

Millis AtLeastMillis(int64_t nanos) {
  if (nanos <= 0) return Millis(0);
  return std::max(Millis(1), std::chrono::duration_cast<Millis>(Nanos(nanos)));
}

}  // namespace signpost::registry
