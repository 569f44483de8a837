// Signpost. Apache-2.0; see LICENSE.
#include "lb/http/body.h"

#include <algorithm>
#include <charconv>

#include "lb/http/syntax.h"

namespace signpost::lb {
namespace {

constexpr size_t kMaxDigits = 16;
constexpr size_t kMaxExtensions = 4 << 10;
constexpr size_t kMaxTrailers = 8 << 10;
constexpr uint64_t kMaxChunk = (uint64_t{1} << 63) - 1;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The name of "name: value", or nothing when it is no field line.
std::string_view FieldName(std::string_view line) {
  const std::string_view name = line.substr(0, line.find(':'));
  if (name.size() == line.size() || !IsToken(name)) return {};
  const char* const end = line.data() + line.size();
  return SkipValue(line.data() + name.size(), end) == end ? name : std::string_view();
}

}  // namespace

BodyDecoder::BodyDecoder(Framing framing, uint64_t content_length) : framing_(framing) {
  switch (framing) {
    case Framing::kNone:
      break;
    case Framing::kLength:
      left_ = content_length;
      if (left_ > 0) state_ = State::kMore;
      break;
    case Framing::kChunked:
    case Framing::kUntilClose:
      state_ = State::kMore;
      break;
  }
}

size_t BodyDecoder::Decode(std::string_view in, std::vector<std::string_view>& data) {
  if (framing_ == Framing::kUntilClose) {
    if (state_ != State::kMore || in.empty()) return 0;
    data.push_back(in);
    decoded_ += in.size();
    return in.size();
  }
  size_t taken = 0;
  while (state_ == State::kMore && taken < in.size()) {
    const std::string_view rest = in.substr(taken);
    const bool in_data = framing_ == Framing::kLength || expect_ == Expect::kData;
    taken += in_data ? TakeData(rest, data) : TakeFraming(rest);
  }
  return taken;
}

void BodyDecoder::End() {
  if (state_ == State::kMore) state_ = framing_ == Framing::kUntilClose ? State::kDone : State::kBad;
}

size_t BodyDecoder::TakeData(std::string_view in, std::vector<std::string_view>& data) {
  const auto size = static_cast<size_t>(std::min<uint64_t>(left_, in.size()));
  data.push_back(in.substr(0, size));
  left_ -= size;
  decoded_ += size;
  if (left_ == 0) {
    if (framing_ == Framing::kLength) state_ = State::kDone;
    expect_ = Expect::kDataCr;
  }
  return size;
}

size_t BodyDecoder::TakeFraming(std::string_view in) {
  const char c = in.front();
  switch (expect_) {
    case Expect::kSize:
      TakeSize(c);
      return 1;
    case Expect::kExtension:
      return TakeExtension(in);
    case Expect::kSizeEnd:
      c == '\n' ? EndSizeLine() : Bad();
      return 1;
    case Expect::kDataCr:
      c == '\r' ? void(expect_ = Expect::kDataLf) : Bad();
      return 1;
    case Expect::kDataLf:
      c == '\n' ? void(expect_ = Expect::kSize) : Bad();
      return 1;
    case Expect::kTrailer:
      return TakeTrailer(in);
    case Expect::kData:
      break;
  }
  return 0;
}

// Digits, then ";" or CR: no white space (cases H77, H78).
void BodyDecoder::TakeSize(char c) {
  const int digit = HexDigit(c);
  if (digit >= 0) {
    if (digits_ == 0) left_ = 0;
    left_ = left_ << 4 | static_cast<uint64_t>(digit);
    if (++digits_ > kMaxDigits || left_ > kMaxChunk) Bad();
  } else if (digits_ > 0 && c == '\r') {
    expect_ = Expect::kSizeEnd;
  } else if (digits_ > 0 && c == ';') {
    expect_ = Expect::kExtension;
  } else {
    Bad();
  }
}

size_t BodyDecoder::TakeExtension(std::string_view in) {
  const char* const end = SkipValue(in.data(), in.data() + in.size());
  const auto size = static_cast<size_t>(end - in.data());
  extensions_ += size;
  if (extensions_ > kMaxExtensions) Bad();
  if (size == in.size()) return size;
  in[size] == '\r' ? void(expect_ = Expect::kSizeEnd) : Bad();
  return size + 1;
}

void BodyDecoder::EndSizeLine() {
  digits_ = 0;
  expect_ = left_ > 0 ? Expect::kData : Expect::kTrailer;
}

size_t BodyDecoder::TakeTrailer(std::string_view in) {
  const size_t end = in.find('\n');
  const size_t size = end == std::string_view::npos ? in.size() : end + 1;
  trailer_bytes_ += size;
  if (trailer_bytes_ > kMaxTrailers) {
    Bad();
  } else {
    line_ += in.substr(0, size);
    if (end != std::string_view::npos) EndTrailerLine();
  }
  return size;
}

void BodyDecoder::EndTrailerLine() {
  std::string_view line = line_;
  if (!line.ends_with("\r\n")) return Bad();
  line.remove_suffix(2);
  if (line.empty()) {
    state_ = State::kDone;
  } else if (const std::string_view name = FieldName(line); name.empty()) {
    Bad();
  } else if (!TraitsOf(name).no_trailer) {
    trailers_ += line_;
  }
  line_.clear();
}

ChunkFrame::ChunkFrame(uint64_t size) {
  char* const end = std::to_chars(text_.data(), text_.data() + text_.size() - 2, size, 16).ptr;
  end[0] = '\r';
  end[1] = '\n';
  size_ = static_cast<size_t>(end - text_.data()) + 2;
}

std::string LastChunk(std::string_view trailers) {
  std::string text = "0\r\n";
  text += trailers;
  text += "\r\n";
  return text;
}

}  // namespace signpost::lb
