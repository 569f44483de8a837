// Signpost. Apache-2.0; see LICENSE.
// What a run of a check says, in Consul's words. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace signpost::registry {

enum class CheckStatus : unsigned char { kPassing, kWarning, kCritical };

std::string_view StatusWord(CheckStatus status);  // "passing", "warning", "critical"

struct Outcome {
  CheckStatus status = CheckStatus::kCritical;
  std::string output;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

CheckStatus StatusOfHttp(int code);  // 2xx, 429, everything else
CheckStatus StatusOfExit(int code);  // 0, 1, everything else; of scripts, here and in containers

// The output of a TTL check as it is kept: its first `max` bytes, and a note when that is not all.
std::string CutHeartbeat(std::string_view output, size_t max);
// The output of a TTL check nobody refreshed, given its output before.
std::string ExpiredText(std::string_view last_output);

// As Go prints durations: "30s", "1m30s", "1.5s", "250ms", "0s".
std::string GoDuration(Millis time);

// success_before_passing and failures_before_critical. Consul's counters start as if both had been reached, so the
// first result of all always counts.
class Thresholds {
 public:
  Thresholds(int success_before_passing, int failures_before_critical);
  // Takes the next result; false: it does not count yet, status and output stay what they were.
  bool Counts(CheckStatus status);

 private:
  int success_before_passing_;
  int failures_before_critical_;
  int successes_;
  int failures_;
};

}  // namespace signpost::registry
