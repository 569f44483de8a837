// Signpost. Apache-2.0; see LICENSE.
// All that a database holds, and reading it. Changes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "dnsd/registry/model/rows.h"
#include "dnsd/registry/storage/database.h"

namespace signpost::registry {

// Few small UTF-8 texts by name: the agent's node id, its node name.
using Settings = std::map<std::string, std::string>;

struct Contents {
  std::vector<Row> rows;  // by table, in the order of Row's alternatives: nodes first
  // No index that anybody can have seen is higher; 1 for a new database. Counting goes on after it.
  uint64_t index = 1;
  Settings settings;
};

// Checks the whole file and reads it. kInvalid: of a newer version, damaged, or a row does not decode (the sentence
// names table and key). kSystem: cannot be read.
Status ReadContents(Database& database, Contents& contents);

}  // namespace signpost::registry
