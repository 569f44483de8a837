// Signpost. Apache-2.0; see LICENSE.
#include "lb/http/response_head.h"

#include <utility>

#include "lb/http/syntax.h"

namespace signpost::lb {
namespace {

// Takes the next line without its end. False when there is none.
bool NextLine(std::string_view& rest, std::string_view& line) {
  const size_t end = rest.find('\n');
  if (end == std::string_view::npos) return false;
  line = rest.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  rest.remove_prefix(end + 1);
  return true;
}

bool IsValue(std::string_view text) {
  const char* const end = text.data() + text.size();
  return SkipValue(text.data(), end) == end;
}

bool HasNoBody(int status) { return status < 200 || status == 204 || status == 304; }

class ResponseParser {
 public:
  ResponseParser(std::string_view head, const HeadLimits& limits, ResponseHead& out, std::string& scratch)
      : head_size_(head.size()), rest_(head), limits_(limits), out_(out), scratch_(scratch) {}

  bool Parse(bool head_request) {
    std::string_view line;
    if (!NextLine(rest_, line) || !ParseStatusLine(line)) return false;
    for (;;) {
      if (!NextLine(rest_, line)) return false;
      if (line.empty()) break;
      const bool folded = line.front() == ' ' || line.front() == '\t';
      if (!(folded ? Fold(line) : ParseField(line))) return false;
    }
    if (!rest_.empty()) return false;
    for (const Field& field : out_.fields) {
      if (field.known != KnownField::kOther && !Note(field)) return false;
    }
    return Conclude(head_request);
  }

 private:
  // "HTTP/1.1 200 OK"; the last space may be missing with the reason. Any version above 1.0 is read as 1.1 (case H133).
  bool ParseStatusLine(std::string_view line) {
    constexpr size_t kShortest = 12;
    if (line.size() < kShortest || !line.starts_with("HTTP/") || !IsChar(line[5], kDigitChar) || line[6] != '.' ||
        !IsChar(line[7], kDigitChar) || line[8] != ' ') {
      return false;
    }
    for (size_t i = 9; i < kShortest; ++i) {
      if (!IsChar(line[i], kDigitChar)) return false;
      out_.status = out_.status * 10 + (line[i] - '0');
    }
    if (line.size() > kShortest && line[kShortest] != ' ') return false;
    if (line.size() > kShortest) out_.reason = Trim(line.substr(kShortest + 1));
    out_.http10 = line[5] == '0' || (line[5] == '1' && line[7] == '0');
    return out_.status >= 100 && IsValue(out_.reason);
  }

  bool ParseField(std::string_view line) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || out_.fields.size() >= limits_.max_fields) return false;
    const std::string_view name = Trim(line.substr(0, colon));  // case H122
    const std::string_view value = Trim(line.substr(colon + 1));
    if (!IsToken(name) || !IsValue(value)) return false;
    out_.fields.push_back({name, value, TraitsOf(name).known});
    return true;
  }

  // A line that goes on with the field before it: joined with one space (RFC 9112 5.2, case H120).
  bool Fold(std::string_view line) {
    line = Trim(line);
    if (out_.fields.empty() || !IsValue(line)) return false;
    if (line.empty()) return true;
    std::string_view& value = out_.fields.back().value;
    if (value.empty()) {
      value = line;
      return true;
    }
    scratch_.reserve(head_size_);  // joined values are no longer than what they are made of: nothing moves
    if (scratch_.empty() || value.data() + value.size() != scratch_.data() + scratch_.size()) {
      const size_t begin = scratch_.size();
      scratch_.append(value);
      value = {scratch_.data() + begin, value.size()};
    }
    scratch_ += ' ';
    scratch_ += line;
    value = {value.data(), value.size() + 1 + line.size()};
    return true;
  }

  bool Note(const Field& field) {
    if (field.known == KnownField::kContentLength) return NoteLength(field.value);
    if (field.known == KnownField::kTransferEncoding) codings_.Add(field.value);
    if (field.known == KnownField::kConnection) return connection_.Add(field.value, out_.connection_names);
    return true;
  }

  // Several are good when they agree (cases H113 to H115).
  bool NoteLength(std::string_view list) {
    std::string_view element;
    bool any = false;
    while (NextElement(list, element)) {
      uint64_t length = 0;
      if (!ParseLength(element, length) || (has_length_ && length != out_.content_length)) return false;
      out_.content_length = length;
      has_length_ = any = true;
    }
    return any;
  }

  bool Conclude(bool head_request) {
    out_.upgrade = out_.status == 101;
    out_.reusable = !connection_.close && (!out_.http10 || connection_.keep_alive) && !out_.upgrade;
    if (out_.status < 200 || out_.status == 204) {  // cases H116, H136
      if (codings_.any() || out_.content_length > 0) out_.reusable = false;
      out_.content_length = 0;
      return true;
    }
    if (codings_.any() && !codings_.chunked()) return false;
    // A sender that is wrong about the framing may be wrong about its end (cases H112, H127).
    if (codings_.any() && (has_length_ || out_.http10)) out_.reusable = false;
    out_.has_content_length = has_length_ && !codings_.any();
    if (!out_.has_content_length) out_.content_length = 0;
    if (head_request || HasNoBody(out_.status)) return true;
    if (codings_.any()) {
      out_.framing = Framing::kChunked;
    } else if (has_length_) {
      out_.framing = Framing::kLength;
    } else {
      out_.framing = Framing::kUntilClose;
      out_.reusable = false;
    }
    return true;
  }

  size_t head_size_;
  std::string_view rest_;
  const HeadLimits& limits_;
  ResponseHead& out_;
  std::string& scratch_;
  ConnectionWishes connection_;
  TransferCodings codings_;
  bool has_length_ = false;
};

}  // namespace

ResponseVerdict ParseResponseHead(std::string_view head, const HeadLimits& limits, bool head_request, ResponseHead& out,
                                  std::string& scratch) {
  Fields fields = std::move(out.fields);
  fields.clear();
  std::vector<std::string_view> names = std::move(out.connection_names);
  names.clear();
  out = ResponseHead();
  out.fields = std::move(fields);
  out.connection_names = std::move(names);
  scratch.clear();
  const bool good = ResponseParser(head, limits, out, scratch).Parse(head_request);
  return good ? ResponseVerdict::kGood : ResponseVerdict::kMalformed;
}

}  // namespace signpost::lb
