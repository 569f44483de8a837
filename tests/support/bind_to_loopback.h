// Signpost. Apache-2.0; see LICENSE.
// A worker on a free port of 127.0.0.1.
#pragma once

#include "common/net/address.h"
#include "dnsd/worker.h"

namespace signpost::test {

// Port 0 of 127.0.0.1: the kernel chooses.
inline net::SocketAddress Loopback() {
  net::SocketAddress address = net::SocketAddress::Parse("127.0.0.1", 53).value();
  address.set_port(0);
  return address;
}

// The port that UDP gets may be taken for TCP, by anybody: then another one is tried. Aborts if none will do.
inline net::SocketAddress BindToLoopback(dnsd::Worker& worker) {
  constexpr int kTries = 20;
  for (int i = 1; i < kTries; ++i) {
    if (const auto bound = worker.Bind(Loopback()); bound.ok()) return bound.value();
  }
  return worker.Bind(Loopback()).value();
}

}  // namespace signpost::test
