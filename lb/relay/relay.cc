// Signpost. Apache-2.0; see LICENSE.
#include "lb/relay/relay.h"

#include <algorithm>
#include <utility>

namespace signpost::lb {
namespace {

using net::Io;
using net::IoResult;

constexpr int kSlabsPerTurn = 4;          // then the others of the loop have their turn
constexpr size_t kLargePiece = 16 << 10;  // smaller ones cost less by copying
constexpr uint8_t kSmallPieces = 4;       // so many in a row end a burst
constexpr size_t kSpliceAtOnce = 256 << 10;
constexpr Millis kPipeLinger{1000};  // then an unused pipe is given back

}  // namespace

Relay::Relay(net::Reactor& reactor, std::unique_ptr<net::StreamSocket> client,
             std::unique_ptr<net::StreamSocket> server, RelayLimits limits, Owner& owner,
             std::span<const uint8_t> to_server, std::span<const uint8_t> to_client)
    : reactor_(reactor), owner_(owner), limits_(limits) {
  client_.socket = std::move(client);
  client_.pending.assign(to_server.begin(), to_server.end());
  server_.socket = std::move(server);
  server_.pending.assign(to_client.begin(), to_client.end());
  client_.socket->SetOwner(*this);
  server_.socket->SetOwner(*this);
  client_.socket->Again();
  ArmDeadline();
}

Relay::~Relay() = default;

void Relay::ClientEnded() {
  client_.ended = true;
  ArmDeadline();
}

void Relay::Abort() {
  over_ = true;
  deadline_.Cancel();
  for (Side* side : {&client_, &server_}) {
    if (side->socket) side->socket->ResetOnClose();
    side->socket.reset();
  }
}

void Relay::OnReady(net::StreamSocket& socket) {
  if (over_) return;
  Side& side = &socket == client_.socket.get() ? client_ : server_;
  // Nobody would notice by reading.
  const bool unread = side.ended || !side.pending.empty() || (side.pipe && side.pipe->held() > 0);
  if (unread && socket.broken()) return End(&side == &client_ ? RelayEnd::kClientReset : RelayEnd::kServerReset);
  Run();
}

void Relay::OnDeadline(net::Deadline& /*deadline*/) {
  if (!lingering_) return End(RelayEnd::kIdle);
  for (Side* side : {&client_, &server_}) {
    if (side->pipe && side->pipe->held() == 0) side->pipe.reset();
    side->burst = 0;
  }
  lingering_ = false;
  if (Limit() > kPipeLinger) reactor_.Arm(deadline_, Limit() - kPipeLinger);
}

void Relay::Run() {
  moved_ = false;
  const Step up = Pump(client_, server_);
  if (up == Step::kFromBroke) return End(RelayEnd::kClientReset);
  if (up == Step::kToBroke) return End(RelayEnd::kServerReset);
  const Step down = Pump(server_, client_);
  if (down == Step::kFromBroke) return End(RelayEnd::kServerReset);
  if (down == Step::kToBroke) return End(RelayEnd::kClientReset);
  if (client_.fin_passed && server_.fin_passed) return End(RelayEnd::kFinished);
  if (moved_) ArmDeadline();
  if (up == Step::kMore || down == Step::kMore) client_.socket->Again();
}

// Moves what can be moved from one side to the other.
Relay::Step Relay::Pump(Side& from, Side& to) {
  if (from.fin_passed) return Step::kWait;
  for (int slabs = 0; slabs < kSlabsPerTurn; ++slabs) {
    if (const Step step = Flush(from, to); step != Step::kMore) return step;
    if (from.ended) {
      if (!from.pending.empty()) return Step::kWait;
      to.socket->ShutdownWrite();
      from.fin_passed = moved_ = true;
      return Step::kWait;
    }
    const Step step = from.pipe && from.pending.empty() ? Splice(from) : Copy(from, to);
    if (step != Step::kMore) return step;
  }
  // What the last round put into the pipe.
  return Flush(from, to);
}

// kMore: there is room for more.
Relay::Step Relay::Flush(Side& from, Side& to) {
  while (from.pipe && from.pipe->held() > 0) {
    const IoResult sent = from.pipe->Drain(*to.socket);
    if (sent.kind == Io::kWait) return Step::kWait;
    if (sent.kind != Io::kBytes) return Step::kToBroke;
    moved_ = true;
  }
  while (!from.pending.empty()) {
    const IoResult sent = to.socket->Send(std::span<const uint8_t>(from.pending).subspan(from.pending_start));
    if (sent.kind == Io::kWait) break;
    if (sent.kind != Io::kBytes) return Step::kToBroke;
    moved_ = true;
    from.pending_start += sent.size;
    if (from.pending_start < from.pending.size()) continue;
    std::vector<uint8_t>().swap(from.pending);
    from.pending_start = 0;
  }
  return from.pending.size() - from.pending_start > limits_.pending_low ? Step::kWait : Step::kMore;
}

Relay::Step Relay::Copy(Side& from, Side& to) {
  const size_t kept = from.pending.size() - from.pending_start;
  std::span<uint8_t> room = reactor_.Slab();
  room = room.first(std::min(room.size(), limits_.pending_high - std::min(kept, limits_.pending_high)));
  if (room.empty()) return Step::kWait;
  const IoResult got = from.socket->Receive(room);
  if (got.kind == Io::kWait) return Step::kWait;
  if (got.kind == Io::kEnd) {
    from.ended = moved_ = true;
    return Step::kMore;
  }
  if (got.kind != Io::kBytes) return Step::kFromBroke;
  Received(from, got.size);
  std::span<const uint8_t> rest = room.first(got.size);
  while (from.pending.empty() && !rest.empty()) {
    const IoResult sent = to.socket->Send(rest);
    if (sent.kind == Io::kWait) break;
    if (sent.kind != Io::kBytes) return Step::kToBroke;
    rest = rest.subspan(sent.size);
  }
  if (!rest.empty()) Keep(from, rest);
  if (limits_.splice_after > 0 && from.burst >= limits_.splice_after && from.pending.empty()) {
    from.burst = 0;
    auto pipe = net::SplicePipe::Make();
    if (pipe.ok()) from.pipe = std::move(pipe).value();
  }
  return Step::kMore;
}

// Fills the empty pipe, or gives it back when it does not pay.
Relay::Step Relay::Splice(Side& from) {
  if (from.small == kSmallPieces) {
    from.small = 0;
    from.pipe.reset();
    return Step::kMore;
  }
  const IoResult got = from.pipe->Fill(*from.socket, kSpliceAtOnce);
  switch (got.kind) {
    case Io::kWait:
      return Step::kWait;
    case Io::kBytes:
      Received(from, got.size);
      return Step::kMore;
    case Io::kEnd:
      from.ended = moved_ = true;
      from.pipe.reset();
      return Step::kMore;
    case Io::kReset:
      return Step::kFromBroke;
    case Io::kError:
      break;
  }
  // What cannot be spliced may still be copied.
  from.pipe.reset();
  limits_.splice_after = 0;
  return Step::kMore;
}

void Relay::Received(Side& from, size_t size) {
  from.received += size;
  moved_ = true;
  if (size >= kLargePiece) {
    from.burst += size;
    from.small = 0;
  } else {
    from.burst = 0;
    if (from.pipe) ++from.small;
  }
}

void Relay::Keep(Side& from, std::span<const uint8_t> rest) {
  from.pending.erase(from.pending.begin(), from.pending.begin() + static_cast<ptrdiff_t>(from.pending_start));
  from.pending_start = 0;
  from.pending.insert(from.pending.end(), rest.begin(), rest.end());
}

Millis Relay::Limit() const { return client_.ended || server_.ended ? limits_.fin : limits_.idle; }

void Relay::ArmDeadline() {
  const Millis limit = Limit();
  lingering_ = (client_.pipe || server_.pipe) && (limit > kPipeLinger || limit == Millis(0));
  if (lingering_) {
    reactor_.Arm(deadline_, kPipeLinger);
  } else if (limit > Millis(0)) {
    reactor_.Arm(deadline_, limit);
  } else {
    deadline_.Cancel();
  }
}

void Relay::End(RelayEnd end) {
  over_ = true;
  deadline_.Cancel();
  if (end == RelayEnd::kClientReset || end == RelayEnd::kServerReset) {
    client_.socket->ResetOnClose();
    server_.socket->ResetOnClose();
  }
  owner_.OnRelayEnd(end);
}

}  // namespace signpost::lb
