// Signpost. Apache-2.0; see LICENSE.
// How many members of a large tier are usable, counted once in a while and not per request.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "common/base/clock.h"
#include "lb/balance/candidate.h"

namespace signpost::lb {

struct TierSurvey {
  uint32_t present = 0;  // not drained
  uint32_t untried = 0;  // of these
  uint32_t usable = 0;
  uint32_t fresh = 0;  // usable and untried
};

class SurveyCache {
 public:
  explicit SurveyCache(Millis age) : age_(age) {}
  void Clear() { known_.clear(); }

  // What `count` returned at most `age` ago, or returns now.
  template <typename Count>
  TierSurvey Get(TierGroup group, Millis now, Count count) {
    const auto [entry, is_new] = known_.try_emplace(group.key());
    auto& [at, survey] = entry->second;
    if (is_new || now < at || now - at >= age_) {
      at = now;
      survey = count();
    }
    return survey;
  }

 private:
  struct Entry {
    Millis at{0};
    TierSurvey survey;
  };
  Millis age_;
  std::unordered_map<uint64_t, Entry> known_;
};

}  // namespace signpost::lb
