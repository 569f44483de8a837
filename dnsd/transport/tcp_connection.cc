// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/transport/tcp_connection.h"

#include <utility>

#include "common/base/bytes.h"
#include "dnsd/wire/protocol.h"

namespace signpost::transport {
namespace {

constexpr size_t kPrefix = 2;  // RFC 1035 4.2.2
constexpr auto kTcp = static_cast<size_t>(query::Transport::kTcp);

}  // namespace

TcpService::Connection::Connection(TcpService& service, std::unique_ptr<net::TcpStream> stream)
    : service_(service), stream_(std::move(stream)), peer_(stream_->peer()), last_activity_(service.loop_.Now()) {}

void TcpService::Connection::Start(Place place) {
  place_ = place;
  // The stream belongs to this connection, so its callbacks cannot outlive it; each holds a reference while it runs.
  stream_->SetHandlers({
      .on_data =
          [this](std::span<const uint8_t> data) {
            const auto self = shared_from_this();
            OnData(data);
          },
      .on_end =
          [this](const Status& status) {
            const auto self = shared_from_this();
            OnEnd(status);
          },
      .on_drained =
          [this] {
            const auto self = shared_from_this();
            OnDrained();
          },
  });
  stream_->StartReading();
}

bool TcpService::Connection::CloseAfterDrain() {
  if (!stream_) return false;
  const bool busy = stream_->queued() > 0;
  net::TcpStream::CloseAfterDrain(std::move(stream_));
  return busy;
}

TcpService::Connection::Late TcpService::Connection::Overdue(Millis now, Millis idle_timeout,
                                                             Millis message_timeout) const {
  const bool output_stuck = stream_ && stream_->queued() > 0;
  if (message_begun_.count() >= 0 && !output_stuck && now - message_begun_ > message_timeout) return Late::kSlow;
  if (waiting_ > 0 || now - last_activity_ <= idle_timeout) return Late::kNo;
  return output_stuck ? Late::kSlow : Late::kIdle;
}

void TcpService::Connection::OnData(std::span<const uint8_t> data) {
  last_activity_ = service_.loop_.Now();
  service_.Touch(*this);
  input_.insert(input_.end(), data.begin(), data.end());
  Work();
}

void TcpService::Connection::OnDrained() {
  last_activity_ = service_.loop_.Now();
  if (!stream_) return;
  if (!ended_) stream_->StartReading();
  Work();
}

void TcpService::Connection::Work() {
  size_t used = 0;
  while (stream_ && stream_->queued() <= kOutputLimit && input_.size() - used >= kPrefix) {
    const size_t length = LoadU16(&input_[used]);
    if (length >= wire::kHeaderSize && input_.size() - used < kPrefix + length) break;
    service_.handler_.counters().received[kTcp].Add();
    const size_t available = std::min(length, input_.size() - used - kPrefix);
    if (!HandleMessage(std::span(input_).subspan(used + kPrefix, available))) {
      // What was answered before still goes out.
      service_.counters_.closed_framing.Add();
      Finish(/*drain=*/true);
      return;
    }
    used += kPrefix + length;
  }
  if (!stream_) return;
  input_.erase(input_.begin(), input_.begin() + static_cast<ptrdiff_t>(used));
  if (input_.empty()) input_ = std::vector<uint8_t>();
  if (input_.empty()) {
    message_begun_ = Millis(-1);
  } else if (used > 0 || message_begun_.count() < 0) {
    message_begun_ = service_.loop_.Now();
  }
  if (stream_->queued() > kOutputLimit) stream_->PauseReading();
  service_.after_batch_();
  FinishIfDone();
}

// False for what no client of ours would send: the framing cannot be trusted any more.
bool TcpService::Connection::HandleMessage(std::span<const uint8_t> message) {
  const Nanos start = SystemClock().Monotonic();
  const query::Context context{.transport = query::Transport::kTcp,
                               .now_ms = static_cast<uint64_t>(service_.loop_.Now().count()),
                               .wall_s = WallSeconds(SystemClock()),
                               .peer_ip = peer_.ip(),
                               .keepalive_tenths = static_cast<uint16_t>(service_.options_.idle_timeout.count() / 100)};
  const query::Reply reply = service_.handler_.Handle(message, context, service_.answer_);
  if (reply.drop) return false;
  if (reply.wanted) {
    Park(message, context, *reply.wanted);
  } else {
    service_.handler_.counters().RecordLatency(static_cast<uint64_t>((SystemClock().Monotonic() - start).count()), 1);
    SendAnswer(std::span(service_.answer_).first(reply.size));
  }
  return true;
}

void TcpService::Connection::Park(std::span<const uint8_t> message, const query::Context& context,
                                  const query::Want& want) {
  ++waiting_;
  service_.waiting_.Park(message, context, want, [weak = weak_from_this()](std::span<const uint8_t> answer) {
    const auto self = weak.lock();
    if (!self || !self->stream_) return;
    --self->waiting_;
    self->SendAnswer(answer);
    self->FinishIfDone();
  });
}

void TcpService::Connection::SendAnswer(std::span<const uint8_t> answer) {
  uint8_t prefix[kPrefix];
  StoreU16(prefix, static_cast<uint16_t>(answer.size()));
  stream_->Write(prefix, answer);
  last_activity_ = service_.loop_.Now();
}

void TcpService::Connection::OnEnd(const Status& status) {
  ended_ = true;
  if (!status.ok()) {
    Finish(/*drain=*/false);
  } else {
    FinishIfDone();
  }
}

// A client that closed its half still gets its answers (W217).
void TcpService::Connection::FinishIfDone() {
  if (ended_ && stream_ && waiting_ == 0 && stream_->queued() <= kOutputLimit) Finish(/*drain=*/true);
}

void TcpService::Connection::Finish(bool drain) {
  if (!stream_) return;
  if (drain) {
    net::TcpStream::CloseAfterDrain(std::move(stream_));
  } else {
    stream_.reset();
  }
  service_.Remove(*this);
}

}  // namespace signpost::transport
