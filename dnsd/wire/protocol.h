// Signpost. Apache-2.0; see LICENSE.
// Numbers of the DNS protocol under their RFC names (RFC 1035, 2782, 3596, 6891, 8945).
#pragma once

#include <cstddef>
#include <cstdint>

namespace signpost::wire {

// Not an enum class: any 16-bit value may stand in a question.
namespace type {
inline constexpr uint16_t kA = 1, kNs = 2, kCname = 5, kSoa = 6, kPtr = 12, kHinfo = 13, kMx = 15, kTxt = 16,
                          kAaaa = 28, kSrv = 33, kDname = 39, kOpt = 41, kDs = 43, kDnskey = 48, kTkey = 249,
                          kTsig = 250, kIxfr = 251, kAxfr = 252, kMailb = 253, kMaila = 254, kAny = 255;
}  // namespace type

namespace dns_class {
inline constexpr uint16_t kIn = 1, kCh = 3, kAny = 255;
}

enum class Rcode : uint8_t {
  kNoError = 0,
  kFormErr = 1,
  kServFail = 2,
  kNxDomain = 3,
  kNotImp = 4,
  kRefused = 5,
  kYxDomain = 6,
  kNotAuth = 9,
  kBadVers = 16
};

namespace opcode {
inline constexpr uint8_t kQuery = 0;
}

// Bits of the header's second 16-bit word.
inline constexpr uint16_t kFlagQr = 0x8000, kFlagAa = 0x0400, kFlagTc = 0x0200, kFlagRd = 0x0100, kFlagRa = 0x0080,
                          kFlagAd = 0x0020, kFlagCd = 0x0010;
// Bits of the OPT record's TTL word.
inline constexpr uint32_t kFlagDo = 0x8000;

inline constexpr size_t kHeaderSize = 12;
inline constexpr size_t kMaxName = 255;        // RFC 1035 2.3.4
inline constexpr size_t kMaxLabel = 63;        // RFC 1035 2.3.4
inline constexpr size_t kMaxLabels = 128;      // 127 one-byte labels and the root
inline constexpr size_t kMaxMessage = 65535;   // RFC 1035 4.2.2
inline constexpr size_t kPlainUdpLimit = 512;  // RFC 1035 4.2.1
inline constexpr uint16_t kOwnUdpSize = 1232;  // fits every path without fragments (DNS flag day 2020)
inline constexpr uint16_t kMaxPointer = 0x3fff;
inline constexpr uint16_t kQuestionPointer = 0xc000 | kHeaderSize;  // names the owner of the question

namespace edns_option {
inline constexpr uint16_t kNsid = 3;           // RFC 5001
inline constexpr uint16_t kCookie = 10;        // RFC 7873
inline constexpr uint16_t kTcpKeepalive = 11;  // RFC 7828
inline constexpr uint16_t kEde = 15;           // RFC 8914
inline constexpr uint16_t kHop = 65313;  // ours, from the range for local use (RFC 6891 9): finds forwarding loops
}  // namespace edns_option
inline constexpr size_t kClientCookieSize = 8;  // RFC 7873 4.1
inline constexpr size_t kHopSize = 8;

// Extended DNS errors (RFC 8914 4).
enum class Ede : uint16_t {
  kOther = 0,
  kStaleAnswer = 3,
  kCachedError = 13,
  kNotReady = 14,
  kBlocked = 15,
  kProhibited = 18,
  kStaleNxDomain = 19,
  kNotAuthoritative = 20,
  kNoReachableAuthority = 22,
  kNetworkError = 23,
  kInvalidData = 24,
};

inline constexpr uint16_t kTsigBadKey = 17;  // RFC 8945 3

}  // namespace signpost::wire
