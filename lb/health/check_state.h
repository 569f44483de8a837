// Signpost. Apache-2.0; see LICENSE.
// Rise and fall: what a row of check results means. Pure.
#pragma once

#include <cstdint>

namespace signpost::lb {

// Healthy until proven otherwise.
class CheckState {
 public:
  // One result. True when it changed the verdict.
  bool Report(bool passed, uint32_t rise, uint32_t fall) {
    if (passed == healthy_) {
      against_ = 0;
      return false;
    }
    if (++against_ < (passed ? rise : fall)) return false;
    healthy_ = passed;
    against_ = 0;
    return true;
  }
  bool healthy() const { return healthy_; }

 private:
  bool healthy_ = true;
  uint32_t against_ = 0;  // results in a row that contradict the verdict
};

}  // namespace signpost::lb
