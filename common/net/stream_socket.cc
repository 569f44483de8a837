// Signpost. Apache-2.0; see LICENSE.
#include "common/net/stream_socket.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <numeric>
#include <utility>

#include "common/net/reactor_impl.h"
#include "common/net/socket.h"

namespace signpost::net {
namespace {

// A receive stops at an urgent mark, short of what is there, which only EPOLLPRI tells.
constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
constexpr uint32_t kOver = EPOLLERR | EPOLLHUP;

// Nobody's fault but ours. Not EADDRNOTAVAIL, which also means that this host has no address of that family.
bool OutOfResources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || error == ENOSPC;
}

Status ConnectError(const SocketAddress& to, int error) {
  Status status = Status::System("connect to " + to.ToString(), error);
  return OutOfResources(error) ? Status::Limit(status.text()) : status;
}

// A free port that the kernel chose for this end may be the very one we connect to.
bool IsItself(int fd, const SocketAddress& to) {
  constexpr uint16_t kFirstFreePort = 1024;
  return to.port() >= kFirstFreePort && LocalName(fd) == to;
}

bool BindSource(int fd, const SocketAddress& source) {
  SetOption(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  return bind(fd, source.get(), source.length()) == 0;
}

}  // namespace

std::unique_ptr<StreamSocket> StreamSocket::Adopt(Reactor& reactor, UniqueFd fd, SocketOwner& owner) {
  std::unique_ptr<StreamSocket> made(new StreamSocket(reactor, std::move(fd), owner, ConnectState::kConnected));
  made->writable_ = true;
  if (!made->Attach()) {
    // Out of kernel memory. Nobody may wait for this one.
    shutdown(made->fd(), SHUT_RDWR);
    made->readable_ = made->peer_closed_ = made->broken_ = true;
    made->Again();
  }
  return made;
}

Result<std::unique_ptr<StreamSocket>> StreamSocket::Connect(Reactor& reactor, const SocketAddress& to,
                                                            SocketOwner& owner, const SocketAddress& source) {
  if (to.empty()) return Status::Config("cannot connect: no address given");
  UniqueFd fd(socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return ConnectError(to, errno);
  SetOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  if (!source.empty() && !BindSource(fd.get(), source)) {
    return Status::System("connect to " + to.ToString() + " from " + source.ToString(), errno);
  }
  if (connect(fd.get(), to.get(), to.length()) != 0 && errno != EINPROGRESS) return ConnectError(to, errno);
  if (IsItself(fd.get(), to)) return ConnectError(to, ECONNREFUSED);
  std::unique_ptr<StreamSocket> made(new StreamSocket(reactor, std::move(fd), owner, ConnectState::kPending));
  if (!made->Attach()) return ConnectError(to, made->error_);
  return made;
}

StreamSocket::StreamSocket(Reactor& reactor, UniqueFd fd, SocketOwner& owner, ConnectState state)
    : reactor_(reactor), owner_(&owner), fd_(std::move(fd)), state_(state) {
  reactor.loop().AssertInLoop();
}

bool StreamSocket::Attach() {
  error_ = reactor_.impl().Add(fd(), *this, kEvents);
  return error_ == 0;
}

StreamSocket::~StreamSocket() {
  reactor_.loop().AssertInLoop();
  reactor_.impl().Forget(fd());
}

void StreamSocket::SetOwner(SocketOwner& owner) { owner_ = &owner; }

void StreamSocket::Again() {
  if (std::exchange(again_, true)) return;
  reactor_.impl().Again(fd());
}

void ReactorAccess::Deliver(StreamSocket& socket, uint32_t events) {
  // One that waits for its turn is told then.
  if (socket.TakeEvents(events) && !socket.again_) socket.owner_->OnReady(socket);
}

void ReactorAccess::DeliverAgain(StreamSocket& socket) {
  if (std::exchange(socket.again_, false)) socket.owner_->OnReady(socket);
}

// Whether they are news to the owner. The kernel tells the whole state with every change of a part of it.
bool StreamSocket::TakeEvents(uint32_t events) {
  bool news = false;
  if (state_ == ConnectState::kPending) {
    if (!SettleConnect(events)) return false;
    news = true;
  }
  const auto learn = [&](bool& known, uint32_t mask) {
    if ((events & mask) == 0 || known) return;
    known = true;
    news = true;
  };
  if (peeked_ && (events & EPOLLIN) != 0) {
    peeked_ = false;
    news = true;
  }
  learn(readable_, EPOLLIN | EPOLLRDHUP | kOver);
  learn(writable_, EPOLLOUT | kOver);
  learn(peer_closed_, EPOLLRDHUP | kOver);
  learn(broken_, EPOLLERR);
  if ((events & EPOLLPRI) != 0) urgent_ = true;
  return news;
}

bool StreamSocket::SettleConnect(uint32_t events) {
  if ((events & kOver) != 0) {
    socklen_t length = sizeof error_;
    if (getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error_, &length) != 0) error_ = errno;
    if (error_ == 0) error_ = ECONNRESET;
    state_ = ConnectState::kFailed;
    return true;
  }
  if ((events & EPOLLOUT) == 0) return false;
  state_ = ConnectState::kConnected;
  return true;
}

IoResult StreamSocket::Receive(std::span<uint8_t> into) {
  if (!readable_ || into.empty()) return {};
  ssize_t size;
  do {
    size = recv(fd(), into.data(), into.size(), MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  return Received(size, into.size());
}

IoResult StreamSocket::Received(ssize_t size, size_t asked) {
  if (size > 0) {
    peeked_ = false;
    if (static_cast<size_t>(size) < asked) {
      if (peer_closed_ || urgent_) {
        Again();  // more follows of which the kernel has told already
      } else {
        readable_ = false;
      }
    }
    return {.kind = Io::kBytes, .size = static_cast<size_t>(size)};
  }
  if (size < 0 && errno == EAGAIN) {
    readable_ = urgent_ = false;
    return {};
  }
  if (size < 0) return Fail(errno);
  // The error itself may have been fetched by a Send, or is none to the kernel because a FIN came before the RST.
  if (broken_) return Fail(ECONNRESET);
  peer_closed_ = true;
  return {.kind = Io::kEnd};
}

IoResult StreamSocket::Peek(std::span<uint8_t> into) {
  if (!readable_ || into.empty()) return {};
  ssize_t size;
  do {
    size = recv(fd(), into.data(), into.size(), MSG_DONTWAIT | MSG_PEEK);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return Received(size, into.size());
  peeked_ = true;
  return {.kind = Io::kBytes, .size = static_cast<size_t>(size)};
}

IoResult StreamSocket::Send(std::span<const uint8_t> bytes) {
  if (!writable_) return {};
  ssize_t size;
  do {
    size = send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  return Sent(size, bytes.size());
}

IoResult StreamSocket::Send(std::span<const iovec> parts) {
  if (!writable_) return {};
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  ssize_t size;
  do {
    size = sendmsg(fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  const auto add = [](size_t sum, const iovec& part) { return sum + part.iov_len; };
  return Sent(size, std::accumulate(parts.begin(), parts.end(), size_t{0}, add));
}

IoResult StreamSocket::Sent(ssize_t size, size_t asked) {
  if (size >= 0) {
    if (static_cast<size_t>(size) < asked) writable_ = false;
    return {.kind = Io::kBytes, .size = static_cast<size_t>(size)};
  }
  if (errno != EAGAIN) return Fail(errno);
  writable_ = false;
  return {};
}

// The first error is the cause. The kernel tells it once, but the other direction shall learn it too.
IoResult StreamSocket::Fail(int error) {
  if (error_ == 0) error_ = error;
  broken_ = peer_closed_ = readable_ = writable_ = true;
  return {.kind = error_ == ECONNRESET || error_ == EPIPE ? Io::kReset : Io::kError, .error = error_};
}

void StreamSocket::ShutdownWrite() { shutdown(fd(), SHUT_WR); }

void StreamSocket::ResetOnClose() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void StreamSocket::KeepAlive() { KeepTcpAlive(fd()); }

SocketAddress StreamSocket::Peer() const { return PeerName(fd()); }

SocketAddress StreamSocket::Local() const { return LocalName(fd()); }

}  // namespace signpost::net
