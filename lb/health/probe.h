// Signpost. Apache-2.0; see LICENSE.
// One active check of one endpoint. On the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/status.h"
#include "common/http/client.h"
#include "common/net/address.h"
#include "common/net/connect.h"
#include "common/net/loop.h"
#include "lb/pool/settings.h"

namespace signpost::lb {

class Probe {
 public:
  // Ok, or why the check failed: "status 503", "connect: connection refused".
  using OnDone = std::function<void(Status)>;

  // `on_done` is called once, later, never from inside the constructor; it may destroy the probe. Destroying it
  // cancels. `client` outlives it. `check.kind` is not kNone.
  Probe(net::Loop& loop, http::Client& client, const net::SocketAddress& address, const ActiveCheck& check,
        OnDone on_done);

 private:
  std::unique_ptr<net::Connection> connection_;
  std::unique_ptr<http::Client::Call> call_;
};

// The request that an HTTP check makes.
http::Request CheckRequest(const net::SocketAddress& address, const ActiveCheck& check);
// 200 to 399 are good.
Status CheckVerdict(const Result<http::Response>& reply);

}  // namespace signpost::lb
