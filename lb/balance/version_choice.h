// Signpost. Apache-2.0; see LICENSE.
// Which version of a service a request gets, by the shares of its split. Pure but for whose turn it is.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/base/random.h"
#include "lb/pool/version_split.h"

namespace signpost::lb {

// The version whose part of [0, 10,000) holds key mod 10,000: an index into split.shares. The canary's part begins at
// 0, so that a larger share only adds keys (case K02).
size_t VersionByKey(const VersionSplit& split, uint64_t key);

// The turns of requests without a key: exact shares, by smooth weighted round robin. One per balancer.
class VersionTurns {
 public:
  // Versions that stay keep their place. `random` = null: from the beginning.
  void Update(const VersionSplit& split, Random* random);
  size_t Next();
  // For a share that spills: by key, or by turns, among the versions with usable[i], in proportion. None when none of
  // them has a share.
  std::optional<size_t> Spill(std::span<const bool> usable, std::optional<uint64_t> key);

 private:
  VersionSplit split_;
  std::vector<int64_t> current_;  // by index into split_.shares
  std::vector<int64_t> spilled_;  // the same for what spills
};

}  // namespace signpost::lb
