// Signpost. Apache-2.0; see LICENSE.
// A connected, or connecting, TCP socket of a reactor. It has no buffers and no queue: who uses it keeps what the
// kernel did not take. Everything on the loop's thread.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "common/base/status.h"
#include "common/net/address.h"
#include "common/net/reactor.h"
#include "common/net/unique_fd.h"

namespace signpost::net {

class StreamSocket;

// Who is told. OnReady comes when something may have become possible that was not (readable, writable, connected,
// failed), so it comes once: who does not go on until kWait calls Again, or remembers to go on. At most once per socket
// and turn, never from inside a call on the socket. It may destroy any socket, this one included; no call comes for a
// destroyed one.
class SocketOwner {
 public:
  virtual void OnReady(StreamSocket& socket) = 0;

 protected:
  ~SocketOwner() = default;
};

enum class Io : unsigned char {
  kBytes,  // `size` bytes moved, at least one
  kWait,   // the kernel has none, or takes none, now; OnReady will come
  kEnd,    // Receive only: the peer finished sending (FIN)
  kReset,  // ECONNRESET, EPIPE: the peer is gone
  kError,  // another errno, in `error`
};

struct IoResult {
  Io kind = Io::kWait;
  size_t size = 0;
  int error = 0;
};

enum class ConnectState : unsigned char { kPending, kConnected, kFailed };

class StreamSocket {
 public:
  // Takes over a connected non-blocking descriptor; one from an Acceptor has TCP_NODELAY and the options of KeepAlive
  // from its listener, so that this costs one system call. `owner` is told until SetOwner. The socket can be written to
  // at once; whether it can be read is learnt with the next turn's events, at no cost: OnReady comes when there is
  // input.
  static std::unique_ptr<StreamSocket> Adopt(Reactor& reactor, UniqueFd fd, SocketOwner& owner);
  // Begins to connect (never blocks). IP_BIND_ADDRESS_NO_PORT when `source` is given, so that ports are shared between
  // destinations (case T22). TCP_NODELAY is set. A failure that is known at once is a Status naming the address,
  // kLimit when there is no descriptor or memory left; a later one shows in connect_state() when OnReady comes.
  // Never connects to itself, as the kernel does now and then when nobody listens on a local port.
  static Result<std::unique_ptr<StreamSocket>> Connect(Reactor& reactor, const SocketAddress& to, SocketOwner& owner,
                                                       const SocketAddress& source = {});
  // Closes (FIN, or RST if input is unread); what the kernel has is still sent.
  ~StreamSocket();
  StreamSocket(const StreamSocket&) = delete;
  StreamSocket& operator=(const StreamSocket&) = delete;

  // Another owner, as when a connection goes to the pool or comes out of it.
  void SetOwner(SocketOwner& owner);
  // Calls OnReady once more on the next turn without waiting for the kernel: for who stopped before kWait to let
  // others have their turn.
  void Again();

  // Settles, once OnReady came, to kConnected or kFailed; error() then is the errno.
  ConnectState connect_state() const { return state_; }
  int error() const { return error_; }

  // One system call at most. When the kernel is known to have nothing, none at all. `kBytes` with fewer bytes than
  // asked for means that one may stop here: OnReady comes for whatever follows (the end, too). kEnd, kReset and kError
  // come again with each further call.
  IoResult Receive(std::span<uint8_t> into);
  // Looks at what came without taking it (MSG_PEEK). OnReady comes when there is more.
  IoResult Peek(std::span<uint8_t> into);
  // kBytes with fewer bytes than given: OnReady comes when the kernel takes more. Not after ShutdownWrite.
  IoResult Send(std::span<const uint8_t> bytes);
  IoResult Send(std::span<const iovec> parts);  // at most 64 parts
  // FIN after what the kernel has. Receiving goes on.
  void ShutdownWrite();
  // Makes the destructor send RST.
  void ResetOnClose();

  // Whether the kernel may have input (or an end) that Receive would tell now.
  bool readable() const { return readable_; }
  bool writable() const { return writable_; }
  // The peer's FIN or RST has been seen by the kernel, perhaps behind unread input.
  bool peer_closed() const { return peer_closed_; }
  // The connection is over for both directions (RST, or given up by the kernel), perhaps with unread input. Told even
  // when the peer had sent its FIN before.
  bool broken() const { return broken_; }

  // TCP keep-alive 60/10/6 s and TCP_USER_TIMEOUT 90 s (case T23). For connections that were not accepted and may be
  // long; costs five system calls.
  void KeepAlive();
  SocketAddress Peer() const;
  SocketAddress Local() const;
  int fd() const { return fd_.get(); }  // stays the socket's; for splice

 private:
  friend struct ReactorAccess;  // for this folder only
  StreamSocket(Reactor& reactor, UniqueFd fd, SocketOwner& owner, ConnectState state);
  bool Attach();
  bool TakeEvents(uint32_t events);
  bool SettleConnect(uint32_t events);
  IoResult Received(ssize_t size, size_t asked);
  IoResult Sent(ssize_t size, size_t asked);
  IoResult Fail(int error);

  Reactor& reactor_;
  SocketOwner* owner_;
  UniqueFd fd_;
  int error_ = 0;
  ConnectState state_;
  bool readable_ = false;
  bool writable_ = false;
  bool peer_closed_ = false;
  bool broken_ = false;
  bool again_ = false;   // is in the reactor's list for the next turn
  bool peeked_ = false;  // its owner knows the input so far and waits for more
  bool urgent_ = false;  // a receive may have stopped at an urgent mark (case T24), short of what is there
};

}  // namespace signpost::net
