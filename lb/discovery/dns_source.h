// Signpost. Apache-2.0; see LICENSE.
// Services from SRV records (RFC 2782): the names of the config file, and those that DNS-SD enumerates (RFC 6763).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/net/address.h"
#include "common/net/loop.h"
#include "lb/discovery/source.h"

namespace signpost::lb {

struct DnsName {
  std::string service;  // in lb's words
  std::string
      name;  // to ask for: "web.service.consul", "_web._tcp.example.com"; SRV first, A/AAAA with `port` if given
  uint16_t port = 0;  // overrides the SRV record's; with it, a name without SRV records is asked for A and AAAA
  std::vector<std::string> tags;  // exposure, as the catalog's tags would say it
  // A name per version ("v2" -> "v2.web.service.consul"): its instances carry that version.
  std::map<std::string, std::string> versions;
};

struct DnsOptions {
  std::vector<net::SocketAddress> servers;  // asked in order; one that failed is asked last for a while
  std::vector<DnsName> names;
  std::string browse;  // "service.consul": enumerate by DNS-SD below it; "" = do not
  Millis browse_interval{5000};
  Millis min_interval{1000};  // clamps of the TTL
  Millis max_interval{60000};
  Millis timeout{1000};  // of one question to one server
  Millis hold_empty{30000};
  Millis confirm_loss{5000};  // wait before the second reading of a set that lost more than half
  Millis subset_hold{30000};  // union of rotating subsets
  Millis max_stale{0};        // 0 = for ever
  uint16_t edns_size = 1232;
  std::string tcp_domain =
      "consul";  // authoritative answers below it mean Consul, which truncates without saying so: TCP only
  bool ipv6 = true;
};

// `sink` outlives the source.
std::unique_ptr<Source> MakeDnsSource(net::Loop& loop, DnsOptions options, SourceSink& sink);

}  // namespace signpost::lb
