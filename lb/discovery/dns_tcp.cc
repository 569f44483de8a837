// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_tcp.h"

#include <array>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/random.h"

namespace signpost::lb {
namespace {

// A question is not asked again on more fresh connections than this when none of them brought anything.
constexpr uint32_t kMaxTries = 2;

std::string HostOf(const net::SocketAddress& address) {
  const std::string text = address.ToString();
  const std::string host = text.substr(0, text.rfind(':'));
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

uint16_t RandomId() { return static_cast<uint16_t>(RandomSeed()); }

DnsTcp::DnsTcp(net::Loop& loop, const net::SocketAddress& server, Millis connect_timeout)
    : loop_(loop), server_(server), connect_timeout_(connect_timeout), idle_(loop, [this] {
        if (open_.empty()) stream_.reset();
      }) {}

DnsTcp::~DnsTcp() = default;

uint64_t DnsTcp::Ask(dns::Question question, OnDone on_done) {
  const uint64_t token = ++last_token_;
  Open& open = open_[token];
  open.question = std::move(question);
  open.on_done = std::move(on_done);
  idle_.Stop();
  if (stream_) {
    Send(token, open);
  } else {
    Connect();
  }
  return token;
}

void DnsTcp::Connect() {
  if (connecting_ || stream_) return;
  connecting_ = net::Connection::Start(loop_, HostOf(server_), server_.port(), connect_timeout_,
                                       [this](auto result) { OnConnected(std::move(result)); });
}

void DnsTcp::OnConnected(Result<std::unique_ptr<net::TcpStream>> result) {
  const std::unique_ptr<net::Connection> done = std::move(connecting_);  // its callback is running
  if (!result.ok()) {
    for (auto& [token, open] : open_) open.tries = kMaxTries;  // refused once is refused
    OnLost(result.status());
    return;
  }
  stream_ = std::move(result).value();
  input_.clear();
  answered_ = false;
  stream_->SetHandlers({.on_data = [this](std::span<const uint8_t> bytes) { OnData(bytes); },
                        .on_end =
                            [this](const Status& status) {
                              OnLost(status.ok() ? Status::Unavailable("closed by " + server_.ToString()) : status);
                            },
                        .on_drained = nullptr});
  stream_->StartReading();
  SendWaiting();
  Later();
}

void DnsTcp::SendWaiting() {
  for (auto& [token, open] : open_) {
    if (!open.sent) Send(token, open);
  }
}

void DnsTcp::Send(uint64_t token, Open& open) {
  do {
    open.id = RandomId();
  } while (by_id_.contains(open.id));  // far fewer are open than there are ids
  const auto message = dns::BuildQuery(open.id, open.question, 0);
  open.sent = true;
  if (!message.ok()) return;  // DnsClient has built it before
  std::array<uint8_t, 2> length{};
  StoreU16(length.data(), static_cast<uint16_t>(message.value().size()));
  by_id_[open.id] = token;
  stream_->Write(length, message.value());
}

void DnsTcp::OnData(std::span<const uint8_t> bytes) {
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  size_t at = 0;
  const net::TcpStream* const stream = stream_.get();
  while (stream_.get() == stream && input_.size() - at >= 2) {
    const size_t size = LoadU16(&input_[at]);
    if (input_.size() - at < 2 + size) break;
    const std::vector<uint8_t> frame(input_.begin() + static_cast<ptrdiff_t>(at + 2),
                                     input_.begin() + static_cast<ptrdiff_t>(at + 2 + size));
    at += 2 + size;
    OnFrame(frame);
  }
  if (stream_.get() != stream) return;
  input_.erase(input_.begin(), input_.begin() + static_cast<ptrdiff_t>(at));
  Later();
}

void DnsTcp::OnFrame(std::span<const uint8_t> frame) {
  const uint16_t id = frame.size() >= 2 ? LoadU16(frame.data()) : uint16_t{0};
  const auto at = by_id_.find(id);
  if (frame.size() < 2 || at == by_id_.end()) return;  // late, or nonsense
  const uint64_t token = at->second;
  answered_ = true;
  Finish(token, dns::ReadAnswer(frame, id, open_[token].question));
}

void DnsTcp::OnLost(const Status& why) {
  const std::unique_ptr<net::TcpStream> dead = std::move(stream_);  // its callback may be running
  by_id_.clear();
  std::vector<uint64_t> failed;
  for (auto& [token, open] : open_) {
    if (!answered_ && ++open.tries >= kMaxTries) failed.push_back(token);
    open.sent = false;
  }
  answered_ = false;
  for (const uint64_t token : failed) Finish(token, why);
  if (!open_.empty()) Connect();
}

void DnsTcp::GiveUp(uint64_t token) {
  const bool was_sent = open_.contains(token) && open_[token].sent;
  Cancel(token);
  if (stream_ && was_sent) OnLost(Status::Unavailable(server_.ToString() + ": i/o timeout"));
}

void DnsTcp::Cancel(uint64_t token) {
  const auto at = open_.find(token);
  if (at == open_.end()) return;
  if (at->second.sent) by_id_.erase(at->second.id);
  open_.erase(at);
  Later();
}

void DnsTcp::Finish(uint64_t token, Result<dns::Answer> result) {
  const auto at = open_.find(token);
  if (at == open_.end()) return;  // cancelled by a callback before this one
  const OnDone on_done = std::move(at->second.on_done);
  if (at->second.sent) by_id_.erase(at->second.id);
  open_.erase(at);
  on_done(std::move(result));
}

void DnsTcp::Later() {
  if (stream_ && open_.empty()) idle_.Start(kIdle);
}

}  // namespace signpost::lb
