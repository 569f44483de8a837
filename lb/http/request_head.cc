// Signpost. Apache-2.0; see LICENSE.
#include "lb/http/request_head.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "lb/http/syntax.h"

namespace signpost::lb {
namespace {

constexpr HeadVerdict kGood{};
constexpr HeadVerdict Bad(const char* reason) { return {400, reason}; }

class RequestParser {
 public:
  RequestParser(std::string_view head, const HeadLimits& limits, RequestHead& out)
      : p_(head.data()), end_(head.data() + head.size()), limits_(limits), out_(out) {}

  HeadVerdict Parse(bool allow_trace) {
    if (const HeadVerdict verdict = ParseLine(); !verdict.ok()) return verdict;
    if (out_.method == "CONNECT") return {501, "CONNECT"};
    if (out_.method == "TRACE" && !allow_trace) return {405, "TRACE"};
    if (const HeadVerdict verdict = ParseTarget(); !verdict.ok()) return verdict;
    for (;;) {
      if (p_ == end_) return Bad("no empty line");
      if (*p_ == '\r' || *p_ == '\n') break;
      if (const HeadVerdict verdict = ParseField(); !verdict.ok()) return verdict;
    }
    if (!TakeLineEnd() || p_ != end_) return Bad("bytes after the empty line");
    return Conclude();
  }

 private:
  bool TakeLineEnd() {
    if (end_ - p_ >= 2 && p_[0] == '\r' && p_[1] == '\n') {
      p_ += 2;
      return true;
    }
    if (!limits_.bare_lf || p_ == end_ || *p_ != '\n') return false;
    ++p_;
    return true;
  }

  // Characters of these classes, then one SP; empty when that is not there.
  std::string_view TakeWord(unsigned classes) {
    const char* const begin = p_;
    while (p_ < end_ && IsChar(*p_, classes)) ++p_;
    if (p_ == end_ || *p_ != ' ') return {};
    return {begin, static_cast<size_t>(p_++ - begin)};
  }

  HeadVerdict ParseLine() {
    out_.method = TakeWord(kTokenChar);
    if (out_.method.empty()) return Bad("method");
    out_.target = TakeWord(limits_.lenient_uri ? kTargetLenient : kTargetChar);
    if (out_.target.empty()) return Bad("target");
    if (out_.target.size() > limits_.max_target) return {414, "target too long"};
    constexpr std::string_view kProtocol = "HTTP/";
    constexpr ptrdiff_t kVersionSize = 8;
    if (end_ - p_ < kVersionSize || std::string_view(p_, kProtocol.size()) != kProtocol || !IsChar(p_[5], kDigitChar) ||
        p_[6] != '.' || !IsChar(p_[7], kDigitChar)) {
      return Bad("HTTP version");
    }
    const char major = p_[5];
    out_.http10 = p_[7] == '0';
    p_ += kVersionSize;
    if (!TakeLineEnd()) return Bad("end of the request line");
    if (major != '1') return {505, "version is not 1"};
    return kGood;
  }

  HeadVerdict ParseTarget() {
    std::string_view target = out_.target;
    if (target.front() == '/') {
      out_.form = TargetForm::kOrigin;
      out_.path = target;
      return kGood;
    }
    if (target == "*") {
      out_.form = TargetForm::kAsterisk;
      out_.path = target;
      return out_.method == "OPTIONS" ? kGood : Bad("target *");
    }
    constexpr std::string_view kHttp = "http://";
    constexpr std::string_view kHttps = "https://";
    if (SameName(target.substr(0, kHttps.size()), kHttps)) return {421, "https target"};
    if (!SameName(target.substr(0, kHttp.size()), kHttp)) return Bad("target");
    target.remove_prefix(kHttp.size());
    const size_t authority = std::min(target.find_first_of("/?"), target.size());
    out_.form = TargetForm::kAbsolute;
    out_.host = target.substr(0, authority);
    out_.path = target.substr(authority);
    if (out_.path.empty()) out_.path = out_.method == "OPTIONS" ? "*" : "/";  // RFC 9112 3.2.4
    return IsAuthority(out_.host) ? kGood : Bad("host of the target");
  }

  HeadVerdict ParseField() {
    const char* const name = p_;
    while (p_ < end_ && IsChar(*p_, kTokenChar)) ++p_;
    if (p_ == name || p_ == end_ || *p_ != ':') return Bad("field name");
    const std::string_view field_name(name, static_cast<size_t>(p_ - name));
    ++p_;
    while (p_ < end_ && (*p_ == ' ' || *p_ == '\t')) ++p_;
    const char* const value = p_;
    p_ = SkipValue(p_, end_);
    const char* value_end = p_;
    if (!TakeLineEnd()) return Bad("field value");
    while (value_end > value && (value_end[-1] == ' ' || value_end[-1] == '\t')) --value_end;
    if (out_.fields.size() >= limits_.max_fields) return {431, "too many fields"};
    const Field field{field_name, {value, static_cast<size_t>(value_end - value)}, TraitsOf(field_name).known};
    out_.fields.push_back(field);
    return field.known == KnownField::kOther ? kGood : Note(field);
  }

  HeadVerdict Note(const Field& field) {
    switch (field.known) {
      case KnownField::kHost:
        if (hosts_++ > 0) return Bad("two Host fields");
        if (!IsAuthority(field.value)) return Bad("Host");
        if (out_.form != TargetForm::kAbsolute) out_.host = field.value;
        return kGood;
      case KnownField::kContentLength:
        if (lengths_++ > 0) return Bad("two Content-Length fields");
        return ParseLength(field.value, out_.content_length) ? kGood : Bad("Content-Length");
      case KnownField::kTransferEncoding:
        codings_.Add(field.value);
        return kGood;
      case KnownField::kConnection:
        return connection_.Add(field.value, out_.connection_names) ? kGood : Bad("too much in Connection");
      case KnownField::kUpgrade:
        NoteUpgrade(field.value);
        return kGood;
      case KnownField::kTe:
        NoteTe(field.value);
        return kGood;
      case KnownField::kExpect:
        expects_ |= SameName(field.value, "100-continue");
        return kGood;
      default:
        return kGood;
    }
  }

  // Of protocols offered with h2c none is forwarded: the upstream must not be brought to HTTP/2 (case H99).
  void NoteUpgrade(std::string_view list) {
    std::string_view element;
    while (NextElement(list, element)) {
      upgrades_ = true;
      http2_ |= SameName(element, "h2c");
    }
  }

  void NoteTe(std::string_view list) {
    std::string_view element;
    while (NextElement(list, element)) out_.te_trailers |= SameName(element, "trailers");
  }

  HeadVerdict Conclude() {
    if (hosts_ == 0 && !out_.http10) return Bad("no Host");
    if (codings_.any()) {
      if (out_.http10) return Bad("Transfer-Encoding in HTTP/1.0");
      if (lengths_ > 0) return Bad("Content-Length and Transfer-Encoding");
      if (codings_.broken()) return Bad("Transfer-Encoding");
      if (!codings_.chunked()) return {501, "transfer coding"};
      out_.framing = Framing::kChunked;
    } else if (lengths_ > 0) {
      out_.framing = Framing::kLength;
    }
    out_.keep_alive = !connection_.close && (!out_.http10 || connection_.keep_alive);
    out_.upgrade = connection_.upgrade && upgrades_ && !http2_ && !out_.http10;
    const bool body = codings_.any() || out_.content_length > 0;
    out_.expect_continue = expects_ && body && !out_.http10;
    return kGood;
  }

  const char* p_;
  const char* end_;
  const HeadLimits& limits_;
  RequestHead& out_;
  ConnectionWishes connection_;
  TransferCodings codings_;
  int hosts_ = 0;
  int lengths_ = 0;
  bool upgrades_ = false;
  bool http2_ = false;
  bool expects_ = false;
};

void Clear(RequestHead& out) {
  Fields fields = std::move(out.fields);
  fields.clear();
  std::vector<std::string_view> names = std::move(out.connection_names);
  names.clear();
  out = RequestHead();
  out.fields = std::move(fields);
  out.connection_names = std::move(names);
}

}  // namespace

HeadVerdict ParseRequestHead(std::string_view head, const HeadLimits& limits, bool allow_trace, RequestHead& out) {
  Clear(out);
  return RequestParser(head, limits, out).Parse(allow_trace);
}

bool IsIdempotent(std::string_view method) {
  constexpr std::array<std::string_view, 6> kMethods = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
  return std::ranges::find(kMethods, method) != kMethods.end();
}

}  // namespace signpost::lb
