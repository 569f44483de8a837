// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/request_keys.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstring>

#include "lb/pool/stable_hash.h"
#include "lb/session/cookies.h"

namespace signpost::lb {
namespace {

constexpr size_t kMaxHops = 32;
constexpr size_t kMaxVersion = 64;
constexpr unsigned char kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::string_view TextV4(std::span<const uint8_t> ip, std::span<char> buffer) {
  char* at = buffer.data();
  char* const end = at + buffer.size();
  for (size_t i = 0; i < 4; ++i) {
    if (i > 0) *at++ = '.';
    at = std::to_chars(at, end, ip[i]).ptr;
  }
  return {buffer.data(), static_cast<size_t>(at - buffer.data())};
}

// One element of X-Forwarded-For, with or without port and brackets. Empty when it is no address.
net::SocketAddress ParseHop(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '"')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '"')) text.remove_suffix(1);
  if (text.empty() || text.size() > INET6_ADDRSTRLEN + 8 || text.front() == ':') return {};
  const auto parsed = net::SocketAddress::Parse(text, 1);
  return parsed.ok() ? parsed.value() : net::SocketAddress();
}

uint64_t HashOf(const RequestHead& head, KeySource source, const std::string& name, const ClientOrigin& client) {
  if (source == KeySource::kHeader) {
    if (const Field* field = FindField(head.fields, name)) return StableHash(field->value);
  }
  if (source == KeySource::kCookie) {
    if (const auto value = FindCookie(head.fields, name)) return StableHash(*value);
  }
  return client.trusted ? StableHash(ForwardedClient(head.fields, client)) : StableHash(client.address);
}

void ReadVersionKeys(const RequestHead& head, const VersionSplit& split, const ClientOrigin& client, Random& random,
                     RequestKeys& keys) {
  switch (split.key) {
    case SplitKey::kNone:
      return;
    case SplitKey::kHeader:
      if (const Field* field = FindField(head.fields, split.key_name)) keys.version_key = StableHash(field->value);
      return;
    case SplitKey::kClientAddress:
      keys.version_key = HashOf(head, KeySource::kClientAddress, {}, client);
      return;
    case SplitKey::kCookie:
      if (const auto value = FindCookie(head.fields, split.key_name); value && !value->empty()) {
        keys.version_key = StableHash(*value);
        return;
      }
      keys.new_version_id = random.Next() | 1;
      keys.version_key = StableHash(HexText(keys.new_version_id));
      return;
  }
}

}  // namespace

RequestKeys ReadKeys(const RequestHead& head, const ServiceSettings& settings, const ClientOrigin& client,
                     Random& random) {
  RequestKeys keys;
  if (settings.algorithm == Algorithm::kSourceHash) {
    keys.hash = HashOf(head, settings.hash_on, settings.hash_name, client);
  }
  if (!settings.sticky_cookie.empty()) {
    if (const auto value = FindCookie(head.fields, settings.sticky_cookie)) keys.sticky = ParseHexText(*value);
  }
  if (settings.split.empty()) return keys;
  ReadVersionKeys(head, settings.split, client, random, keys);
  if (client.trusted) {
    const Field* const version = FindField(head.fields, "X-LB-Version");
    if (version != nullptr && version->value.size() <= kMaxVersion) keys.version = version->value;
  }
  return keys;
}

std::string_view AddressText(const net::SocketAddress& address, std::span<char> buffer) {
  const std::span<const uint8_t> ip = address.ip();
  if (ip.size() == 4) return TextV4(ip, buffer);
  if (ip.size() != 16) return {};
  if (std::memcmp(ip.data(), kMappedPrefix, sizeof kMappedPrefix) == 0) return TextV4(ip.subspan(12), buffer);
  if (inet_ntop(AF_INET6, ip.data(), buffer.data(), static_cast<socklen_t>(buffer.size())) == nullptr) return {};
  return {buffer.data()};
}

std::string ForwardedClient(const Fields& fields, const ClientOrigin& client) {
  std::string found(client.address);
  if (!client.trusted || client.proxies == nullptr) return found;
  size_t hops = 0;
  for (size_t at = fields.size(); at-- > 0;) {
    if (!SameName(fields[at].name, "X-Forwarded-For")) continue;
    std::string_view list = fields[at].value;
    while (!list.empty()) {
      const size_t comma = list.rfind(',');
      const std::string_view text = comma == std::string_view::npos ? list : list.substr(comma + 1);
      list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
      const net::SocketAddress hop = ParseHop(text);
      if (hop.empty() || ++hops > kMaxHops) return found;  // what stands before it may be anybody's claim
      std::array<char, INET6_ADDRSTRLEN> buffer{};
      found = AddressText(hop, buffer);
      if (!client.proxies->Contains(hop)) return found;
    }
  }
  return found;
}

}  // namespace signpost::lb
