// Signpost. Apache-2.0; see LICENSE.
// One upstream by TCP: one connection for all questions, which wait for their replies in any order (RFC 7766 6.2.1.1,
// F78). It is opened when needed, kept for a while, and opened once more when the upstream has closed it (F42).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/net/address.h"
#include "common/net/connect.h"
#include "common/net/tcp.h"
#include "dnsd/resolver/deadlines.h"

namespace signpost::resolver {

class UpstreamTcp final : public std::enable_shared_from_this<UpstreamTcp>, private net::DeadlineOwner {
 public:
  static constexpr Millis kConnectLimit{500};  // F41
  static constexpr Millis kIdle{10'000};

  // Never called from inside Ask; each may ask and forget.
  struct Handlers {
    // A message with the question's id, valid during the call. True: it was the reply, nothing more is expected.
    std::function<bool(std::span<const uint8_t>)> on_message;
    // Once, instead: no connection, or two broke without a reply to anybody.
    std::function<void(const Status&)> on_failed;
  };

  // Held by shared_ptr. `loop` and `deadlines` outlive it.
  UpstreamTcp(net::Loop& loop, Deadlines& deadlines, const net::SocketAddress& address);
  UpstreamTcp(const UpstreamTcp&) = delete;
  UpstreamTcp& operator=(const UpstreamTcp&) = delete;

  // Random, and of none that is waiting.
  uint16_t DrawId() const;
  // `message` carries `id`, which DrawId has given.
  void Ask(uint16_t id, std::vector<uint8_t> message, Handlers handlers);
  // Its handlers are not called any more. `silent`: because no reply came; a connection by which nothing has come since
  // is taken for dead.
  void Forget(uint16_t id, bool silent);

  bool connected() const { return stream_ != nullptr; }

 private:
  struct Waiting {
    std::vector<uint8_t> message;
    Handlers handlers;
    Nanos asked{};
    bool resent = false;  // after a connection by which nothing came: once
  };

  void Connect();
  void OnConnected(Result<std::unique_ptr<net::TcpStream>> result);
  void OnData(std::span<const uint8_t> bytes);
  void OnMessage(std::span<const uint8_t> message);
  void OnBroken(const Status& status);
  void Write(const Waiting& waiting);
  void Fail(const std::vector<Handlers>& failed, const Status& status);
  void RestWhenIdle();
  void OnDeadline(net::Deadline& deadline) override;

  net::Loop& loop_;
  Deadlines& deadlines_;
  const net::SocketAddress address_;
  std::string host_;
  std::unique_ptr<net::Connection> connection_;
  std::unique_ptr<net::TcpStream> stream_;
  std::map<uint16_t, Waiting> waiting_;
  std::vector<uint8_t> received_;
  Nanos last_received_{};
  bool replied_ = false;  // by this connection
  net::Deadline idle_{*this};
};

}  // namespace signpost::resolver
