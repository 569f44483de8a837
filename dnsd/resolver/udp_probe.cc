// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/udp_probe.h"

#include <utility>

#include "common/base/secure_random.h"
#include "dnsd/resolver/reply.h"

namespace signpost::resolver {

UdpProbe::UdpProbe(net::Loop& loop, Deadlines& deadlines, const net::SocketAddress& to, Question question,
                   std::span<const uint8_t> hop, Millis limit, OnDone on_done)
    : deadlines_(deadlines),
      question_(std::move(question)),
      id_(SecureU16()),
      sent_(deadlines.now()),
      on_done_(std::move(on_done)) {
  auto socket = net::UdpClient::Connect(
      loop, to,
      {.on_datagram = [this](std::span<const uint8_t> bytes) { OnDatagram(bytes); },
       .on_error = [this](const Status& status) { Finish({.rtt_ms = std::nullopt, .unreachable = status}); }});
  if (socket.ok()) {
    socket_ = std::move(socket).value();
    unreachable_ = socket_->Send(BuildQuery({.question = question_, .id = id_, .with_edns = !hop.empty()}, hop));
  } else {
    unreachable_ = socket.status();
  }
  deadlines_.Arm(limit_, unreachable_.ok() ? limit : Millis(1));
}

void UdpProbe::OnDatagram(std::span<const uint8_t> bytes) {
  const Reply reply = ReadReply(bytes, {.question = question_, .id = id_, .with_edns = false}, {}, deadlines_.now_ms());
  if (reply.verdict == ReplyVerdict::kIgnore) return;
  Finish({.rtt_ms = std::chrono::duration<double, std::milli>(deadlines_.now() - sent_).count(), .unreachable = {}});
}

void UdpProbe::Finish(const Result& result) {
  const OnDone done = std::exchange(on_done_, nullptr);
  if (done) done(result);
}

void UdpProbe::OnDeadline(net::Deadline& /*deadline*/) {
  const Status unreachable = unreachable_;
  Finish({.rtt_ms = std::nullopt, .unreachable = unreachable});
}

}  // namespace signpost::resolver
