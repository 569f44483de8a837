// Signpost. Apache-2.0; see LICENSE.
#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "common/net/poll.h"
#include "common/net/socket.h"
#include "common/net/tcp.h"
#include "common/net/tcp_stream.h"
#include "common/net/timer.h"

namespace signpost::net {

// Accepts by hand: libuv answers EMFILE by accepting and dropping connections, we let them wait.
struct TcpListener::Impl : std::enable_shared_from_this<Impl> {
  static constexpr Millis kPause{100};
  static constexpr int kAcceptsPerTurn = 64;  // a flood of connections must not starve the loop

  Impl(Loop& owner, UniqueFd socket, std::function<void(std::unique_ptr<TcpStream>)> handler)
      : loop(owner), fd(std::move(socket)), local(LocalName(fd.get())), on_accept(std::move(handler)) {
    resume.emplace(loop, [this] { poll->Start(kReadable); });
    poll.emplace(loop, fd.get(), [this](unsigned) { OnReadable(); });
    poll->Start(kReadable);
  }

  void OnReadable() {
    const std::shared_ptr<Impl> keep = shared_from_this();  // the handler may destroy the listener
    for (int i = 0; i < kAcceptsPerTurn && !closed; ++i) {
      sockaddr_in6 name{};
      socklen_t length = sizeof name;
      const int connection =
          accept4(fd.get(), reinterpret_cast<sockaddr*>(&name), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (connection >= 0) {
        const auto peer = SocketAddress::From(reinterpret_cast<const sockaddr*>(&name), length);
        on_accept(std::make_unique<TcpStream>(TcpStream::Impl::Adopt(loop, connection, peer)));
      } else if (!Tolerate(errno)) {
        return;
      }
    }
  }

  // Whether the next accept may succeed at once.
  bool Tolerate(int error) {
    switch (error) {
      case EAGAIN:
        return false;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        poll->Start(0);
        resume->Start(kPause);
        return false;
      default:
        return true;  // ECONNABORTED and the network errors that accept(2) passes on: of that connection only
    }
  }

  Loop& loop;
  UniqueFd fd;
  const SocketAddress local;
  std::function<void(std::unique_ptr<TcpStream>)> on_accept;
  bool closed = false;
  std::optional<Timer> resume;
  std::optional<Poll> poll;
};

Status TcpListener::Probe(const SocketAddress& address) {
  Result<UniqueFd> fd = BindSocket(address, SOCK_STREAM, ReusePort::kNo);
  if (!fd.ok()) return fd.status();
  if (listen(fd.value().get(), 1) != 0) return ListenError(SOCK_STREAM, address, errno);
  return Status::Ok();
}

Result<std::unique_ptr<TcpListener>> TcpListener::Listen(Loop& loop, const SocketAddress& address,
                                                         TcpListenOptions options,
                                                         std::function<void(std::unique_ptr<TcpStream>)> on_accept) {
  Result<UniqueFd> fd = BindSocket(address, SOCK_STREAM, options.reuse_port ? ReusePort::kYes : ReusePort::kNo);
  if (!fd.ok()) return fd.status();
  if (listen(fd.value().get(), options.backlog) != 0) return ListenError(SOCK_STREAM, address, errno);
  return std::make_unique<TcpListener>(std::make_shared<Impl>(loop, std::move(fd).value(), std::move(on_accept)));
}

TcpListener::TcpListener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

TcpListener::~TcpListener() {
  impl_->closed = true;
  impl_->poll.reset();
  impl_->resume.reset();
}

const SocketAddress& TcpListener::local() const { return impl_->local; }

}  // namespace signpost::net
