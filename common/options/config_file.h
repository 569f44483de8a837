// Signpost. Apache-2.0; see LICENSE.
// A config file: one JSON object, comments allowed, of which the line of every key is known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/json/json.h"

namespace signpost::options {

struct ConfigEntry {
  std::string key;
  size_t line = 0;    // from 1
  json::Value value;  // valid while the ConfigFile lives
};

struct ConfigFile {
  json::Document document;
  std::vector<ConfigEntry> entries;  // in the file's order
};

// kConfig with a sentence that names `path`, and the line where there is one.
Result<ConfigFile> ReadConfigFile(const std::string& path);
Result<ConfigFile> ParseConfig(const std::string& path, std::string_view text);

}  // namespace signpost::options
