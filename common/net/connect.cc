// Signpost. Apache-2.0; see LICENSE.
#include "common/net/connect.h"

#include <netdb.h>

#include <algorithm>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "common/net/handle.h"
#include "common/net/poll.h"
#include "common/net/socket.h"
#include "common/net/tcp_stream.h"

namespace signpost::net {
namespace {

// A name with more addresses than this is tried at the first ones only.
constexpr size_t kMaxAddresses = 16;

Status Failure(const SocketAddress& address, std::string_view reason) {
  return Status::Unavailable(address.ToString() + ": " + std::string(reason));
}

// The kernel may join a socket with itself when the target's port is the one it has just drawn for us.
bool ConnectedToItself(int fd, const SocketAddress& target) { return LocalName(fd) == target; }

// What a resolver's thread and the loop share. A lookup cannot be hastened or stopped, so its thread is left alone when
// nobody waits any more.
struct Lookup {
  std::mutex mutex;
  Loop* loop = nullptr;  // guarded by mutex; null: nobody waits
};

std::vector<SocketAddress> Addresses(const addrinfo* found, uint16_t port) {
  std::vector<SocketAddress> out;
  for (; found != nullptr && out.size() < kMaxAddresses; found = found->ai_next) {
    SocketAddress address = SocketAddress::From(found->ai_addr, found->ai_addrlen);
    if (address.empty()) continue;
    address.set_port(port);
    out.push_back(address);
  }
  return out;
}

// The addresses of `host`, or the resolver's error.
std::pair<int, std::vector<SocketAddress>> Resolve(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  std::pair<int, std::vector<SocketAddress>> result;
  result.first = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (result.first != 0) return result;
  result.second = Addresses(found, port);
  freeaddrinfo(found);
  return result;
}

}  // namespace

struct Connection::Impl : std::enable_shared_from_this<Impl> {
  Impl(Loop& owner, std::string name, uint16_t number, Millis limit, OnDone callback)
      : loop(owner),
        host(std::move(name)),
        port(number),
        deadline(owner.Now() + limit),
        on_done(std::move(callback)),
        timer(owner, [this] { OnTimer(); }) {}

  void Begin(Millis limit);
  void StartLookup();
  void OnResolved(int error, std::vector<SocketAddress> found);
  void TryNext();
  void StartConnect(const SocketAddress& address);
  void OnReady();
  void OnTimer();
  void Finish(Result<std::unique_ptr<TcpStream>> result);
  // Nobody wants the result any more.
  void Abandon();

  Loop& loop;
  const std::string host;
  const uint16_t port;
  const Millis deadline;
  OnDone on_done;
  Timer timer;
  std::shared_ptr<Lookup> lookup;
  std::vector<SocketAddress> targets;  // reversed: the next one is the last
  SocketAddress target;                // tried now; empty while looking up
  UniqueFd fd;
  std::unique_ptr<Poll> writable;
  Status failure;  // of the last try
};

void Connection::Impl::Begin(Millis limit) {
  const bool v6 = host.find(':') != std::string::npos;
  const std::string text = (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  const Result<SocketAddress> address = SocketAddress::Parse(text, 0);
  if (!address.ok()) {
    timer.Start(limit);
    StartLookup();
    return;
  }
  targets.push_back(address.value());
  timer.Start(Millis(0));  // the attempt begins in OnTimer, so that nothing is called from inside Start
}

// On a thread of its own: libuv's few would all be taken by a few names whose servers do not answer.
void Connection::Impl::StartLookup() {
  lookup = std::make_shared<Lookup>();
  lookup->loop = &loop;
  const auto work = [shared = lookup, weak = weak_from_this(), name = host, number = port] {
    auto result = Resolve(name, number);
    const std::lock_guard lock(shared->mutex);
    if (shared->loop == nullptr) return;
    shared->loop->Post([weak, result = std::move(result)]() mutable {
      if (const auto self = weak.lock()) self->OnResolved(result.first, std::move(result.second));
    });
  };
  try {
    std::thread(work).detach();
  } catch (const std::system_error& error) {
    failure = Status::Unavailable("lookup " + host + ": " + error.code().message());
    timer.Start(Millis(0));
  }
}

void Connection::Impl::OnResolved(int error, std::vector<SocketAddress> found) {
  if (!on_done) return;  // given up meanwhile
  const bool unknown = error == 0 || error == EAI_NONAME || error == EAI_NODATA;
  failure = Status::Unavailable("lookup " + host + ": " + (unknown ? "no such host" : gai_strerror(error)));
  targets = std::move(found);
  std::reverse(targets.begin(), targets.end());
  TryNext();
}

void Connection::Impl::Abandon() {
  on_done = nullptr;
  if (!lookup) return;
  const std::lock_guard lock(lookup->mutex);
  lookup->loop = nullptr;
}

void Connection::Impl::TryNext() {
  writable.reset();
  fd.Reset();
  if (targets.empty()) {
    Finish(failure);
    return;
  }
  target = targets.back();
  const auto share = (deadline - loop.Now()) / static_cast<int64_t>(targets.size());
  targets.pop_back();
  timer.Start(std::max(share, Millis(1)));
  StartConnect(target);
}

void Connection::Impl::StartConnect(const SocketAddress& address) {
  fd = UniqueFd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (fd.get() < 0) {
    failure = Failure(address, "socket: " + std::string(uv_strerror(-errno)));
    TryNext();
    return;
  }
  if (connect(fd.get(), address.get(), address.length()) != 0 && errno != EINPROGRESS) {
    failure = Failure(address, "connect: " + std::string(uv_strerror(-errno)));
    TryNext();
    return;
  }
  writable = std::make_unique<Poll>(loop, fd.get(), [this](unsigned /*events*/) { OnReady(); });
  writable->Start(kWritable);
}

void Connection::Impl::OnReady() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error == 0 && ConnectedToItself(fd.get(), target)) error = ECONNREFUSED;
  if (error != 0) {
    failure = Failure(target, "connect: " + std::string(uv_strerror(-error)));
    TryNext();
    return;
  }
  writable.reset();
  Finish(std::make_unique<TcpStream>(TcpStream::Impl::Adopt(loop, fd.Release(), target)));
}

void Connection::Impl::OnTimer() {
  if (target.empty() && targets.empty()) {  // still looking up, or that failed at once
    Finish(failure.ok() ? Status::Unavailable("lookup " + host + ": i/o timeout") : failure);
    return;
  }
  if (!target.empty()) failure = Failure(target, "i/o timeout");
  TryNext();
}

void Connection::Impl::Finish(Result<std::unique_ptr<TcpStream>> result) {
  timer.Stop();
  const OnDone callback = std::exchange(on_done, nullptr);
  if (callback) callback(std::move(result));
}

std::unique_ptr<Connection> Connection::Start(Loop& loop, const std::string& host, uint16_t port, Millis limit,
                                              OnDone on_done) {
  auto impl = std::make_shared<Impl>(loop, host, port, limit, std::move(on_done));
  impl->Begin(limit);
  return std::make_unique<Connection>(std::move(impl));
}

Connection::Connection(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Connection::~Connection() {
  impl_->Abandon();
  impl_->writable.reset();
  impl_->fd.Reset();
  impl_->timer.Stop();
}

}  // namespace signpost::net
