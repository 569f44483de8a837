// Signpost. Apache-2.0; see LICENSE.
// What a client of a TCP session sends before an endpoint is connected.
#pragma once

#include <cstdint>
#include <vector>

#include "common/net/reactor.h"
#include "common/net/stream_socket.h"

namespace signpost::lb {

struct EarlyBytes {
  static constexpr size_t kMost = 64 << 10;  // more stay in the socket (case T12)

  std::vector<uint8_t> bytes;
  bool ended = false;  // its FIN was read

  // Reads what there is. False when the client is gone. A FIN is no reason to go: it may want its answer (case T01).
  bool Read(net::Reactor& reactor, net::StreamSocket& client);
};

}  // namespace signpost::lb
