// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/text_values.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace signpost::registrar {
namespace {

constexpr int64_t kMaxWait = int64_t{24} * 60 * 60 * 1000;

size_t LeadingDigits(std::string_view text) {
  const auto* end = std::find_if(text.begin(), text.end(), [](char c) { return c < '0' || c > '9'; });
  return static_cast<size_t>(end - text.begin());
}

// Milliseconds of the unit that begins `text`, which is taken off; 0 when there is none.
int64_t TakeUnit(std::string_view& text) {
  struct Unit {
    std::string_view name;
    int64_t millis;
  };
  static constexpr std::array<Unit, 4> kUnits{{{"ms", 1}, {"h", 3600000}, {"m", 60000}, {"s", 1000}}};
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return unit.millis;
  }
  return 0;
}

}  // namespace

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string KeyName(std::string_view prefix, std::string_view key) {
  std::string name(prefix);
  for (const char c : key) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

size_t CharacterStart(std::string_view text, size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80) --at;
  return at;
}

std::optional<int64_t> ParseWhole(std::string_view text, int64_t max) {
  int64_t value = 0;
  if (text.empty() || LeadingDigits(text) != text.size()) return std::nullopt;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || value > max) return std::nullopt;
  return value;
}

std::optional<bool> ParseSwitch(std::string_view text) {
  const std::string lower = LowerCase(Trimmed(text));
  if (lower == "1" || lower == "true" || lower == "yes" || lower == "on") return true;
  if (lower == "0" || lower == "false" || lower == "no" || lower == "off") return false;
  return std::nullopt;
}

std::optional<Millis> ParseWait(std::string_view text) {
  if (const auto seconds = ParseWhole(text, kMaxWait / 1000)) return Millis(*seconds * 1000);
  int64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const size_t digits = LeadingDigits(text);
    const auto number = ParseWhole(text.substr(0, digits), kMaxWait);
    text.remove_prefix(digits);
    const int64_t unit = TakeUnit(text);
    if (!number || unit == 0) return std::nullopt;
    total += *number * unit;
    if (total > kMaxWait) return std::nullopt;
  }
  return Millis(total);
}

std::optional<Protocol> ParseProtocol(std::string_view text) {
  const std::string lower = LowerCase(text);
  for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp}) {
    if (lower == ProtocolName(protocol)) return protocol;
  }
  return std::nullopt;
}

bool MatchesPattern(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0;
  size_t star = std::string_view::npos, resume = 0;  // the last * and where its text may grow
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace signpost::registrar
