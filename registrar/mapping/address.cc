// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "registrar/container/container.h"

namespace signpost::registrar {
namespace {

constexpr size_t kMaxHostName = 253;

bool IsHostName(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  };
  const auto is_digit_or_dot = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  return text.size() <= kMaxHostName && std::all_of(text.begin(), text.end(), allowed) &&
         !std::all_of(text.begin(), text.end(), is_digit_or_dot);
}

}  // namespace

bool IsWildcard(std::string_view address) { return address.empty() || address == "0.0.0.0" || address == "::"; }

bool IsLoopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

bool IsIpAddress(std::string_view address) {
  unsigned char bytes[sizeof(in6_addr)];
  const std::string text(address);
  return text.find('\0') == std::string::npos &&
         inet_pton(IsIpv6(address) ? AF_INET6 : AF_INET, text.c_str(), bytes) == 1;
}

bool IsUsableAddress(std::string_view address) {
  return !IsWildcard(address) && (IsIpAddress(address) || IsHostName(address));
}

std::string_view WithoutMask(std::string_view address) { return address.substr(0, address.rfind('/')); }

}  // namespace signpost::registrar
