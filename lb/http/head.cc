// Signpost. Apache-2.0; see LICENSE.
#include "lb/http/head.h"

#include <cstring>

#include "lb/http/syntax.h"

namespace signpost::lb {
namespace {

using Kind = HeadScanner::Kind;
using Verdict = HeadScanner::Verdict;

constexpr std::string_view kProtocol = "HTTP/";
constexpr size_t kVersionSize = 8;  // "HTTP/1.1"

Verdict Bad(int status, const char* reason, bool request = true) {
  return {.kind = Kind::kBad, .status = request ? status : 502, .reason = reason};
}

// CR that no LF follows, or NUL. A CR at the end may still get its LF.
bool HasStrayControl(std::string_view bytes) {
  if (bytes.find('\0') != std::string_view::npos) return true;
  for (size_t at = bytes.find('\r'); at != std::string_view::npos; at = bytes.find('\r', at + 1)) {
    if (at + 1 < bytes.size() && bytes[at + 1] != '\n') return true;
  }
  return false;
}

Verdict CheckRequestLine(std::string_view line, const HeadLimits& limits) {
  const size_t method = line.find(' ');
  if (line.empty() || !IsChar(line.front(), kTokenChar)) return Bad(400, "no request line");
  if (line.size() < kVersionSize + 1 || method >= line.size() - kVersionSize - 1) return Bad(400, "no request line");
  if (line.size() - kVersionSize - method - 2 > limits.max_target) return Bad(414, "target too long");
  const std::string_view version = line.substr(line.size() - kVersionSize - 1);
  if (!version.starts_with(" HTTP/") || !IsChar(version[6], kDigitChar) || version[7] != '.' ||
      !IsChar(version[8], kDigitChar)) {
    return Bad(400, "no HTTP version");
  }
  if (version[6] != '1') return Bad(505, "version is not 1");
  return {};
}

}  // namespace

size_t SkipEmptyLines(std::string_view bytes, int* left) {
  size_t skipped = 0;
  while (*left > 0 && bytes.substr(skipped).starts_with("\r\n")) {
    skipped += 2;
    --*left;
  }
  return skipped;
}

Verdict HeadScanner::CheckLine(std::string_view line, const HeadLimits& limits, bool request) const {
  if (lines_ > limits.max_fields) return Bad(431, "too many fields", request);
  if (lines_ > 0) return {};
  if (request) return CheckRequestLine(line, limits);
  return line.starts_with(kProtocol) ? Verdict{} : Bad(502, "no status line", false);
}

Verdict HeadScanner::CheckUnfinished(std::string_view bytes, const HeadLimits& limits, bool request) const {
  if (HasStrayControl(bytes.substr(scanned_))) return Bad(400, "stray CR or NUL", request);
  if (request && lines_ == 0 && !bytes.empty()) {
    if (!IsChar(bytes.front(), kTokenChar) && bytes != "\r") return Bad(400, "no request line");
    const size_t method = bytes.find(' ');
    constexpr size_t kRest = sizeof(" HTTP/1.1\r");  // more than what may follow the target
    if (method != std::string_view::npos && bytes.size() - method > limits.max_target + kRest) {
      return Bad(414, "target too long");
    }
  }
  if (!request && lines_ == 0 && !kProtocol.starts_with(bytes.substr(0, kProtocol.size()))) {
    return Bad(502, "no status line", false);
  }
  if (bytes.size() >= limits.max_head) return Bad(431, "head too long", request);
  return {};
}

Verdict HeadScanner::Scan(std::string_view bytes, const HeadLimits& limits, bool request) {
  const bool bare_lf = limits.bare_lf || !request;
  for (size_t from = scanned_;;) {
    const void* const found =
        from < bytes.size() ? std::memchr(bytes.data() + from, '\n', bytes.size() - from) : nullptr;
    if (found == nullptr) break;
    const auto end = static_cast<size_t>(static_cast<const char*>(found) - bytes.data());
    from = end + 1;
    std::string_view line = bytes.substr(line_start_, end - line_start_);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    } else if (!bare_lf) {
      return Bad(400, "line ends in LF alone");
    }
    line_start_ = from;
    if (line.empty() && lines_ > 0) {
      if (from > limits.max_head) return Bad(431, "head too long", request);
      return {.kind = Kind::kEnd, .size = from};
    }
    const Verdict verdict = CheckLine(line, limits, request);
    if (verdict.kind == Kind::kBad) return verdict;
    ++lines_;
  }
  const Verdict verdict = CheckUnfinished(bytes, limits, request);
  scanned_ = bytes.ends_with('\r') ? bytes.size() - 1 : bytes.size();
  return verdict;
}

}  // namespace signpost::lb
