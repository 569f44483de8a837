// Signpost. Apache-2.0; see LICENSE.
#include "lb/listener_set.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "common/base/log.h"
#include "common/net/acceptor.h"
#include "common/net/tcp.h"

namespace signpost::lb {
namespace {

constexpr uint16_t kFirstFreePort = 1024;  // for everybody, unless the host's sysctl says otherwise

}  // namespace

std::string_view ListenerStateName(ListenerSet::State state) {
  switch (state) {
    case ListenerSet::State::kBound:
      return "bound";
    case ListenerSet::State::kRetrying:
      return "retrying";
    case ListenerSet::State::kWaiting:
      return "waiting";
  }
  return "";
}

// With SO_REUSEPORT another program of this user would share the port in silence and take half of the connections.
Result<net::UniqueFd> ListenerSet::BindListener(const net::SocketAddress& address, bool alone) {
  if (alone) {
    if (Status free = net::TcpListener::Probe(address); !free.ok()) return free;
  }
  return net::ListenTcp(address, /*reuse_port=*/true);
}

ListenerSet::ListenerSet(net::Loop& loop, ListenerHost& host, uint64_t seed, Bind bind)
    : loop_(loop), host_(host), random_(seed), bind_(std::move(bind)), retry_(loop, [this] { Retry(); }) {}

ListenerSet::~ListenerSet() = default;

void ListenerSet::Inherit(std::vector<PassedSocket> sockets) {
  for (PassedSocket& socket : sockets) inherited_.emplace(socket.address.ToString(), std::move(socket.fd));
}

void ListenerSet::Hold() { held_ = true; }

void ListenerSet::Release() {
  if (!held_) return;
  held_ = false;
  for (auto& [key, listener] : listeners_) Open(listener);
  inherited_.clear();
  Schedule();
}

void ListenerSet::Follow(const std::vector<ListenerPlan>& plans) {
  const auto address_of = [](const ListenerPlan& plan) -> const net::SocketAddress& { return plan.address; };
  if (std::ranges::equal(plans, followed_, {}, address_of)) return;
  followed_.clear();
  std::ranges::transform(plans, std::back_inserter(followed_), address_of);
  std::set<std::string> wanted;
  for (const ListenerPlan& plan : plans) {
    std::string key = plan.address.ToString();
    const auto [at, is_new] = listeners_.try_emplace(key);
    wanted.insert(std::move(key));
    if (!is_new) continue;
    at->second.status = {.address = plan.address, .state = State::kWaiting, .reason = "", .sockets = 0};
    if (!held_) Open(at->second);
  }
  for (auto at = listeners_.begin(); at != listeners_.end();) {
    if (wanted.contains(at->first)) {
      ++at;
      continue;
    }
    if (at->second.status.state == State::kBound) {
      host_.CloseSockets(at->second.status.address);
      LogInfo("no longer listens on " + at->first);
    }
    at = listeners_.erase(at);
  }
  Schedule();
}

void ListenerSet::Clear() {
  followed_.clear();
  listeners_.clear();
  inherited_.clear();
  retry_.Stop();
}

void ListenerSet::Open(Listener& listener) {
  const bool first = listener.status.state != State::kRetrying;
  const Status opened = OpenSockets(listener);
  listener.status.state = opened.ok() ? State::kBound : State::kRetrying;
  listener.status.reason = opened.text();
  const std::string name = listener.status.address.ToString();
  if (opened.ok()) {
    listener.backoff.Reset();
    LogInfo("listens on " + name);
    return;
  }
  listener.retry_at = loop_.Now() + listener.backoff.Next(random_);
  if (!first) return;
  const bool low = listener.status.address.port() < kFirstFreePort;
  LogWarn(opened.text() + "; tried again until it works; `ss -ltnp` shows who holds the port" +
          (low ? ", and without root it takes CAP_NET_BIND_SERVICE" : ""));
}

// The inherited ones first: they must all be served, for connections are waiting in them. The rest of the workers get
// new ones beside them.
Status ListenerSet::OpenSockets(Listener& listener) {
  std::vector<net::UniqueFd> sockets;
  const std::string key = listener.status.address.ToString();
  for (auto at = inherited_.find(key); at != inherited_.end(); at = inherited_.find(key)) {
    sockets.push_back(std::move(at->second));
    inherited_.erase(at);
  }
  net::SocketAddress address = listener.status.address;
  while (sockets.size() < host_.workers()) {
    auto socket = bind_(address, /*alone=*/sockets.empty());
    // With some, not all workers serve: better than losing what waits in those that were inherited.
    if (!socket.ok() && !sockets.empty()) break;
    if (!socket.ok()) return socket.status();
    sockets.push_back(std::move(socket).value());
  }
  listener.descriptors.clear();
  for (size_t i = 0; i < sockets.size(); ++i) {
    listener.descriptors.push_back(sockets[i].get());
    host_.ServeSocket(i % host_.workers(), listener.status.address, std::move(sockets[i]));
  }
  listener.status.sockets = sockets.size();
  return Status::Ok();
}

void ListenerSet::Retry() {
  for (auto& [key, listener] : listeners_) {
    if (listener.status.state == State::kRetrying && listener.retry_at <= loop_.Now()) Open(listener);
  }
  Schedule();
}

void ListenerSet::RetryNow() {
  for (auto& [key, listener] : listeners_) {
    if (listener.status.state == State::kRetrying) listener.retry_at = loop_.Now();
  }
  Retry();
}

void ListenerSet::Schedule() {
  retry_.Stop();
  if (held_) return;
  const Millis never = Millis::max();
  Millis next = never;
  for (const auto& [key, listener] : listeners_) {
    if (listener.status.state == State::kRetrying) next = std::min(next, listener.retry_at);
  }
  if (next != never) retry_.Start(std::max(Millis(1), next - loop_.Now()));
}

const ListenerSet::ListenerStatus* ListenerSet::Find(const net::SocketAddress& address) const {
  const auto at = listeners_.find(address.ToString());
  return at == listeners_.end() ? nullptr : &at->second.status;
}

std::vector<ListenerSet::ListenerStatus> ListenerSet::statuses() const {
  std::vector<ListenerStatus> all;
  for (const auto& [key, listener] : listeners_) all.push_back(listener.status);
  return all;
}

std::vector<std::pair<net::SocketAddress, int>> ListenerSet::descriptors() const {
  std::vector<std::pair<net::SocketAddress, int>> all;
  for (const auto& [key, listener] : listeners_) {
    for (const int fd : listener.descriptors) all.emplace_back(listener.status.address, fd);
  }
  return all;
}

}  // namespace signpost::lb
