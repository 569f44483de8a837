// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/prefix_set.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <span>

namespace signpost::lb {
namespace {

constexpr unsigned char kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool IsMapped(std::span<const uint8_t> ip) { return ip.size() == 16 && std::memcmp(ip.data(), kMappedPrefix, 12) == 0; }

Status NoPrefix(std::string_view text) {
  return Status::Config("'" + std::string(text) +
                        "' is not an address prefix; write it like 192.0.2.0/24, 2001:db8::/32 or 192.0.2.7");
}

bool SameBits(const unsigned char* a, const unsigned char* b, unsigned bits) {
  if (std::memcmp(a, b, bits / 8) != 0) return false;
  if (bits % 8 == 0) return true;
  return ((a[bits / 8] ^ b[bits / 8]) & (0xff << (8 - bits % 8)) & 0xff) == 0;
}

}  // namespace

Result<PrefixSet> PrefixSet::Parse(const std::vector<std::string>& texts) {
  PrefixSet set;
  for (const std::string& text : texts) {
    const size_t slash = text.find('/');
    const std::string host = text.substr(0, slash);
    const bool v6 = host.find(':') != std::string::npos;
    if (host.find('[') != std::string::npos || host.find('%') != std::string::npos) return NoPrefix(text);
    if (host.empty() || (!v6 && host.find_first_not_of("0123456789.") != std::string::npos)) return NoPrefix(text);
    const auto address = net::SocketAddress::Parse(v6 ? "[" + host + "]" : host, 1);
    if (!address.ok()) return NoPrefix(text);
    const std::span<const uint8_t> ip = address->ip();
    unsigned bits = static_cast<unsigned>(ip.size()) * 8;
    if (slash != std::string::npos) {
      const char* const begin = text.data() + slash + 1;
      const char* const end = text.data() + text.size();
      unsigned given = 0;
      const auto [at, error] = std::from_chars(begin, end, given);
      if (error != std::errc() || at != end || given > bits) return NoPrefix(text);
      bits = given;
    }
    Prefix prefix{address->family(), bits, {}};
    std::copy(ip.begin(), ip.end(), prefix.bytes);
    if (IsMapped(ip) && bits >= 96) {
      prefix = Prefix{AF_INET, bits - 96, {}};
      std::copy(ip.begin() + 12, ip.end(), prefix.bytes);
    }
    set.prefixes_.push_back(prefix);
  }
  return set;
}

bool PrefixSet::Contains(const net::SocketAddress& address) const {
  if (prefixes_.empty() || address.empty()) return false;
  std::span<const uint8_t> ip = address.ip();
  if (IsMapped(ip)) ip = ip.subspan(12);
  const int family = ip.size() == 4 ? AF_INET : AF_INET6;
  return std::any_of(prefixes_.begin(), prefixes_.end(), [&](const Prefix& prefix) {
    return prefix.family == family && SameBits(prefix.bytes, ip.data(), prefix.bits);
  });
}

}  // namespace signpost::lb
