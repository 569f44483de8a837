// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/transport/tcp_service.h"

#include <algorithm>
#include <utility>

#include "dnsd/transport/tcp_connection.h"
#include "dnsd/wire/protocol.h"

namespace signpost::transport {
namespace {

constexpr Millis kSweepTick{100};

}  // namespace

Result<std::unique_ptr<TcpService>> TcpService::Listen(net::Loop& loop, const net::SocketAddress& address,
                                                       TcpOptions options, TcpBudget& budget, query::Handler& handler,
                                                       WaitingRoom& waiting, std::function<void()> after_batch) {
  std::unique_ptr<TcpService> service(new TcpService(loop, options, budget, handler, waiting, std::move(after_batch)));
  auto listener = net::TcpListener::Listen(loop, address, {.reuse_port = true},
                                           [raw = service.get()](auto stream) { raw->OnAccept(std::move(stream)); });
  if (!listener.ok()) return listener.status();
  service->listener_ = std::move(listener).value();
  return service;
}

TcpService::TcpService(net::Loop& loop, TcpOptions options, TcpBudget& budget, query::Handler& handler,
                       WaitingRoom& waiting, std::function<void()> after_batch)
    : loop_(loop),
      options_(options),
      budget_(budget),
      handler_(handler),
      waiting_(waiting),
      after_batch_(std::move(after_batch)),
      sweep_(loop, [this] { Sweep(); }),
      answer_(wire::kMaxMessage) {}

TcpService::~TcpService() {
  for (const auto& connection : connections_) {
    connection->Close();
    budget_.Close(connection->peer());
  }
}

bool TcpService::Drain() {
  bool busy = false;
  listener_.reset();
  for (auto& connection : std::exchange(connections_, {})) {
    busy |= connection->CloseAfterDrain();
    budget_.Close(connection->peer());
  }
  count_ = 0;
  return busy;
}

void TcpService::OnAccept(std::unique_ptr<net::TcpStream> stream) {
  counters_.accepted.Add();
  if (!budget_.Open(stream->peer())) {
    counters_.refused_client.Add();
    return;
  }
  if (budget_.over() && !connections_.empty()) {
    const auto most_idle = connections_.front();
    counters_.closed_for_room.Add();
    most_idle->Close();
    Remove(*most_idle);
  }
  auto connection = std::make_shared<Connection>(*this, std::move(stream));
  connections_.push_back(connection);
  connection->Start(std::prev(connections_.end()));
  count_ = connections_.size();
  if (!sweep_.running()) sweep_.StartPeriodic(kSweepTick);
}

void TcpService::Touch(Connection& connection) {
  connections_.splice(connections_.end(), connections_, connection.place());
}

void TcpService::Remove(Connection& connection) {
  budget_.Close(connection.peer());
  connections_.erase(connection.place());
  count_ = connections_.size();
  if (connections_.empty()) sweep_.Stop();
}

Millis TcpService::IdleTimeout() const {
  const size_t used = budget_.PercentUsed();
  if (used >= 90) return options_.idle_timeout / 10;
  if (used >= 50) return options_.idle_timeout / 2;
  return options_.idle_timeout;
}

void TcpService::Sweep() {
  const Millis idle = IdleTimeout();
  for (auto next = connections_.begin(); next != connections_.end();) {
    const auto connection = *next++;  // a reference of its own: removing may drop the last other one
    const auto late = connection->Overdue(loop_.Now(), idle, options_.message_timeout);
    if (late == Connection::Late::kNo) continue;
    (late == Connection::Late::kIdle ? counters_.closed_idle : counters_.closed_slow).Add();
    connection->Close();
    Remove(*connection);
  }
}

}  // namespace signpost::transport
