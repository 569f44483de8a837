// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/consul_policies.h"

#include <cstdint>
#include <utility>

#include "common/json/json.h"

namespace signpost::lb {
namespace {

constexpr size_t kMaxPolicy = size_t{64} << 10;

int Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

std::optional<std::string> DecodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = Digit(c);
    if (digit < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  return bytes;
}

Result<std::map<std::string, std::string>> ReadPolicies(std::string_view body, std::string_view prefix) {
  std::map<std::string, std::string> policies;
  if (body.empty()) return policies;
  const auto document = json::Document::Parse(body);
  if (!document.ok()) return Status::Invalid("Consul's key list is not JSON: " + document.status().text());
  const json::Value root = document.value().root();
  if (!root.IsArray()) return Status::Invalid("Consul's key list does not have the expected JSON shape");
  root.ForEachElement([&](json::Value entry) {
    std::string_view key = entry["Key"].String();
    const std::string_view value = entry["Value"].String();
    if (!key.starts_with(prefix) || value.size() > kMaxPolicy * 4 / 3) return;
    key.remove_prefix(prefix.size());
    auto text = DecodeBase64(value);
    if (key.empty() || key.find('/') != std::string_view::npos || !text || text->empty()) return;
    policies[std::string(key)] = std::move(*text);
  });
  return policies;
}

}  // namespace signpost::lb
