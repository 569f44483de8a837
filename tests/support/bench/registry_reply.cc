// Signpost. Apache-2.0; see LICENSE.
#include "tests/support/bench/registry_reply.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace signpost::bench {
namespace {

constexpr size_t kMaxLine = 16 << 10;

uint64_t Number(std::string_view text, int base) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) Fail("not a number in a reply: " + std::string(text));
  return value;
}

// Whether `line` is the header `name` (lower case, with its colon); `value` is what follows.
bool IsHeader(std::string_view line, std::string_view name, std::string_view& value) {
  const auto same = [](char given, char wanted) {
    return (given >= 'A' && given <= 'Z' ? given + 32 : given) == wanted;
  };
  if (line.size() < name.size() || !std::equal(name.begin(), name.end(), line.begin(),
                                               [&](char wanted, char given) { return same(given, wanted); })) {
    return false;
  }
  value = line.substr(name.size());
  while (value.starts_with(' ')) value.remove_prefix(1);
  return true;
}

}  // namespace

void Fail(std::string_view sentence) {
  std::fprintf(stderr, "bench_registry_load: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  std::exit(1);
}

size_t ReplyReader::Feed(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && !done()) {
    const bool data = state_ == State::kBody || state_ == State::kChunk;
    taken += data ? TakeData(bytes.substr(taken)) : TakeLine(bytes.substr(taken));
  }
  return taken;
}

void ReplyReader::Reset() {
  state_ = State::kHead;
  gzip_ = chunked_ = false;
  status_ = 0;
  index_ = 0;
  left_ = body_bytes_ = 0;
  line_.clear();
  body_.clear();
}

size_t ReplyReader::TakeLine(std::string_view bytes) {
  const size_t end = bytes.find('\n');
  const size_t part = end == std::string_view::npos ? bytes.size() : end + 1;
  line_.append(bytes.substr(0, part));
  if (line_.size() > kMaxLine) Fail("an endless line in a reply");
  if (end == std::string_view::npos) return part;
  if (!line_.ends_with("\r\n")) Fail("a line without CR in a reply");
  OnLine(std::string_view(line_).substr(0, line_.size() - 2));
  line_.clear();
  return part;
}

size_t ReplyReader::TakeData(std::string_view bytes) {
  const size_t part = std::min(left_, bytes.size());
  if (keep_) body_.append(bytes.substr(0, part));
  body_bytes_ += part;
  left_ -= part;
  if (left_ == 0) state_ = state_ == State::kBody ? State::kDone : State::kChunkEnd;
  return part;
}

void ReplyReader::OnLine(std::string_view line) {
  switch (state_) {
    case State::kHead:
      line.empty() ? OnHeadEnd() : OnHeadLine(line);
      return;
    case State::kChunkSize:
      left_ = Number(line, 16);
      state_ = left_ == 0 ? State::kTrailer : State::kChunk;
      return;
    case State::kChunkEnd:
      if (!line.empty()) Fail("a chunk longer than it said");
      state_ = State::kChunkSize;
      return;
    default:  // kTrailer
      if (line.empty()) state_ = State::kDone;
  }
}

void ReplyReader::OnHeadLine(std::string_view line) {
  std::string_view value;
  if (status_ == 0) {
    if (!line.starts_with("HTTP/1.1 ") || line.size() < 12) Fail("no HTTP/1.1 reply: " + std::string(line));
    status_ = static_cast<int>(Number(line.substr(9, 3), 10));
  } else if (IsHeader(line, "content-length:", value)) {
    left_ = Number(value, 10);
  } else if (IsHeader(line, "transfer-encoding:", value)) {
    chunked_ = value == "chunked";
  } else if (IsHeader(line, "content-encoding:", value)) {
    gzip_ = value == "gzip";
  } else if (IsHeader(line, "x-consul-index:", value)) {
    index_ = Number(value, 10);
  } else if (IsHeader(line, "connection:", value) && value == "close") {
    Fail("the server closes the connection");
  }
}

void ReplyReader::OnHeadEnd() {
  if (status_ == 0) Fail("a reply without a status");
  if (chunked_) {
    state_ = State::kChunkSize;
  } else {
    state_ = left_ == 0 ? State::kDone : State::kBody;
  }
}

}  // namespace signpost::bench
