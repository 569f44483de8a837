// Signpost. Apache-2.0; see LICENSE.
// Reads messages as a session would: scanner, parser, body; in pieces of any size.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lb/http/body.h"
#include "lb/http/forward.h"
#include "tests/unit/lb/http/http_cases.h"

namespace signpost::lb::test {

// What was read of one message. The head's views point into `bytes`.
struct Message {
  std::string bytes;
  int status = 0;  // why it was refused; 0 = good
  bool scanned = false;
  bool bad_body = false;
  std::string reason;
  size_t head_size = 0;
  std::string body;
  std::string trailers;
  std::string rest;
};

struct RequestMessage : Message {
  RequestHead head;
};
struct ResponseMessage : Message {
  ResponseHead head;
  std::string scratch;
};

inline HeadLimits LimitsOf(const HttpCase& http_case) {
  HeadLimits limits;
  limits.bare_lf = http_case.Has("bare_lf");
  limits.lenient_uri = http_case.Has("lenient_uri");
  return limits;
}

// Shows the scanner message.bytes in pieces until it knows.
inline void ScanHead(Message& message, const HeadLimits& limits, bool request, size_t piece) {
  HeadScanner scanner;
  for (size_t size = 0; size < message.bytes.size();) {
    size = std::min(size + piece, message.bytes.size());
    const auto verdict = scanner.Scan(std::string_view(message.bytes).substr(0, size), limits, request);
    if (verdict.kind == HeadScanner::Kind::kMore) continue;
    message.status = verdict.status;
    message.reason = verdict.reason;
    message.head_size = verdict.size;
    message.scanned = true;
    return;
  }
}

inline std::string FramingText(Framing framing, uint64_t length) {
  switch (framing) {
    case Framing::kNone:
      return "none";
    case Framing::kLength:
      return "length " + std::to_string(length);
    case Framing::kChunked:
      return "chunked";
    case Framing::kUntilClose:
      return "until-close";
  }
  return "";
}

// What follows the head, in pieces.
inline void ReadBody(Message& message, Framing framing, uint64_t length, size_t piece, bool fin) {
  BodyDecoder decoder(framing, length);
  std::vector<std::string_view> data;
  std::string_view left = std::string_view(message.bytes).substr(message.head_size);
  while (decoder.state() == BodyDecoder::State::kMore && !left.empty()) {
    const std::string_view part = left.substr(0, piece);
    const size_t taken = decoder.Decode(part, data);
    left.remove_prefix(taken);
    if (taken < part.size()) break;
  }
  if (fin) decoder.End();
  for (const std::string_view view : data) message.body += view;
  message.bad_body = decoder.state() == BodyDecoder::State::kBad;
  message.trailers = decoder.trailers();
  if (decoder.state() == BodyDecoder::State::kDone) message.rest = left;
}

// On the heap, since the head's views must stay where they are.
inline std::unique_ptr<RequestMessage> ReadRequest(const HttpCase& http_case, size_t piece) {
  auto message = std::make_unique<RequestMessage>();
  int empty_lines = 2;
  message->bytes = http_case.bytes.substr(SkipEmptyLines(http_case.bytes, &empty_lines));
  const HeadLimits limits = LimitsOf(http_case);
  ScanHead(*message, limits, true, piece);
  if (!message->scanned || message->status != 0) return message;
  const HeadVerdict verdict = ParseRequestHead(std::string_view(message->bytes).substr(0, message->head_size), limits,
                                               http_case.Has("allow_trace"), message->head);
  message->status = verdict.status;
  message->reason = verdict.reason;
  if (verdict.ok()) ReadBody(*message, message->head.framing, message->head.content_length, piece, http_case.fin);
  return message;
}

inline std::unique_ptr<ResponseMessage> ReadResponse(const HttpCase& http_case, size_t piece) {
  auto message = std::make_unique<ResponseMessage>();
  message->bytes = http_case.bytes;
  ScanHead(*message, {}, false, piece);
  if (!message->scanned || message->status != 0) return message;
  const auto verdict = ParseResponseHead(std::string_view(message->bytes).substr(0, message->head_size), {},
                                         http_case.Has("head"), message->head, message->scratch);
  if (verdict == ResponseVerdict::kMalformed) {
    message->status = 502;
    return message;
  }
  ReadBody(*message, message->head.framing, message->head.content_length, piece, http_case.fin);
  return message;
}

}  // namespace signpost::lb::test
