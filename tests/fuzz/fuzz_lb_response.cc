// Signpost. Apache-2.0; see LICENSE.
// Any bytes as what an upstream sends to lb. However they are cut into pieces, the same response comes out; and a head
// that is accepted is read as the same response when lb has written it for the client. Input: one byte, the size of the
// pieces; one byte of options; then the bytes.
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
using lb::ResponseHead;

constexpr lb::HeadLimits kLimits{.max_head = 2048, .max_fields = 20};

struct Options {
  bool head_request = false;
  bool http10_client = false;
};

void CheckForwarded(const ResponseHead& head, const Options& options) {
  lb::ResponseForwarding forwarding;
  forwarding.http10_client = options.http10_client;
  forwarding.framing = lb::ClientFraming(head, options.http10_client);
  forwarding.keep_alive = forwarding.framing != Framing::kUntilClose;
  forwarding.via = "signpost";
  forwarding.upgrade = head.upgrade;
  Demand(!options.http10_client || forwarding.framing != Framing::kChunked, "HTTP/1.0 gets no chunks");
  std::string bytes;
  lb::WriteResponseHead(head, forwarding, bytes);

  const lb::HeadLimits limits{.max_head = 1 << 16, .max_fields = 100};
  HeadScanner scanner;
  const auto verdict = scanner.Scan(bytes, limits, false);
  Demand(verdict.kind == HeadScanner::Kind::kEnd && verdict.size == bytes.size(),
         "a written head is one head: " + bytes);
  ResponseHead again;
  std::string scratch;
  const auto good = lb::ParseResponseHead(bytes, limits, options.head_request, again, scratch);
  Demand(good == lb::ResponseVerdict::kGood && scratch.empty(), "a written head is good, without folds: " + bytes);
  Demand(again.status == head.status && again.framing == forwarding.framing && !again.http10 &&
             again.content_length == head.content_length && again.has_content_length == head.has_content_length,
         "a written head says the same: " + bytes);
}

void AppendBody(const ResponseHead& head, std::string_view bytes, size_t piece, std::string& out) {
  BodyDecoder decoder(head.framing, head.content_length);
  std::vector<std::string_view> data;
  while (decoder.state() == BodyDecoder::State::kMore && !bytes.empty()) {
    const std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(decoder.Decode(part, data));
  }
  decoder.End();
  Demand(decoder.state() != BodyDecoder::State::kMore, "after the connection's end nothing is open");
  for (const std::string_view view : data) out += view;
  out += std::to_string(static_cast<int>(decoder.state())) + decoder.trailers() + std::string(bytes);
}

std::string Response(std::string_view bytes, size_t piece, const Options& options) {
  HeadScanner scanner;
  HeadScanner::Verdict verdict;
  for (size_t size = 0; size < bytes.size() && verdict.kind == HeadScanner::Kind::kMore;) {
    size = std::min(size + piece, bytes.size());
    verdict = scanner.Scan(bytes.substr(0, size), kLimits, false);
  }
  if (verdict.kind == HeadScanner::Kind::kMore) return "more";
  if (verdict.kind == HeadScanner::Kind::kBad) return "refused";
  ResponseHead head;
  std::string scratch;
  const auto parsed =
      lb::ParseResponseHead(bytes.substr(0, verdict.size), kLimits, options.head_request, head, scratch);
  if (parsed == lb::ResponseVerdict::kMalformed) return "refused";
  CheckForwarded(head, options);
  std::string out = std::to_string(head.status) + " " + std::to_string(static_cast<int>(head.framing)) + " ";
  for (const lb::Field& field : head.fields) out += std::string(field.name) + "=" + std::string(field.value) + ";";
  AppendBody(head, bytes.substr(verdict.size), piece, out);
  return out;
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const size_t piece = std::max<size_t>(1, data[0]);
  const signpost::fuzz::Options options{.head_request = (data[1] & 1) != 0, .http10_client = (data[1] & 2) != 0};
  signpost::fuzz::Demand(
      signpost::fuzz::Response(bytes, piece, options) == signpost::fuzz::Response(bytes, bytes.size() + 1, options),
      "pieces do not matter");
  return 0;
}
