// Signpost. Apache-2.0; see LICENSE.
#include "common/net/acceptor.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <utility>

#include "common/base/log.h"
#include "common/net/reactor_impl.h"
#include "common/net/socket.h"

namespace signpost::net {
namespace {

constexpr int kMostPerTurn = 16;
constexpr int kMostAtTheEnd = 4096;
constexpr Millis kPause{100};
constexpr std::chrono::minutes kWarnEvery{1};
constexpr rlim_t kReservedPart = 8;

bool OutOfResources(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

// The kernel gives the lowest free number: from this one on, few are left.
int FirstReserved() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT_MAX) return INT_MAX;
  return static_cast<int>(limit.rlim_cur - limit.rlim_cur / kReservedPart);
}

void SetInherited(int fd) {
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  KeepTcpAlive(fd);
}

}  // namespace

Result<UniqueFd> ListenTcp(const SocketAddress& address, bool reuse_port, int backlog) {
  Result<UniqueFd> fd = BindSocket(address, SOCK_STREAM, reuse_port ? ReusePort::kYes : ReusePort::kNo);
  if (!fd.ok()) return fd.status();
  SetInherited(fd.value().get());
  if (listen(fd.value().get(), backlog) != 0) return ListenError(SOCK_STREAM, address, errno);
  return fd;
}

struct Acceptor::Impl final : Watcher, DeadlineOwner, std::enable_shared_from_this<Impl> {
  Impl(Reactor& its_reactor, UniqueFd listener, AcceptCounters& its_counters, OnAccept handler)
      : reactor(its_reactor),
        fd(std::move(listener)),
        local(LocalName(fd.get())),
        counters(its_counters),
        on_accept(std::move(handler)) {
    reactor.loop().AssertInLoop();
  }

  void OnEvents(uint32_t /*events*/) override {
    const std::shared_ptr<Impl> keep = shared_from_this();  // the handler may destroy the acceptor
    const uint64_t turn = reactor.impl().turn;
    burst = turn == last_turn + 1 ? std::min(burst * 2, kMostPerTurn) : 1;
    last_turn = turn;
    for (int i = 0; i < burst && !closed; ++i) {
      if (!AcceptOne()) return;
    }
  }

  void AcceptAll() {
    const std::shared_ptr<Impl> keep = shared_from_this();
    for (int i = 0; i < kMostAtTheEnd && !closed; ++i) {
      if (!AcceptOne()) return;
    }
  }

  // Whether it is worth while to try another.
  bool AcceptOne() {
    sockaddr_in6 name{};
    socklen_t length = sizeof name;
    const int connection = accept4(fd.get(), reinterpret_cast<sockaddr*>(&name), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection >= 0) {
      counters.accepted.Add();
      on_accept(UniqueFd(connection), SocketAddress::From(reinterpret_cast<const sockaddr*>(&name), length));
      if (connection < first_reserved) return true;
      if (!closed) Pause();
      return false;
    }
    const int error = errno;
    if (OutOfResources(error)) Pause();
    if (error == EAGAIN) burst = 1;
    // ECONNABORTED and the network errors that accept(2) passes on are of that connection only.
    return error != EAGAIN && !OutOfResources(error);
  }

  void Pause() {
    reactor.impl().Remove(fd.get());
    PauseOn();
  }

  void PauseOn() {
    counters.out_of_descriptors.Add();
    reactor.Arm(resume, kPause);
    if (warned > Nanos(0) && reactor.Now() - warned < kWarnEvery) return;
    warned = reactor.Now();
    LogWarn("few file descriptors are left: connections to " + local.ToString() +
            " wait; raise the limit (ulimit -n, LimitNOFILE=)");
  }

  bool AreFewLeft() {
    first_reserved = FirstReserved();
    const UniqueFd next(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    return next.get() < 0 || next.get() >= first_reserved;
  }

  // Now, or as soon as the kernel has the memory for it.
  void Watch() {
    if (reactor.impl().Add(fd.get(), *this, EPOLLIN) != 0) reactor.Arm(resume, kPause);
  }

  void OnDeadline(Deadline& /*deadline*/) override {
    if (AreFewLeft()) {
      PauseOn();
    } else {
      Watch();
    }
  }

  void Close() {
    if (std::exchange(closed, true)) return;
    reactor.loop().AssertInLoop();
    reactor.impl().Remove(fd.get());
    resume.Cancel();
  }

  Reactor& reactor;
  UniqueFd fd;
  const SocketAddress local;
  AcceptCounters& counters;
  const OnAccept on_accept;
  Deadline resume{*this};
  Nanos warned{0};
  int first_reserved = FirstReserved();
  uint64_t last_turn = 0;
  int burst = 1;
  bool closed = false;
};

Acceptor::Acceptor(Reactor& reactor, UniqueFd listener, AcceptCounters& counters, OnAccept on_accept)
    : impl_(std::make_shared<Impl>(reactor, std::move(listener), counters, std::move(on_accept))) {
  impl_->Watch();
}

Acceptor::~Acceptor() { impl_->Close(); }

int Acceptor::fd() const { return impl_->fd.get(); }

const SocketAddress& Acceptor::local() const { return impl_->local; }

void Acceptor::AcceptAll() { impl_->AcceptAll(); }

UniqueFd Acceptor::Release() {
  impl_->Close();
  return std::move(impl_->fd);
}

}  // namespace signpost::net
