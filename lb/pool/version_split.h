// Signpost. Apache-2.0; see LICENSE.
// How a service's requests are shared between versions of it (canary). A plain value and its text form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace signpost::lb {

struct VersionShare {
  std::string version;
  uint32_t share = 0;  // of 10,000
  friend bool operator==(const VersionShare&, const VersionShare&) = default;
};

enum class SplitKey : unsigned char { kNone, kCookie, kHeader, kClientAddress };

// Without shares all versions are one pool. Otherwise a version that is not listed gets nothing but overrides.
struct VersionSplit {
  // In the order in which they occupy the range [0, 10000): the smallest share, the canary, first, so that raising it
  // only adds keys. Shares sum to 10,000.
  std::vector<VersionShare> shares;
  SplitKey key = SplitKey::kCookie;  // kCookie sets the cookie on answers to clients that have none
  std::string key_name = "lbv";
  bool strict = false;  // a version without usable endpoints answers 503 instead of spilling to the others
  friend bool operator==(const VersionSplit&, const VersionSplit&) = default;

  bool empty() const { return shares.empty(); }
};

// 1 to 64 letters, digits and "._-+~": what may stand in a header field and a label.
bool IsVersionName(std::string_view text);

// "v1:95,v2:5": percents with up to two decimals, normalised when they do not sum to 100. Up to 8 versions,
// none twice. Sorted as VersionSplit::shares wants. kConfig: the rest of a sentence, "must be ..., not 'x'".
Result<VersionSplit> ParseShares(std::string_view text);
// A policy as it stands in Consul's KV below lb/policy/SERVICE or in the config file:
// {"split": "v1:95,v2:5", "key": "cookie:lbv" | "header:X-User" | "client" | "none", "strict": false}
// Keys that are missing have their defaults; kConfig is a whole sentence. Policies are read up to 4 KiB.
Result<VersionSplit> ParsePolicy(std::string_view json);

// "v2:5,v1:95": what ParseShares reads back as the same; "" without shares.
std::string SharesText(const VersionSplit& split);
// "cookie:lbv", "header:X-User", "client", "none". False, and nothing is set, for any other text.
bool ParseSplitKey(VersionSplit& split, std::string_view text);
std::string SplitKeyText(const VersionSplit& split);

}  // namespace signpost::lb
