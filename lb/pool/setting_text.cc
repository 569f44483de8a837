// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/setting_text.h"

#include <algorithm>
#include <charconv>

#include "common/options/text.h"

namespace signpost::lb {
namespace {

constexpr Millis kYear{365LL * 24 * 3'600'000};

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
  const auto time = options::ParseDuration(text);
  return time && *time <= kYear ? time : std::nullopt;
}

std::string TimeText(Millis time) { return time == Millis(0) ? "0" : options::FormatDuration(time); }

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

}  // namespace signpost::lb
