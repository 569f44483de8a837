// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/config_routes.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace signpost::lb {
namespace {

std::string ReadPath(const ConfigValue& at, std::string_view fallback) {
  std::string path = at.Text(fallback);
  if (!path.empty() && (path.front() != '/' || !IsHeadText(path))) {
    at.Wrong("must begin with a slash and hold no blanks, not " + QuotedText(path));
  }
  return path;
}

std::string ReadHost(const ConfigValue& at) {
  std::string host = LowerAscii(at.Text());
  if (host.ends_with('.') && host.size() > 1) host.pop_back();
  if (!IsHostPattern(host)) {
    at.Wrong("must be a host name without port, *.host name or *, not " + QuotedText(at.value.String()));
  }
  return host;
}

void ReadRedirect(const ConfigValue& entry, HttpRoute& route) {
  route.redirect = static_cast<int>(std::clamp<int64_t>(entry.value["redirect"].Int(), 0, 999));
  if (!IsRedirectStatus(route.redirect)) entry.Get("redirect").Wrong("must be 301, 302, 303, 307 or 308");
  route.redirect_to = entry.Get("to").Text();
  if (route.redirect_to.empty() || !IsHeadText(route.redirect_to)) {
    entry.Get("to").Wrong("must be where to redirect to, like https://www.example.com$path");
  }
  if (!route.service.empty()) entry.Wrong("has both a service and a redirect; one of them decides");
}

HttpRoute ReadHttp(const ConfigValue& entry) {
  entry.OnlyKeys({"host", "path", "service", "strip", "prepend", "send_host", "redirect", "to"});
  HttpRoute route;
  route.host = ReadHost(entry.Get("host"));
  route.path = ReadPath(entry.Get("path"), "/");
  if (route.path.empty()) route.path = "/";
  route.service = entry.Get("service").Text();
  route.strip = ReadPath(entry.Get("strip"), "");
  route.prepend = ReadPath(entry.Get("prepend"), "");
  route.send_host = entry.Get("send_host").Text();
  if (!route.send_host.empty() && !IsHeadText(route.send_host)) entry.Get("send_host").Wrong("must be a host name");
  if (entry.value["redirect"].present()) {
    ReadRedirect(entry, route);
  } else if (entry.value["to"].present()) {
    entry.Get("to").Wrong("needs redirect");
  } else if (route.service.empty()) {
    entry.Wrong("needs a service or a redirect");
  }
  return route;
}

void ReadListenAddress(const ConfigValue& at, TcpRouteConfig& route) {
  if (!at.value.IsString()) {
    route.port = static_cast<uint16_t>(at.Number(1, 65535, 0));
    return;
  }
  const auto address = net::SocketAddress::Parse(at.value.String(), 0);
  if (!address.ok() || address.value().port() == 0) {
    return at.Wrong("must be a port or an address with one, not " + QuotedText(at.value.String()));
  }
  route.address = address.value().ToString();
  route.port = address.value().port();
}

TcpRouteConfig ReadTcp(const ConfigValue& entry) {
  entry.OnlyKeys({"tcp", "service", "accept_proxy", "sni"});
  TcpRouteConfig route;
  if (!entry.value["tcp"].present()) entry.Wrong("needs tcp, the port to listen at");
  ReadListenAddress(entry.Get("tcp"), route);
  route.service = entry.Get("service").Text();
  if (route.service.empty()) entry.Wrong("needs a service");
  if (entry.value["sni"].present()) route.sni = ReadHost(entry.Get("sni"));
  route.accept_proxy = entry.Get("accept_proxy").Flag();
  return route;
}

// One port has one plain service, one service per name, and one mind about PROXY headers.
void CheckTwice(const ConfigValue& list, const std::vector<TcpRouteConfig>& routes) {
  std::set<std::tuple<std::string, uint16_t, std::string>> seen;
  std::map<std::pair<std::string, uint16_t>, bool> accept_proxy;
  for (const TcpRouteConfig& route : routes) {
    const std::string port = "port " + std::to_string(route.port);
    const std::string name = route.sni == "*" ? "" : route.sni;
    if (!seen.emplace(route.address, route.port, name).second) list.Wrong("give " + port + " to two services");
    const auto [known, added] = accept_proxy.emplace(std::pair(route.address, route.port), route.accept_proxy);
    if (!added && known->second != route.accept_proxy) list.Wrong("disagree about accept_proxy of " + port);
  }
}

}  // namespace

bool IsHostPattern(std::string_view text) {
  if (text == "*") return true;
  if (text.starts_with("*.")) text.remove_prefix(2);
  if (text.empty() || text.size() > 253 || text.front() == '.' || text.find("..") != std::string_view::npos)
    return false;
  if (text.starts_with('[')) {
    return text.ends_with(']') && text.find_first_not_of("0123456789abcdef:.", 1) == text.size() - 1;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

bool IsHeadText(std::string_view text) {
  return text.size() <= 2048 && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool IsRedirectStatus(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void ReadRoutes(const ConfigValue& list, FileConfig& config) {
  if (!list.value.IsArray()) return list.Wrong("must be a list");
  for (size_t i = 0; i < list.value.size() && list.errors.ok(); ++i) {
    const ConfigValue entry{list.value.At(i), list.path + "[" + std::to_string(i) + "]", list.errors};
    if (!entry.value.IsObject()) return entry.Wrong("must be an object");
    if (entry.value["tcp"].present() || entry.value["sni"].present()) {
      config.tcp.push_back(ReadTcp(entry));
    } else {
      config.http.push_back(ReadHttp(entry));
    }
  }
  CheckTwice(list, config.tcp);
}

}  // namespace signpost::lb
