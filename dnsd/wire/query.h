// Signpost. Apache-2.0; see LICENSE.
// The one reader of queries. It runs on every packet before anything else looks at it.
#pragma once

#include <cstdint>
#include <span>

#include "dnsd/wire/name.h"
#include "dnsd/wire/protocol.h"

namespace signpost::wire {

// What the OPT record said (RFC 6891). Spans point into the packet.
struct Edns {
  bool present = false;
  bool dnssec_ok = false;
  bool tcp_keepalive = false;  // RFC 7828 option seen
  bool nsid = false;           // RFC 5001 option seen
  uint8_t version = 0;
  uint16_t udp_size = 0;  // as sent
  // The first COOKIE option (RFC 7873): 8 bytes of the client, then none or 8 to 32 of a server. Empty: none was sent.
  std::span<const uint8_t> cookie;
  // The mark that a dnsd puts on what it forwards (edns_option::kHop): the sender's instance id, 8 bytes, or empty.
  std::span<const uint8_t> hop;
};

// The TSIG record's parts that an unsigned error reply repeats (RFC 8945 5.3.2). Spans point into the packet.
struct Tsig {
  std::span<const uint8_t> key_name;
  std::span<const uint8_t> algorithm;
  std::span<const uint8_t> time_and_fudge;  // 8 bytes
};

struct Query {
  uint16_t id = 0;
  uint16_t type = 0;
  uint16_t qclass = 0;
  uint8_t opcode = 0;
  bool recursion_desired = false;
  bool checking_disabled = false;     // CD (RFC 4035 3.2.2)
  Name name;                          // folded
  std::span<const uint8_t> question;  // name, type and class as sent; points into the packet
  Edns edns;
  Tsig tsig;
};

enum class Verdict : unsigned char {
  kQuery,         // well formed: `query` is complete
  kTooShort,      // under 12 bytes: no reply possible
  kIsResponse,    // QR=1: replying could loop
  kNotQuery,      // opcode other than QUERY
  kMalformed,     // FORMERR without OPT
  kMalformedOpt,  // FORMERR with OPT: the OPT record was found, something else is wrong (W32, W109, W116)
  kCookieOnly,    // no question, but a client's cookie: it wants to be told the server's (RFC 7873 5.4, W33)
  kSigned,        // a TSIG we hold no key for: NOTAUTH, BADKEY
};

// kIgnored: a COOKIE option is as good as one that is not known, whatever it holds (RFC 6891 6.1.2).
enum class Cookies : unsigned char { kRead, kIgnored };

// Parses `packet` into `query`. Work is bounded by the packet's length; bytes behind the last record are tolerated.
// For verdicts other than kQuery, `query` holds id, opcode, RD and CD where the header could be read, and edns for
// kMalformedOpt and kCookieOnly.
Verdict ParseQuery(std::span<const uint8_t> packet, Query& query, Cookies cookies = Cookies::kRead);

}  // namespace signpost::wire
