// Signpost. Apache-2.0; see LICENSE.
// The other ends of connections under test: plain non-blocking sockets on loopback, driven by hand.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/net/address.h"
#include "common/net/unique_fd.h"

namespace signpost::test {

class TcpPeer {
 public:
  explicit TcpPeer(net::UniqueFd fd) : fd_(std::move(fd)) { fcntl(fd_.get(), F_SETFL, O_NONBLOCK); }
  static TcpPeer Connect(const net::SocketAddress& to) {
    net::UniqueFd fd(socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(fd.get(), to.get(), to.length()), 0) << to.ToString();
    return TcpPeer(std::move(fd));
  }

  // What the kernel takes of it.
  size_t Offer(std::string_view text, int flags = 0) {
    const ssize_t sent = send(fd(), text.data(), text.size(), MSG_NOSIGNAL | flags);
    return sent < 0 ? 0 : static_cast<size_t>(sent);
  }
  void Send(std::string_view text, int flags = 0) { EXPECT_EQ(Offer(text, flags), text.size()); }
  void Finish() { shutdown(fd(), SHUT_WR); }
  void Reset() {
    const linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    fd_.Reset();
  }
  void Close() { fd_.Reset(); }
  // Takes at most `most` bytes of what has come into got(), and notes how the stream ended.
  TcpPeer& Read(size_t most = SIZE_MAX) {
    char buffer[16384];
    while (most > 0 && end_.empty()) {
      const ssize_t n = recv(fd(), buffer, std::min(most, sizeof buffer), 0);
      if (n < 0 && errno == EAGAIN) break;
      if (n > 0) {
        got_.append(buffer, static_cast<size_t>(n));
        most -= static_cast<size_t>(n);
      } else {
        end_ = n == 0 ? "fin" : "reset";
      }
    }
    return *this;
  }
  const std::string& got() { return Read().got_; }
  const std::string& end() { return Read().end_; }  // "fin", "reset", or "" while it goes on
  size_t taken() const { return got_.size(); }
  int fd() const { return fd_.get(); }

 private:
  net::UniqueFd fd_;
  std::string got_;
  std::string end_;
};

class TcpHost {
 public:
  // Listens on a free port of 127.0.0.1.
  explicit TcpHost(int backlog = 64) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    address_ = net::SocketAddress::Parse("127.0.0.1:1", 0).value();
    address_.set_port(0);
    EXPECT_EQ(bind(fd_.get(), address_.get(), address_.length()), 0);
    EXPECT_EQ(listen(fd_.get(), backlog), 0);
    socklen_t length = address_.length();
    EXPECT_EQ(getsockname(fd_.get(), address_.get(), &length), 0);
  }
  const net::SocketAddress& address() const { return address_; }
  // The next connection, if one has come.
  std::optional<net::UniqueFd> AcceptFd() {
    net::UniqueFd fd(accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.get() < 0) return std::nullopt;
    return fd;
  }
  // Keeps what it accepts.
  bool Accept() {
    std::optional<net::UniqueFd> fd = AcceptFd();
    if (fd) peer_.emplace(std::move(*fd));
    return fd.has_value();
  }
  TcpPeer& peer() { return *peer_; }
  // From now on connections to the address are refused.
  void Close() { fd_.Reset(); }
  // From now on, until something is accepted, connections to the address hang: its queue is full. For backlog 0.
  void Fill() {
    for (net::UniqueFd& fd : fillers_) {
      fd = net::UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      connect(fd.get(), address_.get(), address_.length());
    }
  }

 private:
  net::UniqueFd fd_;
  net::SocketAddress address_;
  std::optional<TcpPeer> peer_;
  std::array<net::UniqueFd, 3> fillers_;
};

// Both ends of a connection: the one under test and its peer.
struct TcpPair {
  TcpPair() : peer(TcpPeer::Connect(host.address())), end(std::move(host.AcceptFd()).value()) {}
  TcpHost host;
  TcpPeer peer;
  net::UniqueFd end;
};

}  // namespace signpost::test
