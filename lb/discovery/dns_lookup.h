// Signpost. Apache-2.0; see LICENSE.
// The records of one type that a name has, through CNAMEs (RFC 1034 3.6.2), whether the server follows them or not.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lb/discovery/dns_client.h"

namespace signpost::lb {

struct LookupReply {
  enum class Kind : unsigned char {
    kRecords,
    kNone,     // NXDOMAIN or no such records
    kPartial,  // as DnsReply's
    kFailed,
  };
  Kind kind = Kind::kFailed;
  std::vector<dns::Record> records;
  std::vector<dns::Record> additional;
  uint32_t ttl = 0;    // least of chain and records; of kNone the negative TTL, 0 = unknown
  std::string reason;  // of all but kRecords: "NXDOMAIN", "no records", or DnsReply's
  bool udp = false;
};

// `name` in canonical form. Calls back once, later, while `client` lives.
void Lookup(DnsClient& client, const std::string& name, dns::Type type, std::function<void(LookupReply)> on_done);

}  // namespace signpost::lb
