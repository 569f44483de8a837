// Signpost. Apache-2.0; see LICENSE.
// Any bytes as what a client of lb sends. However they are cut into pieces, the same requests and bodies come out; and
// a head that is accepted is read as the same request when lb has written it: no upstream sees another one. Input: one
// byte, the size of the pieces; one byte of options; then the bytes.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lb/http/body.h"
#include "lb/http/forward.h"
#include "tests/fuzz/check.h"

namespace signpost::fuzz {
namespace {

using lb::BodyDecoder;
using lb::Framing;
using lb::HeadScanner;
using lb::RequestHead;

struct Options {
  lb::HeadLimits limits{.max_head = 2048, .max_fields = 20, .max_target = 200};
  bool trusted = false;
  bool forwarded = false;
};

Options OptionsFrom(uint8_t bits) {
  Options options;
  options.limits.bare_lf = (bits & 1) != 0;
  options.limits.lenient_uri = (bits & 2) != 0;
  options.trusted = (bits & 4) != 0;
  options.forwarded = (bits & 8) != 0;
  return options;
}

std::string Summary(const RequestHead& head) {
  return std::string(head.method) + " " + std::string(head.host) + " " +
         std::to_string(static_cast<int>(head.framing)) + " " + std::to_string(head.content_length) +
         (head.expect_continue ? " expects" : "") + (head.te_trailers ? " trailers" : "") +
         (head.upgrade ? " upgrades" : "");
}

std::string Written(const RequestHead& head, const Options& options) {
  lb::RequestForwarding forwarding;
  forwarding.client = "2001:db8::7";
  forwarding.trusted = options.trusted;
  forwarding.forwarded = options.forwarded;
  forwarding.via = "signpost";
  forwarding.request_id = "id-1";
  forwarding.upgrade = head.upgrade;
  std::string out;
  lb::WriteRequestHead(head, forwarding, out);
  return out;
}

// The upstream's view: strict about everything that it may be strict about.
void CheckForwarded(const RequestHead& head, const Options& options) {
  const std::string bytes = Written(head, options);
  const lb::HeadLimits limits{.max_head = 1 << 16, .max_fields = 100, .max_target = 1 << 12, .lenient_uri = true};
  HeadScanner scanner;
  const auto verdict = scanner.Scan(bytes, limits, true);
  Demand(verdict.kind == HeadScanner::Kind::kEnd && verdict.size == bytes.size(),
         "a written head is one head: " + bytes);
  RequestHead again;
  const bool good = lb::ParseRequestHead(bytes, limits, true, again).ok();
  if (head.host.empty()) return;  // HTTP/1.0 without Host: written with an empty one
  Demand(good, "a written head is good: " + bytes);
  Demand(Summary(head) == Summary(again), "a written head says the same: " + bytes);
  Demand(again.path == head.path || again.path == "/" + std::string(head.path), "and asks for the same path: " + bytes);
}

// Reads a body at the beginning of `bytes`; what is left of them, or nothing when more is wanted.
std::string_view TakeBody(const RequestHead& head, std::string_view bytes, size_t piece, std::string& out) {
  BodyDecoder decoder(head.framing, head.content_length);
  std::vector<std::string_view> data;
  while (decoder.state() == BodyDecoder::State::kMore && !bytes.empty()) {
    const std::string_view part = bytes.substr(0, piece);
    const size_t taken = decoder.Decode(part, data);
    Demand(taken <= part.size(), "no more is taken than there is");
    Demand(taken == part.size() || decoder.state() != BodyDecoder::State::kMore, "an unfinished body takes everything");
    bytes.remove_prefix(taken);
  }
  uint64_t size = 0;
  for (const std::string_view view : data) {
    size += view.size();
    out += view;
  }
  Demand(size == decoder.decoded(), "the size is that of the data");
  Demand(decoder.trailers().size() <= 8192, "trailers are bounded");
  if (decoder.state() == BodyDecoder::State::kDone) {
    out += " done " + decoder.trailers() + "\n";
    return bytes;
  }
  out += decoder.state() == BodyDecoder::State::kBad ? " bad\n" : " more\n";
  return {};
}

// All requests as one text. Which of several faults is named first may depend on the pieces; that there is one may not.
std::string Requests(std::string_view bytes, size_t piece, const Options& options) {
  std::string out;
  while (!bytes.empty()) {
    int empty_lines = 2;
    bytes.remove_prefix(lb::SkipEmptyLines(bytes, &empty_lines));
    HeadScanner scanner;
    HeadScanner::Verdict verdict;
    for (size_t size = 0; size < bytes.size() && verdict.kind == HeadScanner::Kind::kMore;) {
      size = std::min(size + piece, bytes.size());
      verdict = scanner.Scan(bytes.substr(0, size), options.limits, true);
    }
    if (verdict.kind == HeadScanner::Kind::kMore) return out + "more";
    RequestHead head;
    if (verdict.kind == HeadScanner::Kind::kBad ||
        !lb::ParseRequestHead(bytes.substr(0, verdict.size), options.limits, false, head).ok()) {
      return out + "refused";
    }
    CheckForwarded(head, options);
    out += Summary(head) + ": ";
    bytes = TakeBody(head, bytes.substr(verdict.size), piece, out);
  }
  return out;
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const size_t piece = std::max<size_t>(1, data[0]);
  const auto options = signpost::fuzz::OptionsFrom(data[1]);
  const std::string whole = signpost::fuzz::Requests(bytes, bytes.size() + 1, options);
  const std::string pieces = signpost::fuzz::Requests(bytes, piece, options);
  signpost::fuzz::Demand(whole == pieces, "pieces do not matter: " + whole + " | " + pieces);
  return 0;
}
