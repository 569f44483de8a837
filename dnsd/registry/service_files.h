// Signpost. Apache-2.0; see LICENSE.
// Services that files define rather than the API: the files to rows, and the difference to what was loaded before.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "dnsd/registry/model/agent_writes.h"

namespace signpost::registry {

// What files define together.
struct FileDefinitions {
  std::vector<AgentService> services;
  std::vector<CheckRow> checks;  // that belong to no service of a file
};

// Reads each path: a file, or the *.json files of a directory in the order of their names. The first thing that is
// wrong is kConfig with the file's name; two definitions with one ID are wrong too.
Result<FileDefinitions> ReadServiceFiles(const std::vector<std::string>& paths);

// Which services and checks of the own node came from files: what the next start or reload takes away when the files do
// not have it any more. As text for the database's settings, and back.
struct FileOwned {
  std::set<std::string> services;  // IDs
  std::set<std::string> checks;    // those of services included

  void Add(const FileOwned& more);
  std::string ToText() const;
  static FileOwned FromText(std::string_view text);
};
FileOwned OwnedBy(const FileDefinitions& definitions);

// Registers what the files define, and removes what is in `before` but not in them. What others registered stays,
// checks of the files' services included. State::BeginWrite comes first.
void ApplyServiceFiles(State& state, std::string_view node, FileDefinitions definitions, const FileOwned& before);

}  // namespace signpost::registry
