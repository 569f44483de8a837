// Signpost. Apache-2.0; see LICENSE.
// What is known of each DNS server: who is asked first, who takes no EDNS, whose UDP answers are not to be believed.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/net/address.h"

namespace signpost::lb {

class DnsServers {
 public:
  static constexpr Millis kFirstPenalty{10000};  // doubles up to
  static constexpr Millis kMostPenalty{60000};
  static constexpr Millis kNoEdns{15 * 60 * 1000};

  // `cut_domain`: authoritative answers below it come from Consul, whose UDP answers lack records without saying so.
  DnsServers(const std::vector<net::SocketAddress>& servers, std::string_view cut_domain);

  size_t size() const { return servers_.size(); }
  const net::SocketAddress& address(size_t server) const { return servers_[server].address; }
  // All servers: those in good standing as configured, then the others, the soonest forgiven first (case D30).
  std::vector<size_t> Order(Millis now) const;
  void Answered(size_t server);
  // Did not answer, though time enough passed.
  void Silent(size_t server, Millis now);

  bool TakesEdns(size_t server, Millis now) const { return now >= servers_[server].edns_again; }
  void RefusedEdns(size_t server, Millis now) { servers_[server].edns_again = now + kNoEdns; }

  // An answer of that server about `name` came with the AA bit.
  void Authoritative(size_t server, std::string_view name);
  // UDP answers of that server about `name` may lack records.
  bool CutsAnswers(size_t server, std::string_view name) const { return servers_[server].cuts && BelowCutDomain(name); }

 private:
  struct Server {
    net::SocketAddress address;
    uint32_t strikes = 0;
    Millis forgiven{0};
    Millis edns_again{0};
    bool cuts = false;
  };

  bool BelowCutDomain(std::string_view name) const;

  std::vector<Server> servers_;
  std::string cut_domain_;  // lower case, no final dot
};

// Lower case, without the final dot: the form in which names are compared.
std::string CanonicalName(std::string_view name);

}  // namespace signpost::lb
