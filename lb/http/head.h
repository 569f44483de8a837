// Signpost. Apache-2.0; see LICENSE.
// What request and response heads have in common (RFC 9110, RFC 9112).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace signpost::lb {

// Fields that lb treats in a way of their own. All others are kOther.
enum class KnownField : unsigned char {
  kOther,
  kConnection,
  kContentLength,
  kExpect,
  kForwarded,
  kHopByHop,  // of one connection whatever it says: Keep-Alive, Proxy-Connection, HTTP2-Settings, Proxy-Authenticate
              // ...
  kHost,
  kMaxForwards,
  kProxy,
  kTe,
  kTrailer,
  kTransferEncoding,
  kUpgrade,
  kVia,
  kXForwardedFor,
  kXForwardedHost,
  kXForwardedPort,
  kXForwardedProto,
  kXRealIp,
  kXRequestId,
};

// Views into the bytes that were parsed.
struct Field {
  std::string_view name;                  // as sent
  std::string_view value;                 // without white space around it
  KnownField known = KnownField::kOther;  // set by the parsers of heads
};
using Fields = std::vector<Field>;

// Names compare without case.
bool SameName(std::string_view a, std::string_view b);
// The first field of that name, or null.
const Field* FindField(const Fields& fields, std::string_view name);

enum class Framing : unsigned char {
  kNone,    // no body
  kLength,  // content_length bytes
  kChunked,
  kUntilClose,  // responses only
};

struct HeadLimits {
  size_t max_head = 32 << 10;   // all bytes of the head; 431 above
  size_t max_fields = 256;      // 431 above
  size_t max_target = 8 << 10;  // 414 above
  bool lenient_uri = false;     // bytes of 0x80 and above in a target are forwarded (case H22)
  bool bare_lf = false;         // lines may end in LF alone (case H38)
};

// Bytes of the empty lines at the beginning of `bytes` that a client may send before a request: at most `*left` lines,
// which is counted down (start with 2, case H02). Call it again while the request has not begun.
size_t SkipEmptyLines(std::string_view bytes, int* left);

// Finds the end of a head in bytes that come in pieces, so that nothing is searched twice. Feed it the whole head so
// far each time; it goes on where it stopped. What no continuation could mend is found at once: a first line that is
// none, lines that end in LF alone, CR within a line, NUL, heads over the limits. What stands in complete heads is left
// to the parsers.
class HeadScanner {
 public:
  enum class Kind : unsigned char { kMore, kEnd, kBad };
  struct Verdict {
    Kind kind = Kind::kMore;
    size_t size = 0;          // kEnd: bytes of the head with its empty line
    int status = 0;           // kBad: 400, 414, 431, 505; of a response always 502
    const char* reason = "";  // kBad: a few words for the log
  };

  // Requests: empty lines before the head were removed by SkipEmptyLines.
  Verdict Scan(std::string_view bytes, const HeadLimits& limits, bool request);
  void Reset() { *this = HeadScanner(); }

 private:
  Verdict CheckLine(std::string_view line, const HeadLimits& limits, bool request) const;
  Verdict CheckUnfinished(std::string_view bytes, const HeadLimits& limits, bool request) const;

  size_t scanned_ = 0;     // no line ends before this
  size_t line_start_ = 0;  // of the unfinished line
  size_t lines_ = 0;       // complete ones
};

}  // namespace signpost::lb
