// Signpost. Apache-2.0; see LICENSE.
// DNS messages as a client sees them: a question built, an answer read into plain values. The only user of ldns. Off
// every hot path. Pure; hostile bytes give kInvalid, never more.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/net/address.h"

namespace signpost::dns {

enum class Type : uint16_t { kA = 1, kCname = 5, kPtr = 12, kTxt = 16, kAaaa = 28, kSrv = 33 };
inline constexpr int kNoError = 0, kFormErr = 1, kServFail = 2, kNxDomain = 3, kNotImp = 4, kRefused = 5;

struct Question {
  std::string name;  // presentation form, dots escaped in labels ("\."), with or without the final dot
  Type type = Type::kSrv;
};

struct Record {
  std::string owner;  // lower case, presentation form without the final dot
  Type type = Type::kA;
  uint32_t ttl = 0;
  net::SocketAddress address;  // A, AAAA; port 0
  std::string target;  // CNAME, PTR, SRV; lower case (PTR: as sent), without the final dot; "" is the root (".")
  uint16_t priority = 0, weight = 0, port = 0;  // SRV
  std::vector<std::string> strings;             // TXT
};

struct Answer {
  uint16_t id = 0;
  int rcode = 0;
  bool authoritative = false;
  bool truncated = false;
  std::vector<Record> answers;  // records of types not listed above are left out
  std::vector<Record> additional;
  uint32_t negative_ttl = 0;  // of the SOA in the authority section, bounded by its minimum; 0 = none
};

// RD set; OPT with that size when edns_size > 0. kInvalid when the name is none.
Result<std::vector<uint8_t>> BuildQuery(uint16_t id, const Question& question, uint16_t edns_size);

// kInvalid: not a response, not our id, another question, or bytes that are no message. At most 65,535 bytes.
Result<Answer> ReadAnswer(std::span<const uint8_t> bytes, uint16_t id, const Question& question);

}  // namespace signpost::dns
