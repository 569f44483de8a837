// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/transport/udp_service.h"

#include <algorithm>
#include <array>

#include "common/base/clock.h"

namespace signpost::transport {
Result<std::unique_ptr<UdpService>> UdpService::Bind(net::Loop& loop, const net::SocketAddress& address,
                                                     query::Handler& handler, WaitingRoom& waiting,
                                                     std::function<void()> after_batch) {
  std::unique_ptr<UdpService> service(new UdpService(loop, handler, waiting, std::move(after_batch)));
  auto socket = net::UdpSocket::Bind(loop, address, [raw = service.get()](auto batch) { raw->OnBatch(batch); });
  if (!socket.ok()) return socket.status();
  service->socket_ = std::move(socket).value();
  return service;
}

void UdpService::OnBatch(std::span<net::UdpDatagram> batch) {
  const Nanos start = SystemClock().Monotonic();
  query::Context context{.transport = query::Transport::kUdp,
                         .now_ms = static_cast<uint64_t>(loop_.Now().count()),
                         .wall_s = WallSeconds(SystemClock())};
  handler_.Prefetch(batch);
  uint64_t answered = 0;
  for (net::UdpDatagram& datagram : batch) {
    context.peer_ip = datagram.peer.ip();
    answered += Answer(datagram, context) ? 1 : 0;
  }
  // The whole batch leaves together, so its time is each answer's time.
  const auto nanos = static_cast<uint64_t>((SystemClock().Monotonic() - start).count());
  handler_.counters().RecordLatency(nanos, answered);
  after_batch_();
}

bool UdpService::Answer(net::UdpDatagram& datagram, const query::Context& context) {
  constexpr auto kUdp = static_cast<size_t>(query::Transport::kUdp);
  query::Counters& counters = handler_.counters();
  counters.received[kUdp].Add();
  if (WouldBounce(datagram.peer)) {
    counters.dropped[kUdp][static_cast<size_t>(query::Drop::kPort)].Add();
    return false;
  }
  const query::Reply reply = handler_.Handle(datagram.payload, context, datagram.reply);
  datagram.reply_size = reply.size;
  if (reply.wanted) Park(datagram, context, *reply.wanted);
  return reply.size > 0;
}

void UdpService::Park(const net::UdpDatagram& datagram, const query::Context& context, const query::Want& want) {
  waiting_.Park(
      datagram.payload, context, want,
      [socket = std::weak_ptr(socket_), path = socket_->ReturnPath(datagram)](std::span<const uint8_t> answer) {
        if (const auto alive = socket.lock()) alive->Send(path, answer);
      });
}

// Ports whose services answer any datagram, which could start an endless exchange; and ourselves.
bool UdpService::WouldBounce(const net::SocketAddress& peer) const {
  static constexpr std::array<uint16_t, 6> kReflectors = {0,  7,  13,
                                                          19, 37, 464};  // none, echo, daytime, chargen, time, kpasswd
  return std::ranges::find(kReflectors, peer.port()) != kReflectors.end() || peer == socket_->local();
}

}  // namespace signpost::transport
