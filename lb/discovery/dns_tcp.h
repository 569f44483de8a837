// Signpost. Apache-2.0; see LICENSE.
// Questions to one DNS server over TCP: one connection, many questions at a time (RFC 7766), closed when idle, opened
// again when needed. Questions that an orderly server left behind when it closed are asked again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/dns/message.h"
#include "common/net/connect.h"
#include "common/net/loop.h"
#include "common/net/timer.h"

namespace signpost::lb {

class DnsTcp {
 public:
  static constexpr Millis kIdle{2000};

  // kUnavailable: no connection, or it broke; kInvalid: what came is no answer to the question.
  using OnDone = std::function<void(Result<dns::Answer>)>;

  DnsTcp(net::Loop& loop, const net::SocketAddress& server, Millis connect_timeout);
  ~DnsTcp();  // silently forgets what is open; not from inside a callback of its own

  // Calls back once, later, unless cancelled. The token is never 0.
  uint64_t Ask(dns::Question question, OnDone on_done);
  // The caller waited long enough. The connection is given up: others on it are asked again on a new one.
  void GiveUp(uint64_t token);
  // Without prejudice to the connection.
  void Cancel(uint64_t token);

 private:
  struct Open {
    dns::Question question;
    OnDone on_done;
    uint16_t id = 0;
    bool sent = false;
    uint32_t tries = 0;  // connections that broke without answering anything
  };

  void Connect();
  void OnConnected(Result<std::unique_ptr<net::TcpStream>> result);
  void SendWaiting();
  void Send(uint64_t token, Open& open);
  void OnData(std::span<const uint8_t> bytes);
  void OnFrame(std::span<const uint8_t> frame);
  // The connection is gone: asks again what may be, fails the rest.
  void OnLost(const Status& why);
  void Finish(uint64_t token, Result<dns::Answer> result);
  void Later();

  net::Loop& loop_;
  const net::SocketAddress server_;
  const Millis connect_timeout_;
  std::map<uint64_t, Open> open_;       // by token: in the order of asking
  std::map<uint16_t, uint64_t> by_id_;  // of those sent on this connection
  uint64_t last_token_ = 0;
  std::unique_ptr<net::Connection> connecting_;
  std::unique_ptr<net::TcpStream> stream_;
  std::vector<uint8_t> input_;
  bool answered_ = false;  // this connection, at least once
  net::Timer idle_;
};

// Unpredictable, for ids of questions.
uint16_t RandomId();

}  // namespace signpost::lb
