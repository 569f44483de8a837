// Signpost. Apache-2.0; see LICENSE.
// The settings of one service out of their layers: defaults, the catalog's meta, its policy, the config file. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lb/discovery/source.h"
#include "lb/pool/settings.h"
#include "lb/publish/config.h"

namespace signpost::lb {

// The splits that were valid last: a broken one changes nothing (case K07). Kept with the service.
struct SplitMemory {
  std::optional<VersionSplit> policy;
  std::optional<VersionSplit> meta;
};

inline constexpr std::string_view kMetaPrefix = "lb.";

// `service` and `config` may be null. Of the meta, that of the newest instance counts (Instance::modified), but
// lb.split of the newest that has one. What cannot be used is left out and added to `warnings`.
ServiceSettings SettingsOf(const ServiceSettings& defaults, const DiscoveredService* service,
                           const ServiceConfig* config, SplitMemory& memory, std::vector<std::string>& warnings);

}  // namespace signpost::lb
