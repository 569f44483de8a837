// Signpost. Apache-2.0; see LICENSE.
// For this folder only: the text of a master file cut into entries (RFC 1035 5.1). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace signpost::dns {

struct ZoneToken {
  std::string_view text;  // escapes as written, quotes around it taken off
  bool quoted = false;
};

// A record or directive: one line, or several held together by parentheses.
struct ZoneEntry {
  uint32_t line = 0;          // where it begins
  bool starts_blank = false;  // no owner is written
  std::vector<ZoneToken> tokens;
};

class ZoneLexer {
 public:
  // `text` must outlive the tokens.
  explicit ZoneLexer(std::string_view text) : text_(text) {}

  // The next entry that is not empty; false at the end. A failure is about line().
  Result<bool> Next(ZoneEntry& entry);
  uint32_t line() const { return line_; }

 private:
  Status ReadEntry(ZoneEntry& entry);
  Status ReadQuoted(ZoneEntry& entry);
  Status ReadWord(ZoneEntry& entry);
  Status ToClosingQuote();
  Status SkipEscape();
  void SkipComment();
  bool AtEnd() const { return at_ == text_.size(); }

  std::string_view text_;
  size_t at_ = 0;
  uint32_t line_ = 1;
  int depth_ = 0;  // of parentheses
};

}  // namespace signpost::dns
