// Signpost. Apache-2.0; see LICENSE.
// The two-way pump between a client's and an endpoint's socket, for TCP sessions and HTTP tunnels: back-pressure,
// half-close, reset for reset, idle limit, splice for bulk (cases T01 to T06, T10, T11, T25). On the loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/net/reactor.h"
#include "common/net/splice_pipe.h"
#include "common/net/stream_socket.h"

namespace signpost::lb {

enum class RelayEnd : unsigned char {
  kFinished,     // both sides sent their FIN, everything was delivered
  kClientReset,  // the endpoint got a RST too
  kServerReset,  // the client got a RST too
  kIdle,         // idle limit, or fin limit after a half-close
};

struct RelayLimits {
  Millis idle{3600000};             // any byte in either direction begins it anew; 0 = none
  Millis fin{30000};                // the same once one side has finished
  size_t pending_high = 256 << 10;  // at most so many bytes are kept per direction for a slow receiver
  size_t pending_low = 64 << 10;    // while more than these are kept, no more is read
  size_t splice_after = 128 << 10;  // bytes of a burst in one direction before splice is tried; 0 = never
};

class Relay final : private net::SocketOwner, private net::DeadlineOwner {
 public:
  class Owner {
   public:
    // The last call. Destroying the relay, as it may be here, closes both sockets, with RST where the end says so.
    virtual void OnRelayEnd(RelayEnd end) = 0;

   protected:
    ~Owner() = default;
  };

  // Takes over both connected sockets. `to_server` and `to_client` go first (what was read before, a PROXY header).
  // Begins on the next turn.
  Relay(net::Reactor& reactor, std::unique_ptr<net::StreamSocket> client, std::unique_ptr<net::StreamSocket> server,
        RelayLimits limits, Owner& owner, std::span<const uint8_t> to_server = {},
        std::span<const uint8_t> to_client = {});
  ~Relay();

  // The client's FIN was read before the relay was made: it is passed on after `to_server`, and the fin limit begins.
  void ClientEnded();
  // RST to both (drain deadline, case T21). OnRelayEnd is not called.
  void Abort();
  // Bytes that came since it was made; those given to the constructor do not count.
  uint64_t from_client() const { return client_.received; }
  uint64_t from_server() const { return server_.received; }

 private:
  // One side, as a sender.
  struct Side {
    std::unique_ptr<net::StreamSocket> socket;
    std::vector<uint8_t> pending;  // received from it, not yet taken by the other side
    size_t pending_start = 0;
    std::unique_ptr<net::SplicePipe> pipe;
    uint64_t received = 0;
    size_t burst = 0;         // bytes received in large pieces, one after the other
    bool ended = false;       // its FIN was read
    bool fin_passed = false;  // and passed on
    uint8_t small = 0;        // small pieces in a row while there is a pipe
  };
  enum class Step : unsigned char { kWait, kMore, kFromBroke, kToBroke };

  void OnReady(net::StreamSocket& socket) override;
  void OnDeadline(net::Deadline& deadline) override;
  void Run();
  Step Pump(Side& from, Side& to);
  Step Flush(Side& from, Side& to);
  Step Copy(Side& from, Side& to);
  Step Splice(Side& from);
  void Received(Side& from, size_t size);
  void Keep(Side& from, std::span<const uint8_t> rest);
  Millis Limit() const;
  void ArmDeadline();
  void End(RelayEnd end);

  net::Reactor& reactor_;
  Owner& owner_;
  RelayLimits limits_;
  Side client_;
  Side server_;
  bool moved_ = false;      // a byte or a FIN, in this turn
  bool lingering_ = false;  // deadline_ is that of the unused pipes
  bool over_ = false;
  net::Deadline deadline_{*this};
};

}  // namespace signpost::lb
