// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/filter/go_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <utility>

#include "common/json/utf8.h"

namespace signpost::registry::filter {
namespace {

constexpr std::pair<char, char> kEscapes[] = {{'\a', 'a'}, {'\b', 'b'}, {'\f', 'f'},  {'\n', 'n'}, {'\r', 'r'},
                                              {'\t', 't'}, {'\v', 'v'}, {'\\', '\\'}, {'"', '"'}};

// Length of the character that begins with `lead`, by its first byte alone.
size_t CharLength(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

// `bytes`: one valid character.
uint32_t Decode(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  if (bytes.size() == 1) return lead;
  uint32_t rune = lead & (0x7FU >> bytes.size());
  for (const char c : bytes.substr(1)) rune = (rune << 6) | (static_cast<unsigned char>(c) & 0x3FU);
  return rune;
}

bool IsPrintable(uint32_t rune) {
  constexpr std::pair<uint32_t, uint32_t> kHidden[] = {
      {0x00, 0x1F},     {0x7F, 0xA0},     {0xAD, 0xAD},     {0x2000, 0x200F}, {0x2028, 0x202F}, {0x205F, 0x206F},
      {0x3000, 0x3000}, {0xE000, 0xF8FF}, {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFB}, {0xFFFE, 0xFFFF}, {0xE0000, 0x10FFFF}};
  return std::none_of(std::begin(kHidden), std::end(kHidden),
                      [rune](auto range) { return rune >= range.first && rune <= range.second; });
}

void AppendHex(std::string& out, const char* format, uint32_t value) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  out += buffer.data();
}

void AppendUtf8(std::string& out, uint32_t rune) {
  if (rune >= 0xD800 && rune < 0xE000) rune = 0xFFFD;
  const auto byte = [&out](uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (rune < 0x80) return byte(rune);
  if (rune < 0x800) {
    byte(0xC0 | (rune >> 6));
  } else if (rune < 0x10000) {
    byte(0xE0 | (rune >> 12));
    byte(0x80 | ((rune >> 6) & 0x3F));
  } else {
    byte(0xF0 | (rune >> 18));
    byte(0x80 | ((rune >> 12) & 0x3F));
    byte(0x80 | ((rune >> 6) & 0x3F));
  }
  byte(0x80 | (rune & 0x3F));
}

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

// `count` digits of `base` from the front of `text`.
std::optional<uint32_t> TakeDigits(std::string_view& text, size_t count, int base) {
  if (text.size() < count) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text.substr(0, count)) {
    const int digit = DigitOf(c);
    if (digit >= base) return std::nullopt;
    value = value * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit);
  }
  text.remove_prefix(count);
  return value;
}

// `text` stands after a backslash.
bool TakeEscape(std::string_view& text, std::string& out) {
  if (text.empty()) return false;
  const char kind = text[0];
  if (kind >= '0' && kind <= '7') {
    const auto value = TakeDigits(text, 3, 8);
    if (!value || *value > 0xFF) return false;
    out.push_back(static_cast<char>(*value));
    return true;
  }
  text.remove_prefix(1);
  if (kind == 'x') {
    const auto value = TakeDigits(text, 2, 16);
    if (value) out.push_back(static_cast<char>(*value));
    return value.has_value();
  }
  if (kind == 'u' || kind == 'U') {
    const auto value = TakeDigits(text, kind == 'u' ? 4 : 8, 16);
    if (!value || *value > 0x10FFFF) return false;
    AppendUtf8(out, *value);
    return true;
  }
  const auto* const found =
      std::find_if(std::begin(kEscapes), std::end(kEscapes), [kind](auto escape) { return escape.second == kind; });
  if (found == std::end(kEscapes)) return false;
  out.push_back(found->first);
  return true;
}

Status IntError(std::string_view text, const char* why) {
  return Status::Invalid("strconv.ParseInt: parsing " + Quote(text) + ": " + why);
}

// Removes the prefix of `text` that tells its base.
int TakeBase(std::string_view& text) {
  if (text[0] != '0') return 10;
  const char kind = text.size() >= 3 ? static_cast<char>(text[1] | 0x20) : '0';
  const int base = kind == 'b' ? 2 : kind == 'o' ? 8 : kind == 'x' ? 16 : 0;
  text.remove_prefix(base == 0 ? 1 : 2);
  return base == 0 ? 8 : base;
}

// Underscores stand between digits, or between the base prefix and a digit. `text` has no sign.
bool UnderscoresFit(std::string_view text) {
  bool digit = false;                                                // before
  if (text.size() >= 2 && DigitOf(text[1]) > 9 && text[1] != '_') {  // a letter: 0b, 0o or 0x
    text.remove_prefix(2);
    digit = true;
  }
  for (const char c : text) {
    if (c == '_' && !digit) return false;
    digit = c != '_';
  }
  return digit;
}

}  // namespace

std::string Quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::string_view one = text.substr(0, CharLength(static_cast<unsigned char>(text[0])));
    if (!json::IsUtf8(one)) {
      AppendHex(out, "\\x%02x", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(one.size());
    const uint32_t rune = Decode(one);
    const auto* const escape = std::find_if(std::begin(kEscapes), std::end(kEscapes), [rune](auto known) {
      return static_cast<unsigned char>(known.first) == rune;
    });
    if (escape != std::end(kEscapes)) {
      out.append({'\\', escape->second});
    } else if (IsPrintable(rune)) {
      out.append(one);
    } else {
      AppendHex(out, rune < 0x20 ? "\\x%02x" : rune < 0x10000 ? "\\u%04x" : "\\U%08x", rune);
    }
  }
  return out + "\"";
}

std::optional<std::string> Unquote(std::string_view literal) {
  if (literal.size() < 2) return std::nullopt;
  const char quote = literal.front();
  std::string_view text = literal.substr(1, literal.size() - 2);
  std::string out;
  if (quote == '`') {
    std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return c != '\r'; });
    return out;
  }
  while (!text.empty()) {
    const char c = text[0];
    text.remove_prefix(1);
    if (c == '\n') return std::nullopt;
    if (c != '\\') {
      out.push_back(c);
    } else if (!TakeEscape(text, out)) {
      return std::nullopt;
    }
  }
  return out;
}

Result<int64_t> ParseInt(std::string_view text) {
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty()) return IntError(text, "invalid syntax");
  const std::string_view unsigned_text = digits;
  const int base = TakeBase(digits);
  uint64_t value = 0;
  bool underscores = false;
  for (const char c : digits) {
    underscores |= c == '_';
    if (c == '_') continue;
    const int digit = DigitOf(c);
    if (digit >= base) return IntError(text, "invalid syntax");
    if (__builtin_mul_overflow(value, static_cast<uint64_t>(base), &value) ||
        __builtin_add_overflow(value, static_cast<uint64_t>(digit), &value))
      return IntError(text, "value out of range");
  }
  if (underscores && !UnderscoresFit(unsigned_text)) return IntError(text, "invalid syntax");
  const uint64_t limit = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) + (negative ? 1 : 0);
  if (value > limit) return IntError(text, "value out of range");
  return static_cast<int64_t>(negative ? 0 - value : value);
}

Result<bool> ParseBool(std::string_view text) {
  for (const std::string_view word : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == word) return true;
  }
  for (const std::string_view word : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == word) return false;
  }
  return Status::Invalid("strconv.ParseBool: parsing " + Quote(text) + ": invalid syntax");
}

}  // namespace signpost::registry::filter
