// Signpost. Apache-2.0; see LICENSE.
#include "lb/http/syntax.h"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace signpost::lb {
namespace {

constexpr std::array<unsigned char, 256> MakeCharClasses() {
  std::array<unsigned char, 256> classes{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool digit = c >= '0' && c <= '9';
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    unsigned bits = 0;
    if (digit) bits |= kDigitChar;
    if (digit || letter || c == '-' || c == '.' || c == '_' || c == '~') bits |= kHostChar | kTokenChar;
    if (c != 0 && std::string_view("!#$%&'*+^`|").find(static_cast<char>(c)) != std::string_view::npos) {
      bits |= kTokenChar;
    }
    if (c > 0x20 && c < 0x7f && c != '#') bits |= kTargetChar | kTargetLenient;
    if (c >= 0x80) bits |= kTargetLenient;
    classes[c] = static_cast<unsigned char>(bits);
  }
  return classes;
}

constexpr uint32_t kMostConnectionElements = 32;

constexpr uint64_t kEvery = 0x0101010101010101U;

// The high bit of each byte below 0x20 or equal to 0x7f. Only the lowest one set is exact.
constexpr uint64_t ControlBytes(uint64_t bytes) {
  const uint64_t delete_bytes = bytes ^ (kEvery * 0x7f);
  return (((bytes - kEvery * 0x20) & ~bytes) | ((delete_bytes - kEvery) & ~delete_bytes)) & (kEvery * 0x80);
}

bool IsPort(std::string_view text) {
  if (text.size() > 5 || !std::ranges::all_of(text, [](char c) { return IsChar(c, kDigitChar); })) return false;
  uint32_t port = 0;
  for (const char c : text) port = port * 10 + static_cast<uint32_t>(c - '0');
  return text.empty() || (port > 0 && port < 65536);
}

bool IsIpv6(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.size() >= copy.size() || text.find('\0') != std::string_view::npos) return false;
  std::ranges::copy(text, copy.begin());
  in6_addr address;
  return inet_pton(AF_INET6, copy.data(), &address) == 1;
}

}  // namespace

constexpr std::array<unsigned char, 256> kCharClass = MakeCharClasses();

bool IsToken(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return IsChar(c, kTokenChar); });
}

const char* SkipValue(const char* p, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {
    while (end - p >= 8) {
      uint64_t bytes = 0;
      std::memcpy(&bytes, p, sizeof bytes);
      const uint64_t found = ControlBytes(bytes);
      if (found == 0) {
        p += 8;
        continue;
      }
      p += std::countr_zero(found) / 8;
      if (*p != '\t') return p;
      ++p;
    }
  }
  while (p < end && (static_cast<unsigned char>(*p) >= 0x20 || *p == '\t') && *p != 0x7f) ++p;
  return p;
}

std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool NextElement(std::string_view& list, std::string_view& element) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    element = Trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (!element.empty()) return true;
  }
  return false;
}

bool ParseLength(std::string_view text, uint64_t& length) {
  constexpr uint64_t kMax = (uint64_t{1} << 63) - 1;
  uint64_t sum = 0;
  for (const char c : text) {
    if (!IsChar(c, kDigitChar)) return false;
    const auto digit = static_cast<uint64_t>(c - '0');
    if (sum > (kMax - digit) / 10) return false;
    sum = sum * 10 + digit;
  }
  length = sum;
  return !text.empty();
}

bool IsAuthority(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos || !IsIpv6(text.substr(1, close - 1))) return false;
    const std::string_view rest = text.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && IsPort(rest.substr(1)));
  }
  size_t end = 0;
  while (end < text.size() && IsChar(text[end], kHostChar)) ++end;
  return end > 0 && (end == text.size() || (text[end] == ':' && IsPort(text.substr(end + 1))));
}

bool ConnectionWishes::Add(std::string_view value, std::vector<std::string_view>& names) {
  for (;;) {
    if (++elements_ > kMostConnectionElements) return false;
    const size_t comma = std::min(value.find(','), value.size());
    const std::string_view element = Trim(value.substr(0, comma));
    if (SameName(element, "keep-alive")) {
      keep_alive = true;
    } else if (SameName(element, "close")) {
      close = true;
    } else if (SameName(element, "upgrade")) {
      upgrade = true;
    } else if (!element.empty() && !SameName(element, "te") && !TraitsOf(element).kept) {
      names.push_back(element);
    }
    if (comma == value.size()) return true;
    value.remove_prefix(comma + 1);
  }
}

bool ContainsName(const std::vector<std::string_view>& names, std::string_view name) {
  return std::ranges::any_of(names, [&](std::string_view one) { return SameName(one, name); });
}

void TransferCodings::Add(std::string_view value) {
  any_ = true;
  if (SameName(value, "chunked")) {  // nearly always
    broken_ |= chunked_;
    chunked_ = true;
    return;
  }
  for (;;) {
    const size_t comma = std::min(value.find(','), value.size());
    const std::string_view element = Trim(value.substr(0, comma));
    const std::string_view name = Trim(element.substr(0, element.find(';')));
    const bool chunked = SameName(name, "chunked");
    broken_ |= !IsToken(name) || chunked_ || SameName(name, "identity") || (chunked && name.size() != element.size());
    chunked_ |= chunked;
    unknown_ |= !chunked;
    if (comma == value.size()) return;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace signpost::lb
