// Signpost. Apache-2.0; see LICENSE.
// The options of the embedded registry, which runs when no --consul is given.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/net/address.h"
#include "common/options/options.h"

namespace signpost::dnsd {

// Sealed at start.
struct RegistryOptions {
  std::string node;     // the own node's name
  std::string address;  // the own node's, as text
  std::vector<std::string> service_files;
  std::string token_file;  // empty = none
  bool read_needs_token = false;
  bool script_checks = false;
  std::string docker_url;
};

options::Rows RegistryRows();

// kConfig when the options contradict each other, or a service file is wrong. `http` is where the API listens: beyond
// loopback it wants a token.
Result<RegistryOptions> ReadRegistryOptions(const options::Values& values, const net::SocketAddress& http);
// kConfig when an option is given that only the registry has.
Status RefuseRegistryOptions(const options::Values& values);

}  // namespace signpost::dnsd
