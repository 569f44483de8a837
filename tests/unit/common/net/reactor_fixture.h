// Signpost. Apache-2.0; see LICENSE.
// A loop with a reactor, and plain sockets as the other ends of its stream sockets.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/net/acceptor.h"
#include "common/net/reactor.h"
#include "common/net/stream_socket.h"
#include "tests/support/run_loop.h"

namespace signpost::net {

using test::RunTurns;
using test::RunUntil;

inline std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

inline int IntOption(int fd, int level, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  EXPECT_EQ(getsockopt(fd, level, option, &value, &length), 0);
  return value;
}

// A plain non-blocking socket.
class PlainSocket {
 public:
  explicit PlainSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  explicit PlainSocket(const SocketAddress& to) : fd_(socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    EXPECT_EQ(connect(fd(), to.get(), to.length()), 0) << to.ToString();
    fcntl(fd(), F_SETFL, O_NONBLOCK);
  }

  int fd() const { return fd_.get(); }
  SocketAddress Local() const {
    SocketAddress name;
    socklen_t length = SocketAddress::kCapacity;
    EXPECT_EQ(getsockname(fd(), name.get(), &length), 0);
    name.set_length(length);
    return name;
  }
  void Send(std::string_view text, int flags = 0) const {
    EXPECT_EQ(send(fd(), text.data(), text.size(), MSG_NOSIGNAL | flags), static_cast<ssize_t>(text.size()));
  }
  void FinishSending() const { shutdown(fd(), SHUT_WR); }
  void Close() { fd_.Reset(); }
  void Abort() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    Close();
  }
  // Takes what has come; then `ended` and `error` tell why no more can come.
  bool Read() {
    char buffer[65536];
    while (!ended && error == 0) {
      const ssize_t n = recv(fd(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (n > 0) got.append(buffer, static_cast<size_t>(n));
      if (n == 0) ended = true;
      if (n < 0 && errno == EAGAIN) return true;
      if (n < 0) error = errno;
    }
    return false;
  }

  std::string got;
  bool ended = false;
  int error = 0;

 private:
  UniqueFd fd_;
};

// Counts its calls, and does what it is told to.
class TestOwner final : public SocketOwner {
 public:
  void OnReady(StreamSocket& socket) override {
    ++calls;
    if (const auto act = then) act(socket);
  }

  int calls = 0;
  std::function<void(StreamSocket&)> then;
};

// Receives until the socket has no more. The last result is what ended it.
inline IoResult ReceiveAll(StreamSocket& socket, std::string& into, size_t step = 65536) {
  std::string buffer(step, '\0');
  for (;;) {
    const IoResult result = socket.Receive({reinterpret_cast<uint8_t*>(buffer.data()), buffer.size()});
    if (result.kind != Io::kBytes) return result;
    into.append(buffer, 0, result.size);
  }
}

class ReactorFixture : public ::testing::Test {
 protected:
  // A connection: an adopted socket here, a plain one there.
  struct Link {
    std::unique_ptr<StreamSocket> here;
    PlainSocket there;
  };

  Link Connected(SocketOwner& owner, int buffer = 0) {
    auto [fd, there] = Accepted(buffer);
    return {StreamSocket::Adopt(reactor, std::move(fd), owner), std::move(there)};
  }
  std::pair<UniqueFd, PlainSocket> Accepted(int buffer = 0) {
    if (buffer > 0) setsockopt(listener.get(), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    PlainSocket there(address);
    if (buffer > 0) setsockopt(there.fd(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    UniqueFd fd;
    EXPECT_TRUE(RunUntil(loop, [&] {
      fd = UniqueFd(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      return fd.get() >= 0;
    }));
    return {std::move(fd), std::move(there)};
  }

  // Runs until the owner has been called once more.
  bool Called(const TestOwner& whose) {
    const int before = whose.calls;
    return bool{RunUntil(loop, [&] { return whose.calls > before; })};
  }
  static SocketAddress NameOf(int fd) {
    SocketAddress name;
    socklen_t length = SocketAddress::kCapacity;
    EXPECT_EQ(getsockname(fd, name.get(), &length), 0);
    name.set_length(length);
    return name;
  }

  Loop loop;
  Reactor reactor{loop};
  UniqueFd listener = ListenTcp(SocketAddress::Parse("127.0.0.1:0", 1).value(), false).value();
  SocketAddress address = NameOf(listener.get());
};

// No descriptors but so many can be opened while it lives.
class NoDescriptors {
 public:
  explicit NoDescriptors(int but = 0) {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const int free = open("/dev/null", O_RDONLY | O_CLOEXEC);  // all below are taken
    close(free);
    const rlimit none{.rlim_cur = static_cast<rlim_t>(free + but), .rlim_max = before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace signpost::net
