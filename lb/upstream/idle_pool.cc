// Signpost. Apache-2.0; see LICENSE.
#include "lb/upstream/idle_pool.h"

#include <algorithm>
#include <utility>

namespace signpost::lb {
namespace {

constexpr size_t kSpare = 64;

}  // namespace

struct IdlePool::Idle final : net::SocketOwner, net::DeadlineOwner {
  explicit Idle(IdlePool& pool_in) : pool(pool_in) {}

  void OnReady(net::StreamSocket& socket) override {
    if (!pool.Quiet(socket)) pool.Drop(*this);
  }
  void OnDeadline(net::Deadline& /*deadline*/) override { pool.Drop(*this); }

  IdlePool& pool;
  std::unique_ptr<UpstreamConnection> connection;
  net::Deadline until{*this};
};

IdlePool::IdlePool(net::Reactor& reactor) : reactor_(reactor) {}
IdlePool::~IdlePool() = default;

std::unique_ptr<UpstreamConnection> IdlePool::Take(const Endpoint& endpoint) {
  const auto found = idle_.find(&endpoint);
  if (found == idle_.end()) return nullptr;
  Stack& stack = found->second;
  while (!stack.empty()) {
    std::unique_ptr<Idle> last = std::move(stack.back());
    stack.pop_back();
    std::unique_ptr<UpstreamConnection> connection = Empty(std::move(last));
    if (!Quiet(*connection->socket)) continue;
    counters_.reused.Add();
    return connection;
  }
  return nullptr;
}

void IdlePool::Keep(std::unique_ptr<UpstreamConnection> connection, const ServiceSettings& settings) {
  if (settings.keepalive == 0 || connection->endpoint->removed() != Millis(0)) return;
  if (settings.keepalive_requests > 0 && connection->requests >= settings.keepalive_requests) return;
  if (!Quiet(*connection->socket)) return;
  Stack& stack = idle_[connection->endpoint.get()];
  while (stack.size() >= settings.keepalive) {
    const std::unique_ptr<Idle> oldest = std::move(stack.front());
    stack.erase(stack.begin());
    --size_;
  }
  std::unique_ptr<Idle> idle;
  if (spare_.empty()) {
    idle = std::make_unique<Idle>(*this);
  } else {
    idle = std::move(spare_.back());
    spare_.pop_back();
  }
  connection->socket->SetOwner(*idle);
  idle->connection = std::move(connection);
  reactor_.Arm(idle->until, settings.keepalive_idle);
  stack.push_back(std::move(idle));
  ++size_;
  counters_.kept.Add();
}

void IdlePool::DropRemoved() {
  for (auto at = idle_.begin(); at != idle_.end();) {
    const Stack& stack = at->second;
    if (stack.empty() || stack.front()->connection->endpoint->removed() != Millis(0)) {
      size_ -= stack.size();
      at = idle_.erase(at);
    } else {
      ++at;
    }
  }
}

void IdlePool::Clear() {
  idle_.clear();
  size_ = 0;
}

// Whether nothing has come: no bytes, no end. What has come is counted.
bool IdlePool::Quiet(net::StreamSocket& socket) {
  uint8_t byte = 0;
  const net::IoResult seen = socket.Peek({&byte, 1});
  if (seen.kind == net::Io::kWait) return true;
  (seen.kind == net::Io::kBytes ? counters_.unsolicited : counters_.lost).Add();
  return false;
}

void IdlePool::Drop(Idle& idle) {
  const auto found = idle_.find(idle.connection->endpoint.get());
  Stack& stack = found->second;
  const auto place = std::find_if(stack.begin(), stack.end(), [&](const auto& one) { return one.get() == &idle; });
  const std::unique_ptr<Idle> dropped = std::move(*place);
  stack.erase(place);
  --size_;
  if (stack.empty()) idle_.erase(found);
}

std::unique_ptr<UpstreamConnection> IdlePool::Empty(std::unique_ptr<Idle> idle) {
  std::unique_ptr<UpstreamConnection> connection = std::move(idle->connection);
  idle->until.Cancel();
  --size_;
  if (spare_.size() < kSpare) spare_.push_back(std::move(idle));
  return connection;
}

}  // namespace signpost::lb
