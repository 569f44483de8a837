// Signpost. Apache-2.0; see LICENSE.
// One TCP client of a TcpService: framing, pipelining, back-pressure.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <vector>

#include "common/base/clock.h"
#include "common/net/tcp.h"
#include "dnsd/transport/tcp_service.h"

namespace signpost::transport {

class TcpService::Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Place = Connections::iterator;
  enum class Late : unsigned char { kNo, kIdle, kSlow };

  Connection(TcpService& service, std::unique_ptr<net::TcpStream> stream);

  // `place`: where the service keeps this connection.
  void Start(Place place);
  void Close() { stream_.reset(); }
  // Sends what is queued, then closes; nothing more is read. True if anything is queued.
  bool CloseAfterDrain();
  Late Overdue(Millis now, Millis idle_timeout, Millis message_timeout) const;

  Place place() const { return place_; }
  const net::SocketAddress& peer() const { return peer_; }

 private:
  // Answers not yet taken by the kernel above which no more queries are read (W219).
  static constexpr size_t kOutputLimit = 64 << 10;

  void OnData(std::span<const uint8_t> data);
  void OnEnd(const Status& status);
  void OnDrained();
  // Handles every whole message of the input, as far as the output limit allows.
  void Work();
  bool HandleMessage(std::span<const uint8_t> message);
  void Park(std::span<const uint8_t> message, const query::Context& context, const query::Want& want);
  void SendAnswer(std::span<const uint8_t> answer);
  // The connection is over: removes it from the service. `this` lives on until the caller's reference goes.
  void Finish(bool drain);
  void FinishIfDone();

  TcpService& service_;
  std::unique_ptr<net::TcpStream> stream_;  // null once closed
  net::SocketAddress peer_;
  Place place_;
  std::vector<uint8_t> input_;  // a message begun, or messages held back; empty on an idle connection
  Millis last_activity_;
  Millis message_begun_{-1};  // when the first byte of an unfinished message came; negative = none
  size_t waiting_ = 0;        // questions in the waiting room
  bool ended_ = false;        // the client sends nothing more
};

}  // namespace signpost::transport
