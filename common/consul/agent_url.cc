// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/agent_url.h"

#include <algorithm>

namespace signpost::consul {
namespace {

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

Status BadUrl(std::string_view text) {
  return Status::Config("'" + std::string(text) +
                        "' is not the address of a Consul agent: write http://HOST:PORT, https://HOST:PORT, HOST:PORT "
                        "or unix:///PATH");
}

}  // namespace

Result<AgentAddress> ParseAgentUrl(std::string_view text) {
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (text.empty() || !printable || text.find_first_of("?#\"'<>\\") != std::string_view::npos) return BadUrl(text);
  if (text.starts_with("unix://")) {
    const std::string_view path = text.substr(7);
    if (!path.starts_with('/') || path.size() < 2) return BadUrl(text);
    return AgentAddress{"http://localhost", std::string(path)};
  }
  std::string base(text);
  if (text.find("://") == std::string_view::npos) base = "http://" + base;
  if (!base.starts_with("http://") && !base.starts_with("https://")) return BadUrl(text);
  while (base.ends_with('/')) base.pop_back();
  const size_t scheme_end = base.find("://");
  if (scheme_end == std::string::npos) return BadUrl(text);
  const std::string host = base.substr(scheme_end + 3, base.find('/', scheme_end + 3) - scheme_end - 3);
  if (host.empty() || host.starts_with(':')) return BadUrl(text);
  if (host.find('@') != std::string::npos) {
    return Status::Config("the address of the Consul agent must not carry a user or password: give a token instead");
  }
  return AgentAddress{std::move(base), ""};
}

std::string EncodeSegment(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c)) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kHex[static_cast<unsigned char>(c) >> 4];
      encoded += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return encoded;
}

std::string BuildUrl(std::string_view base, std::string_view path, const Params& params) {
  std::string url(base);
  url += path;
  char separator = '?';
  for (const auto& [name, value] : params) {
    url += separator;
    url += EncodeSegment(name);
    if (!value.empty()) url += "=" + EncodeSegment(value);
    separator = '&';
  }
  return url;
}

}  // namespace signpost::consul
