// Signpost. Apache-2.0; see LICENSE.
#include "common/http/content_coding.h"

#include <zlib.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/status.h"
#include "common/http/response_text.h"
#include "common/http/text.h"

namespace signpost::http {
namespace {

// More would hold up the loop for the better part of a second.
constexpr size_t kMostToCompress = size_t{64} << 20;

// A compressor is 256 KiB of tables: one per thread is kept.
class Deflater {
 public:
  Deflater() {
    constexpr int kGzipFraming = 16;
    constexpr int kMemoryLevel = 8;
    if (deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + kGzipFraming, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
      Abort("deflateInit2 failed");
    }
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  std::string Run(std::string_view text) {
    std::string out(deflateBound(&stream_, text.size()), '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    if (deflate(&stream_, Z_FINISH) != Z_STREAM_END) Abort("deflate failed");
    out.resize(stream_.total_out);
    out.shrink_to_fit();
    deflateReset(&stream_);
    return out;
  }

 private:
  z_stream stream_{};
};

// The weight of one element of Accept-Encoding in thousandths (RFC 9110 12.4.2); nullopt when it is malformed.
std::optional<int> Weight(std::string_view parameters) {
  if (parameters.empty()) return 1000;
  const size_t equals = parameters.find('=');
  if (equals == std::string_view::npos || Lower(Trim(parameters.substr(0, equals))) != "q") return std::nullopt;
  const std::string_view text = Trim(parameters.substr(equals + 1));
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int weight = (text[0] - '0') * 1000;
  int digit_value = 100;
  for (const char c : text.substr(std::min<size_t>(2, text.size()))) {
    if (c < '0' || c > '9') return std::nullopt;
    weight += (c - '0') * digit_value;
    digit_value /= 10;
  }
  return weight <= 1000 ? std::optional(weight) : std::nullopt;
}

// What Accept-Encoding says of the codings that matter here.
struct Weights {
  std::optional<int> gzip;
  std::optional<int> identity;
  std::optional<int> any;
};

void Read(std::string_view list, Weights& weights) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view element = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    const size_t semicolon = element.find(';');
    const std::string coding = Lower(Trim(element.substr(0, semicolon)));
    const std::string_view parameters =
        semicolon == std::string_view::npos ? std::string_view() : Trim(element.substr(semicolon + 1));
    const std::optional<int> weight = Weight(parameters);
    if (!weight) continue;
    if (coding == "gzip" || coding == "x-gzip") weights.gzip = std::max(weight, weights.gzip);
    if (coding == "identity") weights.identity = weight;
    if (coding == "*") weights.any = weight;
  }
}

bool IsEncoded(const ServerResponse& response) {
  return std::any_of(response.headers.begin(), response.headers.end(), [](const auto& header) {
    const std::string name = Lower(header.first);
    return name == "content-encoding" || name == "content-range";
  });
}

}  // namespace

bool PrefersGzip(const ServerRequest& request) {
  Weights weights;
  for (const auto& [name, value] : request.headers) {
    if (name == "accept-encoding") Read(value, weights);
  }
  const int gzip = weights.gzip ? *weights.gzip : weights.any.value_or(0);
  return gzip > 0 && gzip >= weights.identity.value_or(0);
}

std::string Gzip(std::string_view text) {
  thread_local Deflater deflater;
  return deflater.Run(text);
}

void Compress(ServerResponse& response, size_t from) {
  const size_t size = BodyOf(response).size();
  if (size < from || size > kMostToCompress || !StatusHasBody(response.status) || IsEncoded(response)) return;
  if (response.shared_body) {
    const SharedBodyPtr gzip = response.shared_body->gzip();
    if (!gzip) return;
    response.shared_body = gzip;
  } else {
    std::string gzip = Gzip(response.body);
    if (gzip.size() >= response.body.size()) return;
    response.body = std::move(gzip);
  }
  response.headers.emplace_back("Content-Encoding", "gzip");
}

}  // namespace signpost::http
