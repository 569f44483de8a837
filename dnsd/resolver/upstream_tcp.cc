// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/upstream_tcp.h"

#include <array>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/secure_random.h"

namespace signpost::resolver {
namespace {

constexpr size_t kPrefix = 2;  // RFC 1035 4.2.2

// "192.0.2.1" or "fe80::1%eth0": the address without brackets and port.
std::string HostOf(const net::SocketAddress& address) {
  const std::string text = address.ToString();
  const size_t end = text.rfind(':');
  return text.front() == '[' ? text.substr(1, end - 2) : text.substr(0, end);
}

}  // namespace

UpstreamTcp::UpstreamTcp(net::Loop& loop, Deadlines& deadlines, const net::SocketAddress& address)
    : loop_(loop), deadlines_(deadlines), address_(address), host_(HostOf(address)) {}

uint16_t UpstreamTcp::DrawId() const {
  uint16_t id = SecureU16();
  while (waiting_.contains(id)) id = SecureU16();  // far fewer wait than there are numbers
  return id;
}

void UpstreamTcp::Ask(uint16_t id, std::vector<uint8_t> message, Handlers handlers) {
  idle_.Cancel();
  Waiting& waiting = waiting_[id];
  waiting = {.message = std::move(message), .handlers = std::move(handlers), .asked = deadlines_.now()};
  if (stream_) {
    Write(waiting);
  } else if (!connection_) {
    Connect();
  }
}

void UpstreamTcp::Forget(uint16_t id, bool silent) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  const bool dead = silent && stream_ && last_received_ <= found->second.asked;
  waiting_.erase(found);
  if (dead) {
    OnBroken(Status::Unavailable("tcp " + address_.ToString() + ": no reply"));
  } else {
    RestWhenIdle();
  }
}

void UpstreamTcp::Connect() {
  connection_ = net::Connection::Start(loop_, host_, address_.port(), kConnectLimit,
                                       [this](auto result) { OnConnected(std::move(result)); });
}

void UpstreamTcp::OnConnected(Result<std::unique_ptr<net::TcpStream>> result) {
  const std::shared_ptr<UpstreamTcp> keep = shared_from_this();  // a handler may let go of the last upstream
  connection_.reset();
  if (!result.ok()) {
    std::vector<Handlers> failed;
    for (auto& [id, waiting] : std::exchange(waiting_, {})) failed.push_back(std::move(waiting.handlers));
    Fail(failed, result.status());
    return;
  }
  stream_ = std::move(result).value();
  replied_ = false;
  stream_->SetHandlers({.on_data = [this](std::span<const uint8_t> bytes) { OnData(bytes); },
                        .on_end = [this](const Status& status) { OnBroken(status); },
                        .on_drained = nullptr});
  stream_->StartReading();
  for (const auto& [id, waiting] : waiting_) Write(waiting);
  RestWhenIdle();
}

void UpstreamTcp::Write(const Waiting& waiting) {
  std::array<uint8_t, kPrefix> prefix{};
  StoreU16(prefix.data(), static_cast<uint16_t>(waiting.message.size()));
  stream_->Write(prefix, waiting.message);
}

void UpstreamTcp::OnData(std::span<const uint8_t> bytes) {
  const std::shared_ptr<UpstreamTcp> keep = shared_from_this();
  last_received_ = deadlines_.now();
  received_.insert(received_.end(), bytes.begin(), bytes.end());
  // Handlers may drop the connection and its bytes: those go on from a copy.
  std::vector<uint8_t> all = std::move(received_);
  std::span<const uint8_t> rest = all;
  const auto whole = [&] { return rest.size() >= kPrefix && rest.size() - kPrefix >= LoadU16(rest.data()); };
  std::vector<std::span<const uint8_t>> messages;
  while (whole()) {
    messages.push_back(rest.subspan(kPrefix, LoadU16(rest.data())));
    rest = rest.subspan(kPrefix + messages.back().size());
  }
  received_.assign(rest.begin(), rest.end());
  for (const std::span<const uint8_t> message : messages) OnMessage(message);
  RestWhenIdle();
}

void UpstreamTcp::OnMessage(std::span<const uint8_t> message) {
  if (message.size() < kPrefix) return;
  const uint16_t id = LoadU16(message.data());
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  const Handlers handlers = found->second.handlers;  // a copy: the entry may go while its handler runs
  if (!handlers.on_message(message)) return;
  replied_ = true;
  Forget(id, false);
}

void UpstreamTcp::OnBroken(const Status& status) {
  const std::shared_ptr<UpstreamTcp> keep = shared_from_this();
  stream_.reset();
  received_.clear();
  idle_.Cancel();
  std::vector<Handlers> failed;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    // Some servers close after each reply: with every connection fewer wait, and the tries' own limit bounds it.
    if (replied_ || !std::exchange(it->second.resent, true)) {
      ++it;
      continue;
    }
    failed.push_back(std::move(it->second.handlers));
    it = waiting_.erase(it);
  }
  if (!waiting_.empty()) Connect();
  Fail(failed, status.ok() ? Status::Unavailable("tcp " + address_.ToString() + ": closed") : status);
}

void UpstreamTcp::Fail(const std::vector<Handlers>& failed, const Status& status) {
  for (const Handlers& handlers : failed) handlers.on_failed(status);
}

void UpstreamTcp::RestWhenIdle() {
  if (stream_ && waiting_.empty() && !idle_.armed()) deadlines_.Arm(idle_, kIdle);
}

void UpstreamTcp::OnDeadline(net::Deadline& /*deadline*/) {
  if (waiting_.empty()) stream_.reset();
}

}  // namespace signpost::resolver
