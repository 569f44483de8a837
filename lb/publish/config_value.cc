// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/config_value.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

namespace signpost::lb {

ConfigValue ConfigValue::Get(std::string_view key) const { return {value[key], path + "." + std::string(key), errors}; }

std::string ConfigValue::Text(std::string_view fallback) const {
  if (!value.present()) return std::string(fallback);
  if (!value.IsString()) Wrong("must be a text");
  return std::string(value.String(fallback));
}

bool ConfigValue::Flag() const {
  if (!value.present()) return false;
  if (!value.IsBool()) Wrong("must be true or false");
  return value.Bool();
}

int64_t ConfigValue::Number(int64_t low, int64_t high, int64_t fallback) const {
  if (!value.present()) return fallback;
  const int64_t number = value.Int(low - 1);
  if (number >= low && number <= high) return number;
  Wrong("must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return fallback;
}

std::string ConfigValue::Scalar() const {
  if (value.IsString()) return std::string(value.String());
  if (value.IsBool()) return value.Bool() ? "true" : "false";
  if (!value.IsNumber()) {
    Wrong("must be a text, a number, true or false");
    return {};
  }
  const double number = value.Double();
  if (number == std::floor(number) && std::abs(number) < 1e15) return std::to_string(static_cast<int64_t>(number));
  char text[32];
  const int length = std::snprintf(text, sizeof text, "%.10g", number);
  return {text, static_cast<size_t>(std::clamp(length, 0, 31))};
}

void ConfigValue::OnlyKeys(std::initializer_list<std::string_view> known) const {
  value.ForEachMember([&](std::string_view key, json::Value) {
    if (std::find(known.begin(), known.end(), key) == known.end()) Wrong("has the unknown key " + QuotedText(key));
  });
}

std::vector<std::string> LowerTexts(const ConfigValue& list) {
  std::vector<std::string> texts;
  if (!list.value.present()) return texts;
  if (!list.value.IsArray()) list.Wrong("must be a list of texts");
  list.value.ForEachElement([&](json::Value element) {
    if (!element.IsString()) return list.Wrong("must be a list of texts");
    texts.push_back(LowerAscii(element.String()));
  });
  return texts;
}

std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

std::string QuotedText(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string quoted = "'";
  for (const char c : text.substr(0, kLongest)) quoted += static_cast<unsigned char>(c) >= ' ' && c != 0x7f ? c : '?';
  return quoted + (text.size() > kLongest ? "...'" : "'");
}

}  // namespace signpost::lb
