// Signpost. Apache-2.0; see LICENSE.
// A strict reader of replies that shares no code with dnsd. What it finds wrong it says in words that no test expects.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::test {

// Records as text, sorted: "web.service.consul. 0 SRV 1 1 80 n1.node.dc1.consul.". The class is IN unless it is
// written.
using Lines = std::vector<std::string>;

struct Reply {
  // What makes the message unacceptable, or "". Then it also stands in `rcode` and in every section.
  std::string problem;
  std::vector<uint8_t> bytes;  // empty: no reply
  uint16_t id = 0;
  uint16_t opcode = 0;
  std::string flags;     // those that are set, of "aa tc rd ra z ad cd", joined with blanks
  std::string rcode;     // with the bits of the OPT record: "NOERROR", "BADVERS", ...; "none" without a reply
  std::string question;  // "wEb.service.consul. SRV", or "" for none
  Lines answer;
  Lines authority;
  Lines additional;  // without OPT and TSIG
  Lines in_order;    // the answer section in the order of the message

  bool has_opt = false;
  uint16_t udp_size = 0;
  uint32_t opt_ttl = 0;  // extended rcode, version, flags
  std::string opt_data;  // hexadecimal
  std::string tsig;      // "key. algorithm. error 17", or "" for none
  size_t question_end = 0;

  bool has(std::string_view flag) const;  // has("tc")
  bool truncated() const { return has("tc"); }
};

// Demands: the counts match, nothing follows the last record, at most `limit` bytes, QR set, pointers only backwards
// to where a label starts, names within 255 bytes, RDATA of known types exactly as long as it says, no record twice.
Reply Decode(std::span<const uint8_t> message, size_t limit);

}  // namespace signpost::test
