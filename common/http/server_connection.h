// Signpost. Apache-2.0; see LICENSE.
// For this folder only: one client's connection, from its first byte to its last answer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/http/request_parser.h"
#include "common/http/server.h"
#include "common/net/tcp.h"
#include "common/net/timer.h"

namespace signpost::http {

// Reads a request, waits for its answer, writes that, and so on: one request at a time, while bytes of the next ones
// wait in `pending_` (reading pauses when that is full).
class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
 public:
  // What a connection needs of its server. Shared, so that a server may go while its handler runs.
  struct Host {
    ServerOptions options;
    Server::Handler handler;
    // The connection is over; the callee drops it.
    std::function<void(ServerConnection&)> on_over;
  };

  ServerConnection(net::Loop& loop, std::shared_ptr<const Host> host, std::unique_ptr<net::TcpStream> stream);
  // Begins; the connection must be owned by a shared_ptr by now.
  void Serve();
  // Closes without a word to the server.
  void Abandon();

 private:
  class Answer;
  enum class Phase : unsigned char { kIdle, kReading, kHandling, kWriting, kOver };

  // An answer that the kernel did not take at once. It is handed over in pieces, so that a slow client costs no
  // copy of it.
  struct Unsent {
    ServerResponse response;
    size_t body_offset = 0;   // from here on it is still to be handed over
    int64_t handed_over = 0;  // bytes, the head's included
    int64_t seen_taken = 0;   // of these the client had taken so many when last looked at
  };

  void OnData(std::span<const uint8_t> data);
  void OnEnd(bool orderly);
  void OnDrained();
  void OnTimeout();
  // Feeds the parser until it has a request to handle, or no bytes are left; returns how many it took.
  size_t Consume(std::string_view bytes);
  void ProcessPending();
  void OnProgress(RequestParser::State before);
  void Dispatch();
  void Respond(uint64_t serial, ServerResponse response);
  void Refuse(int status, std::string_view text);
  bool HandOver();
  int64_t Taken() const;
  void Enter(Phase phase, Millis limit);
  void FinishAnswer();
  void Over(bool drain);

  const std::shared_ptr<const Host> host_;
  std::unique_ptr<net::TcpStream> stream_;
  net::Timer timer_;
  RequestParser parser_;
  Phase phase_ = Phase::kIdle;
  std::string pending_;  // bytes that came while a request was being answered
  std::function<void()> on_gone_;
  uint64_t serial_ = 0;  // of the request being handled
  std::unique_ptr<Unsent> unsent_;
  bool head_only_ = false;      // of the request being handled
  bool wants_gzip_ = false;     // the same
  bool keep_alive_ = true;      // after the request being handled
  bool peer_finished_ = false;  // the client sends no more
  bool processing_ = false;
};

}  // namespace signpost::http
