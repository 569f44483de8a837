// Signpost. Apache-2.0; see LICENSE.
// Records to instances (RFC 2782). Pure; the sizes of what strangers send are bounded.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/dns/message.h"
#include "lb/pool/instance.h"

namespace signpost::lb {

inline constexpr int kMaxCnames = 8;
inline constexpr size_t kMaxAddressesPerTarget = 64;
inline constexpr size_t kMaxInstancesPerName = 8192;
inline constexpr uint32_t kNoTtl = 0xffffffff;

// Where the CNAMEs of an answer lead from a name.
struct ChainEnd {
  std::string name;                  // the last one; the first, if there is no CNAME
  std::vector<dns::Record> records;  // of the type asked for, owned by it
  uint32_t ttl = kNoTtl;             // least of the CNAMEs and records
  int cnames = 0;                    // followed; kMaxCnames + 1 when there were more
};
ChainEnd FollowChain(const std::vector<dns::Record>& records, const std::string& name, dns::Type type);

struct SrvRow {
  uint16_t priority = 0, weight = 0, port = 0;
  std::string target;
  friend bool operator==(const SrvRow&, const SrvRow&) = default;
};

struct SrvRows {
  std::vector<SrvRow> rows;
  bool absent = false;  // the only target is ".": the service is decidedly not there (case D08)
};
// Equal rows (but for the weight) become one with the sum of their weights, at most 65,535 (case D29).
SrvRows ReadSrvRows(const std::vector<dns::Record>& records);

using HostAddresses = std::map<std::string, std::vector<net::SocketAddress>>;

// Addresses of the rows' targets that came along with them; a target without any is missing (case D25). `ttl` is
// lowered to the least that was used.
HostAddresses AddressesAlong(const SrvRows& rows, const std::vector<dns::Record>& additional, bool ipv6, uint32_t& ttl);

// One instance per row and address. A row's weight is divided among its target's addresses so that the row keeps its
// share, at least 1 each unless it was 0 (case D26). `port` overrides the rows' when it is not 0; rows without any port
// are left out.
std::vector<Instance> MakeInstances(const std::vector<SrvRow>& rows, const HostAddresses& addresses, uint16_t port);

}  // namespace signpost::lb
