// Signpost. Apache-2.0; see LICENSE.
#include "common/net/udp_client.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "common/net/handle.h"
#include "common/net/poll.h"
#include "common/net/socket.h"
#include "common/net/unique_fd.h"

namespace signpost::net {
namespace {

// Datagrams read per readiness event, so that a flood does not starve the loop.
constexpr int kRounds = 16;

Status Failure(const SocketAddress& peer, int error_number) {
  std::string text = "udp " + peer.ToString() + ": " + std::strerror(error_number);
  switch (error_number) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EAGAIN:  // of connect: no free port
      return Status::Limit(std::move(text));
    default:
      return Status::Unavailable(std::move(text));
  }
}

}  // namespace

struct UdpClient::Impl : std::enable_shared_from_this<Impl> {
  Impl(Loop& owner, UniqueFd socket, const SocketAddress& address, Handlers callbacks)
      : loop(owner), fd(std::move(socket)), peer(address), handlers(std::move(callbacks)) {
    poll.emplace(loop, fd.get(), [this](unsigned /*events*/) { OnReady(); });
    poll->Start(kReadable);
  }

  void OnReady() {
    const std::shared_ptr<Impl> keep = shared_from_this();  // a handler may destroy the socket
    // The loop's buffer for reading is free between two callbacks of libuv; handlers copy what they keep.
    std::unique_ptr<char[]>& shared = loop.impl().read_buffer;
    if (!shared) shared = std::make_unique_for_overwrite<char[]>(Loop::Impl::kReadBuffer);
    char* const buffer = shared.get();
    static_assert(Loop::Impl::kReadBuffer >= kMaxReceive);
    for (int round = 0; round < kRounds && !closed; ++round) {
      const ssize_t size = recv(fd.get(), buffer, kMaxReceive, MSG_DONTWAIT);
      if (size >= 0) {
        handlers.on_datagram({reinterpret_cast<const uint8_t*>(buffer), static_cast<size_t>(size)});
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return;
      } else if (errno != EINTR) {
        handlers.on_error(Failure(peer, errno));
      }
    }
  }

  Loop& loop;
  UniqueFd fd;
  const SocketAddress peer;
  const Handlers handlers;
  bool closed = false;
  std::optional<Poll> poll;  // after fd: gone before the descriptor closes
};

Result<std::unique_ptr<UdpClient>> UdpClient::Connect(Loop& loop, const SocketAddress& peer, Handlers handlers) {
  UniqueFd fd(socket(peer.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0 || connect(fd.get(), peer.get(), peer.length()) != 0) return Failure(peer, errno);
  return std::make_unique<UdpClient>(std::make_shared<Impl>(loop, std::move(fd), peer, std::move(handlers)));
}

UdpClient::UdpClient(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

UdpClient::~UdpClient() {
  impl_->closed = true;
  impl_->poll.reset();
}

Status UdpClient::Send(std::span<const uint8_t> payload) {
  impl_->loop.AssertInLoop();
  if (send(impl_->fd.get(), payload.data(), payload.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return Status::Ok();
  // ECONNREFUSED is what an earlier datagram met: this one was not sent, and on_error would not tell it again.
  const bool lost = errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == EINTR;
  return lost ? Status::Ok() : Failure(impl_->peer, errno);
}

const SocketAddress& UdpClient::peer() const { return impl_->peer; }

SocketAddress UdpClient::local() const { return LocalName(impl_->fd.get()); }

}  // namespace signpost::net
