// Signpost. Apache-2.0; see LICENSE.
#include "common/http/request_parser.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/http/text.h"
#include "common/http/url.h"

namespace signpost::http {
namespace {

// A chunk size with its extensions, which nobody uses.
constexpr size_t kMaxChunkLine = 256;

// RFC 9110 5.6.2.
bool IsTokenChar(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar); }

// What a field value may hold (RFC 9110 5.5): no control characters but the tab.
bool IsFieldText(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

bool IsHost(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsTokenChar(c) || c == ':' || c == '[' || c == ']' || c == '(' || c == ')' || c == ';' || c == '=';
  });
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

size_t RequestParser::Feed(std::string_view bytes) {
  size_t used = 0;
  while (used < bytes.size() && state_ != State::kComplete && state_ != State::kFailed) {
    const std::string_view rest = bytes.substr(used);
    used += body_left_ > 0 ? TakeBody(rest) : TakeLine(rest);
  }
  return used;
}

ServerRequest RequestParser::Take() {
  ServerRequest request = std::move(request_);
  *this = RequestParser(limits_);
  return request;
}

void RequestParser::Fail(int status, const char* text) {
  state_ = State::kFailed;
  keep_alive_ = false;
  error_ = status;
  error_text_ = text;
}

size_t RequestParser::TakeLine(std::string_view bytes) {
  const size_t newline = bytes.find('\n');
  const size_t size = newline == std::string_view::npos ? bytes.size() : newline + 1;
  const bool chunk_line = expect_ == Expect::kChunkSize || expect_ == Expect::kChunkEnd;
  head_size_ += size;
  if (chunk_line ? line_.size() + size > kMaxChunkLine : head_size_ > limits_.max_head) {
    chunk_line ? Fail(400, "bad chunk") : Fail(431, "request head too large");
    return size;
  }
  if (newline == std::string_view::npos) {
    line_.append(bytes);
    started_ = started_ || line_ != "\r";
    return size;
  }
  std::string_view line = bytes.substr(0, newline);
  const std::string whole = line_.empty() ? std::string() : std::exchange(line_, {}) + std::string(line);
  if (!whole.empty()) line = whole;
  if (line.empty() || line.back() != '\r') {
    Fail(400, "line does not end with CR LF");
    return size;
  }
  line.remove_suffix(1);
  IsFieldText(line) ? OnLine(line) : Fail(400, "control character in the request");
  return size;
}

void RequestParser::OnLine(std::string_view line) {
  switch (expect_) {
    case Expect::kRequestLine:
      OnRequestLine(line);
      return;
    case Expect::kField:
      line.empty() ? OnHeadEnd() : OnField(line, false);
      return;
    case Expect::kChunkSize:
      OnChunkSize(line);
      return;
    case Expect::kChunkEnd:
      line.empty() ? static_cast<void>(expect_ = Expect::kChunkSize) : Fail(400, "bad chunk");
      return;
    case Expect::kTrailer:
      line.empty() ? static_cast<void>(state_ = State::kComplete) : OnField(line, true);
      return;
  }
}

void RequestParser::OnRequestLine(std::string_view line) {
  if (line.empty() && !skipped_blank_) {  // RFC 9112 2.2
    skipped_blank_ = true;
    return;
  }
  started_ = true;
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Fail(400, "bad request line");
  const std::string_view version = line.substr(last + 1);
  const bool is_version = version.size() == 8 && version.starts_with("HTTP/") && IsDigit(version[5]) &&
                          version[6] == '.' && IsDigit(version[7]);
  if (!is_version) return Fail(400, "bad request line");
  if (version[5] != '1') return Fail(505, "HTTP version not supported");
  http10_ = version[7] == '0';
  keep_alive_ = !http10_;
  if (!IsToken(line.substr(0, first))) return Fail(400, "bad method");
  request_.method = line.substr(0, first);
  expect_ = Expect::kField;
  OnTarget(line.substr(first + 1, last - first - 1));
}

// RFC 9112 3.2: origin-form, absolute-form, or "*" of OPTIONS.
void RequestParser::OnTarget(std::string_view target) {
  const bool printable = std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!printable || target.find('#') != std::string_view::npos) return Fail(400, "bad request target");
  const std::string scheme = Lower(target.substr(0, 8));
  if (scheme.starts_with("http://") || scheme == "https://") {
    const size_t authority = target.find("://") + 3;
    const size_t path = target.find_first_of("/?", authority);
    if (path == authority || authority == target.size()) return Fail(400, "bad request target");
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  const size_t mark = target.find('?');
  if (mark != std::string_view::npos) request_.query = target.substr(mark + 1);
  std::string_view path = target.substr(0, mark);
  if (path.empty() && mark == 0) path = "/";  // http://host?query
  const bool asterisk = path == "*" && request_.method == "OPTIONS";
  if (!asterisk && !path.starts_with('/')) return Fail(400, "bad request target");
  auto decoded = PercentDecode(path);
  if (!decoded || decoded->find('\0') != std::string::npos || !PercentDecode(request_.query)) {
    return Fail(400, "bad escape in the request target");
  }
  request_.path = std::move(*decoded);
  request_.raw_path = path;
}

void RequestParser::OnField(std::string_view line, bool trailer) {
  const size_t colon = line.find(':');
  // A folded line starts with a space, so it is no token; nor is a name with space before its colon.
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) return Fail(400, "bad header");
  if (trailer) return;  // checked and dropped (RFC 9110 6.5.1)
  if (request_.headers.size() == limits_.max_headers) return Fail(431, "too many headers");
  const auto& [name, value] = request_.headers.emplace_back(Lower(line.substr(0, colon)), Trim(line.substr(colon + 1)));
  OnKnownField(name, value);
}

void RequestParser::OnKnownField(std::string_view name, std::string_view value) {
  if (name == "content-length") return OnContentLength(value);
  if (name == "transfer-encoding") return OnTransferEncoding(value);
  if (name == "connection") return OnConnection(value);
  if (name == "host") {
    if (has_host_ || !IsHost(value)) return Fail(400, "bad Host");
    has_host_ = true;
  } else if (name == "expect" && !http10_) {
    if (Lower(value) != "100-continue") return Fail(417, "unknown expectation");
    wants_continue_ = true;
  }
}

void RequestParser::OnContentLength(std::string_view value) {
  if (has_length_) return Fail(400, "two lengths");
  has_length_ = true;
  if (value.empty() || !std::all_of(value.begin(), value.end(), IsDigit)) return Fail(400, "bad Content-Length");
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), content_length_);
  if (error != std::errc() || content_length_ > limits_.max_body) return Fail(413, "body too large");
}

void RequestParser::OnTransferEncoding(std::string_view value) {
  if (chunked_ || http10_) return Fail(400, "bad Transfer-Encoding");
  if (Lower(value) != "chunked") return Fail(501, "unknown Transfer-Encoding");
  chunked_ = true;
}

void RequestParser::OnConnection(std::string_view value) {
  while (!value.empty()) {
    const size_t comma = value.find(',');
    if (Lower(Trim(value.substr(0, comma))) == "close") keep_alive_ = false;
    value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
  }
}

void RequestParser::OnHeadEnd() {
  if (!has_host_ && !http10_) return Fail(400, "no Host");
  if (has_length_ && chunked_) return Fail(400, "two lengths");
  state_ = State::kBody;
  head_size_ = 0;
  if (chunked_) {
    expect_ = Expect::kChunkSize;
    return;
  }
  body_left_ = content_length_;
  request_.body.reserve(std::min<uint64_t>(body_left_, 64 << 10));
  if (body_left_ == 0) {
    wants_continue_ = false;
    state_ = State::kComplete;
  }
}

void RequestParser::OnChunkSize(std::string_view line) {
  uint64_t size = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  const bool whole = end == line.data() + line.size() || *end == ';';
  if (end == line.data() || !whole) return Fail(400, "bad chunk");
  if (error != std::errc() || size > limits_.max_body - request_.body.size()) return Fail(413, "body too large");
  head_size_ = 0;
  body_left_ = size;
  expect_ = size == 0 ? Expect::kTrailer : Expect::kChunkEnd;
}

size_t RequestParser::TakeBody(std::string_view bytes) {
  const size_t size = std::min<uint64_t>(body_left_, bytes.size());
  request_.body.append(bytes.substr(0, size));
  body_left_ -= size;
  if (body_left_ == 0 && !chunked_) state_ = State::kComplete;
  return size;
}

}  // namespace signpost::http
