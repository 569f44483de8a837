// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/outcome.h"

#include <algorithm>

namespace signpost::registry {
namespace {

// 1500 -> "1.5": thousandths without trailing zeros.
std::string Thousandths(int64_t value) {
  std::string text = std::to_string(value / 1000);
  std::string fraction = std::to_string(1000 + value % 1000).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return fraction.empty() ? text : text + "." + fraction;
}

}  // namespace

std::string_view StatusWord(CheckStatus status) {
  switch (status) {
    case CheckStatus::kPassing:
      return "passing";
    case CheckStatus::kWarning:
      return "warning";
    case CheckStatus::kCritical:
      break;
  }
  return "critical";
}

CheckStatus StatusOfHttp(int code) {
  if (code >= 200 && code <= 299) return CheckStatus::kPassing;
  return code == 429 ? CheckStatus::kWarning : CheckStatus::kCritical;
}

CheckStatus StatusOfExit(int code) {
  if (code == 0) return CheckStatus::kPassing;
  return code == 1 ? CheckStatus::kWarning : CheckStatus::kCritical;
}

std::string CutHeartbeat(std::string_view output, size_t max) {
  if (output.size() <= max) return std::string(output);
  return std::string(output.substr(0, max)) + " ... (captured " + std::to_string(max) + " of " +
         std::to_string(output.size()) + " bytes)";
}

std::string ExpiredText(std::string_view last_output) {
  if (last_output.empty()) return "TTL expired";
  return "TTL expired (last output before timeout follows): " + std::string(last_output);
}

std::string GoDuration(Millis time) {
  const int64_t millis = time.count();
  if (millis <= 0) return "0s";
  if (millis < 1000) return std::to_string(millis) + "ms";
  const int64_t minutes = millis / 60000;
  std::string seconds = Thousandths(millis % 60000) + "s";
  if (minutes == 0) return seconds;
  if (minutes < 60) return std::to_string(minutes) + "m" + seconds;
  return std::to_string(minutes / 60) + "h" + std::to_string(minutes % 60) + "m" + seconds;
}

Thresholds::Thresholds(int success_before_passing, int failures_before_critical)
    : success_before_passing_(success_before_passing),
      failures_before_critical_(failures_before_critical),
      successes_(success_before_passing),
      failures_(failures_before_critical) {}

bool Thresholds::Counts(CheckStatus status) {
  const bool success = status != CheckStatus::kCritical;
  int& reached = success ? successes_ : failures_;
  const int wanted = success ? success_before_passing_ : failures_before_critical_;
  (success ? failures_ : successes_) = 0;
  reached = std::min(reached, wanted) + 1;  // never overflows
  return reached >= wanted;
}

}  // namespace signpost::registry
