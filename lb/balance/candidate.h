// Signpost. Apache-2.0; see LICENSE.
// What the algorithms choose from.
#pragma once

#include <cstddef>
#include <cstdint>

namespace signpost::lb {

struct Candidate {
  uint32_t member = 0;  // index into Pool::members, or of a version
  uint64_t weight = 1;  // > 0. Of members in 1/256, so that parts of a weight of 1 can be told apart
};

// A tier's members: [begin, end) of Pool::members.
struct TierRange {
  uint32_t begin = 0;
  uint32_t end = 0;
  size_t size() const { return end - begin; }
};

inline constexpr int kAnyVersion = -1;

// The members of one tier that are of one version, or all of them.
struct TierGroup {
  size_t tier = 0;
  int version = kAnyVersion;
  uint64_t key() const { return uint64_t{tier} * 512 + static_cast<uint64_t>(version + 1); }
};

}  // namespace signpost::lb
