// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/setting_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

namespace signpost::lb {
namespace {

struct Unit {
  std::string_view name;
  int64_t millis;
};
constexpr Unit kUnits[] = {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};
constexpr int64_t kYear = 365LL * 24 * 3'600'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsTokenByte(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<uint64_t> ParseWhole(std::string_view text) {
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Millis> ParseTime(std::string_view text) {
  if (text == "0") return Millis(0);
  if (text.empty()) return std::nullopt;
  int64_t total = 0;
  while (!text.empty()) {
    const auto digits = static_cast<size_t>(std::find_if_not(text.begin(), text.end(), IsDigit) - text.begin());
    const auto count = ParseWhole(text.substr(0, digits));
    text.remove_prefix(digits);
    const auto letters = static_cast<size_t>(std::find_if(text.begin(), text.end(), IsDigit) - text.begin());
    const auto* unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                    [&](const Unit& u) { return u.name == text.substr(0, letters); });
    text.remove_prefix(letters);
    if (!count || unit == std::end(kUnits) || *count > static_cast<uint64_t>(kYear)) return std::nullopt;
    total += std::min(static_cast<int64_t>(*count), kYear / unit->millis + 1) * unit->millis;
    if (total > kYear) return std::nullopt;
  }
  return Millis(total);
}

std::string TimeText(Millis time) {
  int64_t rest = time.count();
  if (rest == 0) return "0";
  std::string text;
  for (const Unit& unit : kUnits) {
    if (rest / unit.millis == 0) continue;
    text += std::to_string(rest / unit.millis);
    text += unit.name;
    rest %= unit.millis;
  }
  return text;
}

std::optional<bool> ParseSwitch(std::string_view text) {
  if (text == "true" || text == "on" || text == "yes" || text == "1") return true;
  if (text == "false" || text == "off" || text == "no" || text == "0") return false;
  return std::nullopt;
}

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view TakeItem(std::string_view& rest) {
  const size_t comma = rest.find(',');
  const std::string_view item = rest.substr(0, comma);
  rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  return item;
}

bool IsFieldName(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), IsTokenByte);
}

bool IsVisible(std::string_view text, size_t longest) {
  return !text.empty() && text.size() <= longest &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string Quoted(std::string_view text) {
  constexpr size_t kShown = 60;
  std::string out = "'";
  for (const unsigned char c : text.substr(0, kShown)) out += c >= ' ' && c != 0x7f ? static_cast<char>(c) : '?';
  return out + (text.size() > kShown ? "...'" : "'");
}

size_t EditDistance(std::string_view a, std::string_view b) {
  constexpr size_t kLongest = 64;
  a = a.substr(0, kLongest);
  b = b.substr(0, kLongest);
  std::array<size_t, kLongest + 1> row{};
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace signpost::lb
