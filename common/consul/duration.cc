// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/duration.h"

#include <array>
#include <cmath>
#include <utility>

namespace signpost::consul {
namespace {

constexpr double kMaxNanos = 100.0 * 365 * 86400 * 1e9;
constexpr int kMaxDigits = 18;

// Takes "12" or "12.5" from the front; false if there is no digit at all.
bool TakeNumber(std::string_view& text, double& value) {
  value = 0;
  double scale = 0;
  int digits = 0;
  while (!text.empty() && (text[0] == '.' ? scale == 0 : text[0] >= '0' && text[0] <= '9')) {
    if (text[0] == '.') {
      scale = 1;
    } else {
      if (++digits > kMaxDigits) return false;
      value = value * 10 + (text[0] - '0');
      scale *= 10;
    }
    text.remove_prefix(1);
  }
  if (scale > 1) value /= scale;
  return digits > 0;
}

bool TakeUnit(std::string_view& text, double& nanos) {
  constexpr std::array<std::pair<std::string_view, double>, 6> kUnits = {
      {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
  for (const auto& [unit, factor] : kUnits) {
    if (!text.starts_with(unit)) continue;
    text.remove_prefix(unit.size());
    nanos = factor;
    return true;
  }
  return false;
}

}  // namespace

std::optional<Nanos> ParseDuration(std::string_view text) {
  if (text == "0") return Nanos(0);
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double value = 0;
    double unit = 0;
    if (!TakeNumber(text, value) || !TakeUnit(text, unit)) return std::nullopt;
    total += value * unit;
    if (total > kMaxNanos) return std::nullopt;
  }
  return Nanos(std::llround(total));
}

std::string DurationText(Millis duration) { return std::to_string(duration.count()) + "ms"; }

}  // namespace signpost::consul
