// Signpost. Apache-2.0; see LICENSE.
#include "lb/route/routes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>

namespace signpost::lb {
namespace {

constexpr size_t kMaxHost = 255;

// Without the port. An IPv6 literal keeps its brackets.
std::string_view WithoutPort(std::string_view host) {
  const size_t bracket = host.starts_with('[') ? host.find(']') : std::string_view::npos;
  const size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  return host.substr(0, colon);
}

}  // namespace

std::string_view FoldHost(std::string_view host, std::span<char> buffer) {
  host = WithoutPort(host);
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() > std::min(buffer.size(), kMaxHost)) return {};
  std::transform(host.begin(), host.end(), buffer.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return {buffer.data(), host.size()};
}

HttpRouteTable::HttpRouteTable(std::vector<HttpRoute> routes) : routes_(std::move(routes)) {
  std::stable_sort(routes_.begin(), routes_.end(), [](const HttpRoute& a, const HttpRoute& b) {
    if (a.host != b.host) return a.host < b.host;
    return a.path.size() != b.path.size() ? a.path.size() > b.path.size() : a.path < b.path;
  });
  const auto same = [](const HttpRoute& a, const HttpRoute& b) { return a.host == b.host && a.path == b.path; };
  routes_.erase(std::unique(routes_.begin(), routes_.end(), same), routes_.end());
  places_.resize(std::bit_ceil(2 * routes_.size() + 1));
  for (uint32_t i = 0; i < routes_.size(); ++i) {
    has_wildcards_ = has_wildcards_ || routes_[i].host.starts_with("*.");
    if (i > 0 && routes_[i].host == routes_[i - 1].host) continue;
    const size_t hash = std::hash<std::string_view>{}(routes_[i].host);
    size_t at = hash & (places_.size() - 1);
    while (places_[at].first != kNone) at = (at + 1) & (places_.size() - 1);
    places_[at] = {static_cast<uint32_t>(hash >> 32), i};
  }
}

const HttpRoute* HttpRouteTable::FindPath(std::string_view host, std::string_view path) const {
  if (routes_.empty()) return nullptr;
  const size_t hash = std::hash<std::string_view>{}(host);
  const auto tag = static_cast<uint32_t>(hash >> 32);
  for (size_t at = hash & (places_.size() - 1); places_[at].first != kNone; at = (at + 1) & (places_.size() - 1)) {
    if (places_[at].tag != tag || routes_[places_[at].first].host != host) continue;
    for (size_t i = places_[at].first; i < routes_.size() && (i == places_[at].first || routes_[i].host == host); ++i) {
      if (path.starts_with(routes_[i].path)) return &routes_[i];
    }
    return nullptr;
  }
  return nullptr;
}

const HttpRoute* HttpRouteTable::Find(std::string_view host, std::string_view path) const {
  std::array<char, kMaxHost> buffer;
  const std::string_view folded = FoldHost(host, buffer);
  if (!folded.empty()) {
    // A client that sends "*" means no route of ours.
    const bool pattern = folded.front() == '*';
    if (const HttpRoute* route = pattern ? nullptr : FindPath(folded, path)) return route;
    // "a.b.c" becomes "*.b.c", then "*.c", in place.
    for (size_t dot = has_wildcards_ ? folded.find('.', 1) : std::string_view::npos; dot != std::string_view::npos;
         dot = folded.find('.', dot + 1)) {
      buffer[dot - 1] = '*';
      if (const HttpRoute* route = FindPath(folded.substr(dot - 1), path)) return route;
    }
  }
  return FindPath("*", path);
}

}  // namespace signpost::lb
