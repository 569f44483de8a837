// Signpost. Apache-2.0; see LICENSE.
// Reads HTTP/1.1 replies as Consul and dnsd write them: by length or in chunks, on a kept connection. Counts what it
// does not keep, so that the generator costs less than the server that it measures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace signpost::bench {

class ReplyReader {
 public:
  // Takes bytes up to the end of the reply and returns how many. Ends the program with a sentence when they are no
  // reply.
  size_t Feed(std::string_view bytes);

  bool done() const { return state_ == State::kDone; }
  // When done, until Reset:
  int status() const { return status_; }
  bool gzip() const { return gzip_; }
  size_t body_bytes() const { return body_bytes_; }
  uint64_t index() const { return index_; }  // X-Consul-Index; 0 = none
  // The body as sent (perhaps compressed) if Keep(true), else empty.
  const std::string& body() const { return body_; }

  // The next reply.
  void Reset();
  void Keep(bool keep) { keep_ = keep; }

 private:
  enum class State : unsigned char { kHead, kBody, kChunkSize, kChunk, kChunkEnd, kTrailer, kDone };

  size_t TakeLine(std::string_view bytes);
  size_t TakeData(std::string_view bytes);
  void OnLine(std::string_view line);
  void OnHeadLine(std::string_view line);
  void OnHeadEnd();

  State state_ = State::kHead;
  bool keep_ = false;
  bool gzip_ = false;
  bool chunked_ = false;
  int status_ = 0;
  uint64_t index_ = 0;
  size_t left_ = 0;  // of the body or of this chunk
  size_t body_bytes_ = 0;
  std::string line_;
  std::string body_;
};

// One sentence on stderr, then exit 1.
[[noreturn]] void Fail(std::string_view sentence);

}  // namespace signpost::bench
