// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/cookies.h"

#include "lb/http/request_head.h"

namespace signpost::lb {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::string_view> FindIn(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const size_t end = list.find(';');
    const std::string_view pair = Trim(list.substr(0, end));
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || Trim(pair.substr(0, equals)) != name) continue;
    std::string_view value = Trim(pair.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    return value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> FindCookie(const Fields& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (!SameName(field.name, "Cookie")) continue;
    if (const auto value = FindIn(field.value, name)) return value;
  }
  return std::nullopt;
}

std::string HexText(uint64_t value) {
  std::string text(16, '0');
  for (size_t at = 16; at-- > 0; value >>= 4) text[at] = "0123456789abcdef"[value & 15];
  return text;
}

std::optional<uint64_t> ParseHexText(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return std::nullopt;
    value = value << 4 | static_cast<uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return value;
}

void AppendSetCookie(std::string_view name, std::string_view value, std::string& out) {
  out.append("Set-Cookie: ").append(name).append("=").append(value).append("; Path=/; HttpOnly; SameSite=Lax\r\n");
}

}  // namespace signpost::lb
