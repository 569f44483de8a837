// Signpost. Apache-2.0; see LICENSE.
#include "common/options/text.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

namespace signpost::options {
namespace {

struct Unit {
  std::string_view name;
  int64_t millis;
};
constexpr Unit kUnits[] = {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};

const Unit* FindUnit(std::string_view name) {
  const auto* unit = std::find_if(std::begin(kUnits), std::end(kUnits), [&](const Unit& u) { return u.name == name; });
  return unit == std::end(kUnits) ? nullptr : unit;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<Millis> ParseDuration(std::string_view text) {
  int64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto digits = static_cast<size_t>(std::find_if_not(text.begin(), text.end(), IsDigit) - text.begin());
    const auto count = ParseInteger(text.substr(0, digits));
    text.remove_prefix(digits);
    const auto letters = static_cast<size_t>(std::find_if(text.begin(), text.end(), IsDigit) - text.begin());
    const Unit* unit = FindUnit(text.substr(0, letters));
    text.remove_prefix(letters);
    int64_t part = 0;
    if (!count || unit == nullptr || __builtin_mul_overflow(*count, unit->millis, &part) ||
        __builtin_add_overflow(total, part, &total)) {
      return std::nullopt;
    }
  }
  return Millis(total);
}

std::string FormatDuration(Millis duration) {
  int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string text;
  for (const Unit& unit : kUnits) {
    if (rest / unit.millis == 0) continue;
    text += std::to_string(rest / unit.millis);
    text += unit.name;
    rest %= unit.millis;
  }
  return text;
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<std::pair<std::string_view, std::string_view>> SplitAssignment(std::string_view text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

std::string Quoted(std::string_view text) {
  constexpr size_t kShown = 60;
  std::string out = "'";
  for (const unsigned char c : text.substr(0, kShown)) out += c >= ' ' && c != 0x7f ? static_cast<char>(c) : '?';
  return out + (text.size() > kShown ? "...'" : "'");
}

size_t EditDistance(std::string_view a, std::string_view b) {
  // Three rows of the matrix of the optimal string alignment distance.
  std::vector<size_t> before(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace signpost::options
