// Signpost. Apache-2.0; see LICENSE.
// Strict, incremental parser of HTTP/1.1 requests (RFC 9112). Pure: bytes in, one request or one status code out.
// Where the RFC lets a server be lenient and servers differ, it refuses, since differing readings of one byte
// stream are how requests get smuggled: bare LF, folded lines, space before a colon, two lengths, odd chunks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/http/server.h"

namespace signpost::http {

struct RequestLimits {
  size_t max_head = 16 << 10;  // request line and headers; trailers again; 431 above
  size_t max_body = 1 << 20;   // 413 above
  size_t max_headers = 100;    // 431 above
};

class RequestParser {
 public:
  enum class State : unsigned char { kHead, kBody, kComplete, kFailed };

  explicit RequestParser(RequestLimits limits) : limits_(limits) {}

  // Reads on, up to the end of the request, and returns how many bytes it took. The rest belongs to the
  // next request. In kComplete and kFailed it takes none.
  size_t Feed(std::string_view bytes);

  State state() const { return state_; }
  // Whether any byte of the request has come.
  bool started() const { return started_; }
  // After the head: the client waits for "100 Continue" before it sends the body (RFC 9110 10.1.1).
  bool wants_continue() const { return wants_continue_; }
  // Whether the connection may serve another request after this one.
  bool keep_alive() const { return keep_alive_; }

  // In kComplete: the request (without peer). The parser then starts afresh.
  ServerRequest Take();

  // In kFailed: the status to answer with, and why.
  int error() const { return error_; }
  const char* error_text() const { return error_text_; }

 private:
  // What the next line is.
  enum class Expect : unsigned char { kRequestLine, kField, kChunkSize, kChunkEnd, kTrailer };

  size_t TakeLine(std::string_view bytes);
  size_t TakeBody(std::string_view bytes);
  void OnLine(std::string_view line);
  void OnRequestLine(std::string_view line);
  void OnTarget(std::string_view target);
  void OnField(std::string_view line, bool trailer);
  void OnKnownField(std::string_view name, std::string_view value);
  void OnContentLength(std::string_view value);
  void OnTransferEncoding(std::string_view value);
  void OnConnection(std::string_view value);
  void OnHeadEnd();
  void OnChunkSize(std::string_view line);
  void Fail(int status, const char* text);

  RequestLimits limits_;
  State state_ = State::kHead;
  Expect expect_ = Expect::kRequestLine;
  bool chunked_ = false;
  bool started_ = false;
  bool skipped_blank_ = false;
  bool http10_ = false;
  bool keep_alive_ = true;
  bool wants_continue_ = false;
  bool has_host_ = false;
  bool has_length_ = false;
  std::string line_;      // an incomplete line
  size_t head_size_ = 0;  // bytes of the lines of the head, or of the trailers, so far
  uint64_t content_length_ = 0;
  uint64_t body_left_ = 0;  // of the body, or of the chunk
  ServerRequest request_;
  int error_ = 0;
  const char* error_text_ = "";
};

}  // namespace signpost::http
