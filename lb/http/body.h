// Signpost. Apache-2.0; see LICENSE.
// Bodies as they stream by: taken out of their framing, and put into a new one. Pure; no copies of data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lb/http/head.h"

namespace signpost::lb {

// Decodes one body.
class BodyDecoder {
 public:
  enum class State : unsigned char {
    kMore,
    kDone,
    kBad,  // broken chunk framing or trailers: abort, never repair
  };

  BodyDecoder() = default;
  BodyDecoder(Framing framing, uint64_t content_length);

  // Reads on in `in`, appends views of the data in it to `data`, and returns how many bytes it took. Stops after the
  // body: the rest belongs to what follows. Takes everything in kMore.
  size_t Decode(std::string_view in, std::vector<std::string_view>& data);
  // The sender has closed. kUntilClose becomes kDone; anything else unfinished becomes kBad.
  void End();

  State state() const { return state_; }
  uint64_t decoded() const { return decoded_; }  // bytes of data so far
  // After kDone of a chunked body: the trailer section's lines, each with CR LF, fields that frame, route or
  // authenticate left out (case H80). At most 8 KiB, else kBad.
  const std::string& trailers() const { return trailers_; }

 private:
  enum class Expect : unsigned char { kSize, kExtension, kSizeEnd, kData, kDataCr, kDataLf, kTrailer };

  // Each takes the first byte, or a run of bytes, of `in`, which is not empty.
  size_t TakeData(std::string_view in, std::vector<std::string_view>& data);
  size_t TakeFraming(std::string_view in);
  size_t TakeExtension(std::string_view in);
  size_t TakeTrailer(std::string_view in);
  void TakeSize(char c);
  void EndSizeLine();
  void EndTrailerLine();
  void Bad() { state_ = State::kBad; }

  State state_ = State::kDone;
  Framing framing_ = Framing::kNone;
  Expect expect_ = Expect::kSize;
  unsigned char digits_ = 0;  // of the chunk's size so far
  uint64_t left_ = 0;         // bytes of the chunk or body to come; while its size is read, that so far
  uint64_t decoded_ = 0;
  size_t extensions_ = 0;     // bytes of chunk extensions in this message: at most 4 KiB (case H74)
  size_t trailer_bytes_ = 0;  // as received, the left out ones too
  std::string line_;          // an incomplete trailer line
  std::string trailers_;
};

// The bytes around data that goes out chunked: "SIZE CR LF" before and CR LF after.
class ChunkFrame {
 public:
  explicit ChunkFrame(uint64_t size);
  std::string_view head() const { return {text_.data(), size_}; }
  static constexpr std::string_view kTail = "\r\n";

 private:
  std::array<char, 18> text_{};  // 16 digits, CR LF
  size_t size_ = 0;
};

// "0 CR LF", the trailers, CR LF.
std::string LastChunk(std::string_view trailers);

}  // namespace signpost::lb
