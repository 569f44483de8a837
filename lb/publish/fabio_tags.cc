// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/fabio_tags.h"

#include <array>
#include <charconv>
#include <vector>

#include "lb/publish/config_routes.h"
#include "lb/publish/config_value.h"

namespace signpost::lb {
namespace {

constexpr size_t kMaxTag = 4096;

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const size_t length = std::min(text.find_first_of(" \t"), text.size());
    words.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
}

Status Path(std::string_view value, std::string& path) {
  if (!value.starts_with('/') || !IsHeadText(value))
    return Status::Invalid("has a path that does not begin with a slash");
  path = value;
  return Status::Ok();
}

Status Redirect(std::string_view value, HttpRoute& route) {
  const size_t comma = value.find(',');
  const auto [end, error] = std::from_chars(value.data(), value.data() + std::min(comma, value.size()), route.redirect);
  const bool whole = comma != std::string_view::npos && error == std::errc() && end == value.data() + comma;
  if (!whole || !IsRedirectStatus(route.redirect)) return Status::Invalid("needs a redirect like redirect=301,URL");
  route.redirect_to = value.substr(comma + 1);
  if (route.redirect_to.empty() || !IsHeadText(route.redirect_to)) {
    return Status::Invalid("redirects to something that is no address");
  }
  return Status::Ok();
}

Status Host(std::string_view value, HttpRoute& route) {
  if (value == "dst") return Status::Invalid("asks for host=dst, which does not exist here");
  if (value.empty() || !IsHeadText(value)) return Status::Invalid("has an unusable host=");
  route.send_host = value;
  return Status::Ok();
}

Status ApplyOption(std::string_view word, FabioRoute& route) {
  const size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const std::string_view value = equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
  if (name == "strip") return Path(value, route.http.strip);
  if (name == "prepend") return Path(value, route.http.prepend);
  if (name == "host") return Host(value, route.http);
  if (name == "redirect") return Redirect(value, route.http);
  if (name == "proto") {
    route.is_tcp = value == "tcp";
    if (route.is_tcp || value == "http") return Status::Ok();
    return Status::Invalid("asks for proto=" + std::string(value.substr(0, 20)) + ", which does not exist here");
  }
  for (const std::string_view refused : {"auth", "allow", "deny", "pxyproto"}) {
    if (name == refused) return Status::Invalid("asks for " + std::string(refused) + "=, which does not exist here");
  }
  route.ignored += (route.ignored.empty() ? "" : ", ") + std::string(name.substr(0, 40));
  return Status::Ok();
}

Status ReadListener(std::string_view where, FabioRoute& route) {
  const size_t colon = where.rfind(':');
  const std::string_view digits = colon == std::string_view::npos ? std::string_view() : where.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), route.port);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || route.port == 0) {
    return Status::Invalid("needs a port like :1234");
  }
  if (colon == 0) return Status::Ok();
  const auto address = net::SocketAddress::Parse(where, 0);
  if (!address.ok()) return Status::Invalid("has an address that is not one");
  route.address = address.value().ToString();
  return Status::Ok();
}

Status ReadHostAndPath(std::string_view where, HttpRoute& route) {
  const size_t slash = where.find('/');
  if (slash == std::string_view::npos) return Status::Invalid("needs a slash after the host");
  std::array<char, 255> buffer;
  route.host = slash == 0 ? "*" : std::string(FoldHost(where.substr(0, slash), buffer));
  route.path = where.substr(slash);
  if (!IsHostPattern(route.host)) return Status::Invalid("has a host that is not a host name");
  if (!IsHeadText(route.path)) return Status::Invalid("has a path that no request can have");
  return Status::Ok();
}

}  // namespace

Result<FabioRoute> ParseFabioTag(std::string_view tag) {
  if (tag.size() > kMaxTag) return Status::Invalid("is too long");
  const std::vector<std::string_view> words = Words(tag.substr(std::min(kFabioPrefix.size(), tag.size())));
  if (words.empty()) return Status::Invalid("names no host or path");
  if (words.front().find('$') != std::string_view::npos)
    return Status::Invalid("has a variable, which does not exist here");
  FabioRoute route;
  for (size_t i = 1; i < words.size(); ++i) {
    if (Status status = ApplyOption(words[i], route); !status.ok()) return status;
  }
  Status status = route.is_tcp ? ReadListener(words.front(), route) : ReadHostAndPath(words.front(), route.http);
  if (!status.ok()) return status;
  return route;
}

}  // namespace signpost::lb
