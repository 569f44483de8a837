// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/early_bytes.h"

#include <algorithm>
#include <span>

namespace signpost::lb {

bool EarlyBytes::Read(net::Reactor& reactor, net::StreamSocket& client) {
  while (!ended && bytes.size() < kMost) {
    std::span<uint8_t> room = reactor.Slab();
    room = room.first(std::min(room.size(), kMost - bytes.size()));
    const net::IoResult got = client.Receive(room);
    if (got.kind == net::Io::kWait) return true;
    if (got.kind == net::Io::kEnd) {
      ended = true;
    } else if (got.kind == net::Io::kBytes) {
      bytes.insert(bytes.end(), room.begin(), room.begin() + static_cast<ptrdiff_t>(got.size));
    } else {
      return false;
    }
  }
  return !client.broken();
}

}  // namespace signpost::lb
