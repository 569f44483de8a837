// Signpost. Apache-2.0; see LICENSE.
#include "common/dns/zone_lexer.h"

#include <algorithm>

namespace signpost::dns {
namespace {

// No record in a message is longer, and its text rarely is.
constexpr size_t kMaxEntry = 65535;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool EndsWord(char c) { return IsBlank(c) || c == '\n' || c == ';' || c == '(' || c == ')'; }

}  // namespace

Result<bool> ZoneLexer::Next(ZoneEntry& entry) {
  entry = {};
  while (!AtEnd() && entry.tokens.empty()) {
    entry = {.line = line_, .starts_blank = IsBlank(text_[at_])};
    if (Status status = ReadEntry(entry); !status.ok()) return status;
  }
  return !entry.tokens.empty();
}

// Up to the line end that no parenthesis is open at.
Status ZoneLexer::ReadEntry(ZoneEntry& entry) {
  size_t size = 0;  // of its words
  while (!AtEnd()) {
    const char c = text_[at_];
    if (c == '\n') {
      ++at_;
      ++line_;
      if (depth_ == 0) return {};
    } else if (IsBlank(c)) {
      ++at_;
    } else if (c == ';') {
      SkipComment();
    } else if (c == '(' || c == ')') {
      ++at_;
      depth_ += c == '(' ? 1 : -1;
      if (depth_ < 0) return Status::Config("a \")\" closes nothing; remove it, or put \"\\\" before it");
    } else {
      if (Status status = c == '"' ? ReadQuoted(entry) : ReadWord(entry); !status.ok()) return status;
      size += entry.tokens.back().text.size() + 1;
    }
    if (size > kMaxEntry) {
      line_ = entry.line;
      return Status::Config("the record is longer than 65535 characters; check its quotes and parentheses");
    }
  }
  if (depth_ == 0) return {};
  line_ = entry.line;
  return Status::Config("a \"(\" is not closed; add the \")\"");
}

Status ZoneLexer::ReadQuoted(ZoneEntry& entry) {
  const size_t start = ++at_;
  if (Status status = ToClosingQuote(); !status.ok()) return status;
  entry.tokens.push_back({text_.substr(start, at_ - 1 - start), true});
  return {};
}

// Quotes inside a word belong to it, as in alpn="h2,h3" (RFC 9460 2.1).
Status ZoneLexer::ReadWord(ZoneEntry& entry) {
  const size_t start = at_;
  while (!AtEnd() && !EndsWord(text_[at_])) {
    const char c = text_[at_++];
    Status status;
    if (c == '"') status = ToClosingQuote();
    if (c == '\\') status = SkipEscape();
    if (!status.ok()) return status;
  }
  entry.tokens.push_back({text_.substr(start, at_ - start), false});
  return {};
}

Status ZoneLexer::ToClosingQuote() {
  while (!AtEnd() && text_[at_] != '\n') {
    const char c = text_[at_++];
    if (c == '"') return {};
    if (c != '\\') continue;
    if (Status status = SkipEscape(); !status.ok()) return status;
  }
  return Status::Config("a quoted string is not closed in its line; add the quotation mark");
}

// Behind a backslash.
Status ZoneLexer::SkipEscape() {
  if (AtEnd() || text_[at_] == '\n' || text_[at_] == '\r') {
    return Status::Config("the line ends in \"\\\"; remove it, or write the character that it should escape");
  }
  ++at_;
  return {};
}

void ZoneLexer::SkipComment() { at_ = std::min(text_.find('\n', at_), text_.size()); }

}  // namespace signpost::dns
