// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_servers.h"

#include <algorithm>
#include <numeric>

namespace signpost::lb {

std::string CanonicalName(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  if (out.ends_with('.')) out.pop_back();
  return out;
}

DnsServers::DnsServers(const std::vector<net::SocketAddress>& servers, std::string_view cut_domain)
    : cut_domain_(CanonicalName(cut_domain)) {
  for (const net::SocketAddress& address : servers) servers_.push_back({.address = address});
}

std::vector<size_t> DnsServers::Order(Millis now) const {
  std::vector<size_t> order(servers_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::max(servers_[a].forgiven, now) < std::max(servers_[b].forgiven, now);
  });
  return order;
}

void DnsServers::Answered(size_t server) {
  servers_[server].strikes = 0;
  servers_[server].forgiven = Millis(0);
}

void DnsServers::Silent(size_t server, Millis now) {
  Server& it = servers_[server];
  if (now < it.forgiven) return;  // one outage, many questions
  it.forgiven = now + std::min(kMostPenalty, kFirstPenalty * (1 << it.strikes));
  it.strikes = std::min(it.strikes + 1, 8U);
}

void DnsServers::Authoritative(size_t server, std::string_view name) {
  if (BelowCutDomain(name)) servers_[server].cuts = true;
}

bool DnsServers::BelowCutDomain(std::string_view name) const {
  if (cut_domain_.empty()) return false;
  const std::string lower = CanonicalName(name);
  return lower == cut_domain_ || lower.ends_with("." + cut_domain_);
}

}  // namespace signpost::lb
