// Signpost. Apache-2.0; see LICENSE.
// A blocking DNS client on real sockets, for servers that run on threads of their own.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/bytes.h"
#include "common/net/address.h"
#include "tests/support/dns/decode.h"
#include "tests/support/dns/question.h"

namespace signpost::test {

class Asker {
 public:
  explicit Asker(const net::SocketAddress& server) : server_(server), udp_(Connect(SOCK_DGRAM)) {}
  ~Asker() { close(udp_); }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  // Rcode "none" when nothing has come within five seconds.
  Reply Ask(const Question& question) const {
    if (question.over_tcp()) return AskTcp(question);
    Send(question);
    return Receive();
  }
  // By UDP, in two steps.
  void Send(const Question& question) const {
    const Bytes packet = question.Packet();
    (void)send(udp_, packet.data(), packet.size(), 0);
  }
  Reply Receive() const {
    Bytes buffer(65535);
    const ssize_t size = recv(udp_, buffer.data(), buffer.size(), 0);
    return Decode(std::span(buffer).first(size > 0 ? static_cast<size_t>(size) : 0), 1232);
  }

 private:
  int Connect(int type) const {
    const int fd = socket(server_.family(), type | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)connect(fd, server_.get(), server_.length());
    return fd;
  }

  Reply AskTcp(const Question& question) const {
    const int fd = Connect(SOCK_STREAM);
    const Bytes packet = question.Packet();
    Bytes message(2);
    StoreU16(message.data(), static_cast<uint16_t>(packet.size()));
    message.insert(message.end(), packet.begin(), packet.end());
    (void)send(fd, message.data(), message.size(), MSG_NOSIGNAL);
    uint8_t prefix[2] = {};
    Bytes answer;
    if (recv(fd, prefix, sizeof prefix, MSG_WAITALL) == sizeof prefix) {
      answer.resize(LoadU16(prefix));
      const ssize_t size = recv(fd, answer.data(), answer.size(), MSG_WAITALL);
      answer.resize(size > 0 ? static_cast<size_t>(size) : 0);
    }
    close(fd);
    return Decode(answer, 65535);
  }

  net::SocketAddress server_;
  int udp_;
};

}  // namespace signpost::test
