// Signpost. Apache-2.0; see LICENSE.
// TCP connections to a host by name or address.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/base/status.h"
#include "common/net/loop.h"
#include "common/net/tcp.h"

namespace signpost::net {

// One attempt to connect. Destroying it, which must happen before its loop ends, cancels silently.
class Connection {
 public:
  // Called exactly once, later, never from inside Start; may destroy the attempt. The texts of failures name the
  // target: "192.0.2.1:80: connect: connection refused", "192.0.2.1:80: i/o timeout", "lookup db.example: no such
  // host".
  using OnDone = std::function<void(Result<std::unique_ptr<TcpStream>>)>;

  // `host` is an address or a name, which the system's resolver looks up on a thread of its own. Its addresses are
  // tried one after the other, each for its share of what is left of `limit`, until one accepts; the last failure is
  // told.
  static std::unique_ptr<Connection> Start(Loop& loop, const std::string& host, uint16_t port, Millis limit,
                                           OnDone on_done);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  struct Impl;
  explicit Connection(std::shared_ptr<Impl> impl);  // for this file only

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace signpost::net
