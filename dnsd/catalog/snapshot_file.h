// Signpost. Apache-2.0; see LICENSE.
// The catalog on disk, from which dnsd answers while its source is away. Blocking: keep off the event loops. Any
// thread; a Snapshot holds shared immutable objects, so it may be taken on one thread and saved on another.
#pragma once

#include <string>

#include "common/base/status.h"
#include "dnsd/catalog/snapshot_codec.h"

namespace signpost::catalog {

// Readable by the owner only. Written to a temporary file beside `path`, synced, renamed: whatever happens, `path` is
// the old file or the new one. kSystem or kLimit with the path otherwise.
Status SaveSnapshot(const std::string& path, const Snapshot& snapshot);

// kNotFound: there is no file. kInvalid: truncated, corrupt, foreign or of a newer version. kSystem: cannot be read.
// Every sentence names the file and says that dnsd starts without it.
Result<Snapshot> LoadSnapshot(const std::string& path);

}  // namespace signpost::catalog
