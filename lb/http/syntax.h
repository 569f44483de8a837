// Signpost. Apache-2.0; see LICENSE.
// The grammar that requests, responses and trailers share (RFC 9110 5, RFC 9112 5). Pure; nothing allocates but the
// list of ConnectionWishes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "lb/http/head.h"

namespace signpost::lb {

// What a byte may be part of.
enum CharClass : unsigned char {
  kTokenChar = 1,
  kTargetChar = 2,     // printable ASCII but "#"
  kTargetLenient = 4,  // and everything from 0x80 on
  kHostChar = 8,       // RFC 3986 unreserved: what names of hosts are made of
  kDigitChar = 16,
};

extern const std::array<unsigned char, 256> kCharClass;

inline bool IsChar(char c, unsigned classes) { return (kCharClass[static_cast<unsigned char>(c)] & classes) != 0; }
bool IsToken(std::string_view text);  // at least one character

// The first byte at or after `p` that no field value may hold, or `end`: controls but TAB. Line ends are among them.
const char* SkipValue(const char* p, const char* end);

// Without SP and TAB at both ends.
std::string_view Trim(std::string_view text);

// Takes the next element of a comma-separated list, trimmed; empty ones are passed over. False at the end.
bool NextElement(std::string_view& list, std::string_view& element);

// Decimal digits only, at least one, below 2^63 (cases H60 to H63).
bool ParseLength(std::string_view text, uint64_t& length);

// What a Host field may hold: a name or an address with an optional port (cases H46, H49 to H52).
bool IsAuthority(std::string_view text);

struct FieldTraits {
  KnownField known = KnownField::kOther;
  bool kept = false;        // Connection cannot remove it (case H101)
  bool no_trailer = false;  // not allowed in trailers: frames, routes, authenticates (case H80)
};
FieldTraits TraitsOf(std::string_view name);

// What all Connection fields of a head say together.
struct ConnectionWishes {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;

  // Adds the fields that it names to `names`, as views, but close, keep-alive, TE, upgrade and what is kept. False when
  // the fields together have more than 32 elements, empty ones too: each is compared with every field of its head.
  bool Add(std::string_view value, std::vector<std::string_view>& names);

 private:
  uint32_t elements_ = 0;
};

bool ContainsName(const std::vector<std::string_view>& names, std::string_view name);

// What all Transfer-Encoding fields of a head say together.
class TransferCodings {
 public:
  void Add(std::string_view value);

  bool any() const { return any_; }
  // "chunked" alone; otherwise the message cannot be understood.
  bool chunked() const { return any_ && !broken_ && !unknown_; }
  // Not a list of codings, or one that cannot be: chunked not last or twice, identity. What is not broken is unknown.
  bool broken() const { return broken_; }

 private:
  bool any_ = false;
  bool broken_ = false;
  bool unknown_ = false;
  bool chunked_ = false;
};

}  // namespace signpost::lb
