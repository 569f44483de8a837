// Signpost. Apache-2.0; see LICENSE.
// Blocked watchers woken by one change, and how long each waited.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace signpost::bench {

// `watch`: the path of a blocking query without its index, with a `?` in it. `changes`: whole requests, the next one
// for each wake-up. Opens `watchers` connections, blocks on all, prints {"blocked": N}, waits for a line on stdin,
// sends a change and prints the times when every watcher has its whole reply, blocks again, and so on until stdin ends.
void RunWake(uint16_t port, const std::string& watch, const std::vector<std::string>& changes, size_t watchers);

}  // namespace signpost::bench
