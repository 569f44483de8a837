// Signpost. Apache-2.0; see LICENSE.
// The number of TCP connections that all loops together may hold. Any thread may call.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

#include "common/net/address.h"

namespace signpost::transport {

class TcpBudget {
 public:
  // `max_per_client` counts connections from one IP address; 0 = no limit.
  TcpBudget(size_t max_connections, size_t max_per_client) : max_(max_connections), max_per_client_(max_per_client) {}

  // Counts a new connection. False, and not counted, when its client has too many already.
  bool Open(const net::SocketAddress& peer) {
    const std::lock_guard lock(mutex_);
    size_t& of_client = by_client_[Key(peer)];
    if (max_per_client_ != 0 && of_client >= max_per_client_) return false;
    ++of_client;
    ++open_;
    return true;
  }

  void Close(const net::SocketAddress& peer) {
    const std::lock_guard lock(mutex_);
    const auto client = by_client_.find(Key(peer));
    if (--client->second == 0) by_client_.erase(client);
    --open_;
  }

  // Open connections in percent of the limit; above 100 while one too many is being made room for.
  size_t PercentUsed() const {
    const std::lock_guard lock(mutex_);
    return open_ * 100 / max_;
  }
  bool over() const {
    const std::lock_guard lock(mutex_);
    return open_ > max_;
  }

 private:
  static std::string Key(const net::SocketAddress& peer) {
    const auto ip = peer.ip();
    return {reinterpret_cast<const char*>(ip.data()), ip.size()};
  }

  mutable std::mutex mutex_;
  const size_t max_;
  const size_t max_per_client_;
  size_t open_ = 0;
  std::map<std::string, size_t> by_client_;
};

}  // namespace signpost::transport
