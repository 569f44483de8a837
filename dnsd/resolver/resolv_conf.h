// Signpost. Apache-2.0; see LICENSE.
// The upstreams that /etc/resolv.conf names (resolv.conf(5)), as text and as a file that is followed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/net/address.h"
#include "common/net/loop.h"

namespace signpost::resolver {

// The "nameserver" lines, port 53, in order, without duplicates; lines that name no address are left out, and
// all other keywords. Pure.
std::vector<net::SocketAddress> ReadResolvConf(std::string_view text);

// `servers` without those that are this dnsd: an address in `own`, or, where `own` has a wildcard, any address of this
// host (`host_addresses`) with the same port.
std::vector<net::SocketAddress> WithoutOwn(std::vector<net::SocketAddress> servers,
                                           const std::vector<net::SocketAddress>& own,
                                           const std::vector<net::SocketAddress>& host_addresses);

// Tells when the file's servers change: looked at once a second (device, inode, size, time), because programs replace
// it, mount over it and point links at it. A file that is gone, cannot be read or names no server changes nothing.
class ResolvConfWatch {
 public:
  using OnChange = std::function<void(std::vector<net::SocketAddress>)>;
  // Reads once before it returns, without calling `on_change`.
  ResolvConfWatch(net::Loop& loop, std::string path, OnChange on_change);
  ~ResolvConfWatch();

  const std::vector<net::SocketAddress>& servers() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::resolver
