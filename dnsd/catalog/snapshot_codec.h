// Signpost. Apache-2.0; see LICENSE.
// The catalog as bytes and back. Pure; decoding survives any input.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "dnsd/catalog/catalog.h"

namespace signpost::catalog {

// What dnsd can start from when its source is away. Own are the services and nodes of `datacenter`.
struct Snapshot {
  uint64_t index = 0;
  std::chrono::seconds taken{0};  // since 1970-01-01 UTC: when this was last known to be true
  std::string datacenter;
  std::vector<std::string> datacenters;
  std::vector<std::shared_ptr<const consul::Node>> nodes;  // own and wanted ones; never null
  std::vector<std::shared_ptr<const Service>> services;    // of every kind but kQuery; never null
};

// Layout, numbers little-endian: "SGNPSNAP", u32 format version, u64 length of the rest, u64 FNV-1a of the rest, the
// rest.
std::string EncodeSnapshot(const Snapshot& snapshot);

// kInvalid with half a sentence ("is truncated", "was written by a newer version", ...) that the caller completes.
Result<Snapshot> DecodeSnapshot(std::string_view bytes);

}  // namespace signpost::catalog
