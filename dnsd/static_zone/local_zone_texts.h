// Signpost. Apache-2.0; see LICENSE.
// For local_zones.cc: the files of zones/local, written into a source file by dnsd/CMakeLists.txt.
#pragma once

#include <span>
#include <string_view>

namespace signpost::static_zone {

struct LocalZoneText {
  std::string_view name;  // of the file: "localhost.zone", "EMPTY"
  std::string_view text;
};

std::span<const LocalZoneText> LocalZoneTexts();

}  // namespace signpost::static_zone
