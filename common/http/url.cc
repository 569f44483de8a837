// Signpost. Apache-2.0; see LICENSE.
#include "common/http/url.h"

#include <utility>

namespace signpost::http {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

// Whether `text`, escaped as in a query, means `name`. The plain spelling, nearly the only one, costs no copy.
bool Means(std::string_view text, std::string_view name) {
  if (text.find_first_of("%+") == std::string_view::npos) return text == name;
  return PercentDecode(text, PlusMeans::kSpace) == name;
}

// Takes the first parameter off `query`; its decoded value, if it is called `name` and well formed.
std::optional<std::string> NextValue(std::string_view& query, std::string_view name) {
  const size_t end = query.find('&');
  const std::string_view pair = query.substr(0, end);
  query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
  const size_t equals = pair.find('=');
  if (pair.empty() || !Means(pair.substr(0, equals), name)) return std::nullopt;
  return PercentDecode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1),
                       PlusMeans::kSpace);
}

}  // namespace

std::optional<std::string> PercentDecode(std::string_view text, PlusMeans plus) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == PlusMeans::kSpace) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return out;
}

std::optional<std::string> QueryParam(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    if (auto value = NextValue(query, name)) return value;
  }
  return std::nullopt;
}

std::vector<std::string> QueryParams(std::string_view query, std::string_view name) {
  std::vector<std::string> values;
  while (!query.empty()) {
    if (auto value = NextValue(query, name)) values.push_back(std::move(*value));
  }
  return values;
}

std::string EncodePathSegment(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string EncodeQuery(std::string_view text) { return EncodePathSegment(text); }

}  // namespace signpost::http
