// Signpost. Apache-2.0; see LICENSE.
// A restart without loss (case R08): a newly started lb gets the listening sockets of the running one over a Unix
// socket, serves, says so, and the old one accepts no more. The queues of the sockets are the kernel's, so that no
// connection is refused or reset at any time.
//
// The talk, one packet each (SOCK_SEQPACKET): old: "signpost-lb 1"; old: addresses, one a line, with as many
// descriptors, up to 128 a packet; old: "end"; new, when it serves: "serving"; old, when it accepts no more and has
// left its other addresses: "released". Whoever is silent for too long, or breaks off, is forgotten, and nothing has
// changed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/net/address.h"
#include "common/net/loop.h"
#include "common/net/poll.h"
#include "common/net/timer.h"
#include "common/net/unique_fd.h"
#include "lb/listener_set.h"

namespace signpost::lb {

// The old one's side. On a loop.
class TakeoverServer {
 public:
  struct Handlers {
    std::function<std::vector<std::pair<net::SocketAddress, int>>()> sockets;
    // The new process serves. After this call it is told that the old one has let go; may not destroy the server.
    std::function<void()> on_taken;
  };

  // Replaces what is at `path`; the file's mode is 0600. Peers of other users (but root) are sent away.
  static Result<std::unique_ptr<TakeoverServer>> Listen(net::Loop& loop, const std::string& path, Handlers handlers);
  ~TakeoverServer();  // leaves the file to a successor that has taken over, else removes it
  TakeoverServer(const TakeoverServer&) = delete;
  TakeoverServer& operator=(const TakeoverServer&) = delete;

 private:
  struct Packet {
    std::string text;
    std::vector<int> descriptors;
  };

  TakeoverServer(net::Loop& loop, std::string path, net::UniqueFd fd, Handlers handlers);
  void OnAccept();
  void OnPeer(unsigned events);
  bool SendMore();
  void Forget();

  net::Loop& loop_;
  const std::string path_;
  Handlers handlers_;
  net::UniqueFd listener_;
  net::UniqueFd peer_;
  std::vector<Packet> queue_;  // last first
  bool taken_ = false;
  net::Timer limit_;
  std::unique_ptr<net::Poll> peer_poll_;
  std::unique_ptr<net::Poll> poll_;
};

// The new one's side. Blocks for as long as told; before the loop runs, or for a moment at the change.
class TakeoverClient {
 public:
  // kNotFound: nobody listens there. Other failures: the talk broke off; nothing was taken.
  static Result<TakeoverClient> Connect(const std::string& path, Millis limit);

  std::vector<PassedSocket> TakeSockets() { return std::move(sockets_); }
  // The old process has gone without waiting.
  bool Abandoned() const;
  // Tells the old process to let go, and waits until it has.
  Status Serving(Millis limit);

 private:
  explicit TakeoverClient(net::UniqueFd fd) : fd_(std::move(fd)) {}
  Status ReceiveAll();

  net::UniqueFd fd_;
  std::vector<PassedSocket> sockets_;
};

}  // namespace signpost::lb
