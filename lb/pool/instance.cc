// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/instance.h"

#include <algorithm>
#include <array>

#include "lb/pool/version_split.h"

namespace signpost::lb {

bool operator==(const Instance& a, const Instance& b) {
  return a.address == b.address && a.priority == b.priority && a.weight == b.weight && a.id == b.id &&
         a.version == b.version && a.tags == b.tags && a.meta == b.meta && a.modified == b.modified;
}

std::string FoldMetaKey(std::string_view key) {
  if (key == "version") return std::string(key);
  const bool ours = key.size() > 3 && key.starts_with("lb") && (key[2] == '.' || key[2] == '_' || key[2] == '-');
  return ours ? "lb." + std::string(key.substr(3)) : std::string();
}

std::string VersionOf(const Meta& meta, const std::vector<std::string>& tags) {
  for (const std::string_view key : {"lb.version", "version"}) {
    const auto entry = std::find_if(meta.begin(), meta.end(), [&](const auto& pair) { return pair.first == key; });
    if (entry != meta.end() && IsVersionName(entry->second)) return entry->second;
  }
  for (const std::string_view prefix : {"version=", "v="}) {
    for (const std::string& tag : tags) {
      if (!tag.starts_with(prefix)) continue;
      const std::string_view version = std::string_view(tag).substr(prefix.size());
      if (IsVersionName(version)) return std::string(version);
    }
  }
  return std::find(tags.begin(), tags.end(), "canary") != tags.end() ? "canary" : "default";
}

}  // namespace signpost::lb
