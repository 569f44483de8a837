// Signpost. Apache-2.0; see LICENSE.
// An upstream on loopback, UDP and TCP on one port, on a thread of its own. A script says what it replies; what it
// heard can be waited for and answered later. Probes of the resolver are not part of the play: health probes are
// answered unless it is mute, loop probes noted.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/net/address.h"
#include "common/net/unique_fd.h"
#include "tests/unit/dnsd/resolver/upstream_message.h"

namespace signpost::resolver {

inline constexpr std::chrono::seconds kPatience{5};

struct Heard {
  uint16_t id = 0;
  Question question;
  std::string spelling;  // of its name
  Bytes cookie;
  bool edns = false;
  bool tcp = false;
  net::SocketAddress from;
  int connection = -1;  // TCP

  std::string name() const {
    wire::Name name;
    (void)name.Read({reinterpret_cast<const uint8_t*>(question.name.data()), question.name.size()});
    return name.ToString();
  }
  // The begin of a reply to it, with its letter case.
  UpstreamMessage Reply() const {
    return UpstreamMessage({.name = spelling, .type = question.type, .variant = question.variant}).Id(id);
  }
  UpstreamMessage LowerCaseReply() const { return UpstreamMessage(question).Id(id); }
};

class FakeUpstream {
 public:
  using Replies = std::vector<Bytes>;
  using Script = std::function<Replies(const Heard&)>;

  explicit FakeUpstream(Script script = {}) : script_(std::move(script)) {
    address_ = net::SocketAddress::Parse("127.0.0.1:1", 0).value();
    address_.set_port(0);
    for (int tries = 0; tries < 20 && !Bind(); ++tries) address_.set_port(0);
    thread_ = std::thread([this] { Serve(); });
  }
  ~FakeUpstream() {
    eventfd_write(stop_.get(), 1);
    thread_.join();
  }

  const net::SocketAddress& address() const { return address_; }
  void Play(Script script) {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
  }
  // No reply to anything.
  void Mute(bool mute) {
    const std::lock_guard lock(mutex_);
    mute_ = mute;
  }
  // Connections are refused from now on.
  void CloseTcp() {
    const std::lock_guard lock(mutex_);
    shutdown(tcp_.get(), SHUT_RDWR);
    tcp_.Reset();
  }
  void CloseAfterEachReply() {
    const std::lock_guard lock(mutex_);
    one_reply_ = true;
  }
  void CloseConnections() {
    const std::lock_guard lock(mutex_);
    for (auto& [number, connection] : connections_) shutdown(connection.fd.get(), SHUT_RDWR);
  }

  // Waits until `n` queries have come; gives them all.
  std::vector<Heard> WaitFor(size_t n) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(news_.wait_for(lock, kPatience, [&] { return heard_.size() >= n; })) << heard_.size() << " of " << n;
    return heard_;
  }
  size_t heard() {
    const std::lock_guard lock(mutex_);
    return heard_.size();
  }
  // The label of the first loop probe.
  std::string WaitForLoopProbe() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(news_.wait_for(lock, kPatience, [&] { return !loop_probes_.empty(); }));
    return loop_probes_.empty() ? "" : loop_probes_.front();
  }
  size_t WaitForHealthProbes(size_t n) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(news_.wait_for(lock, kPatience, [&] { return health_probes_ >= n; })) << health_probes_;
    return health_probes_;
  }
  size_t connections() {
    const std::lock_guard lock(mutex_);
    return static_cast<size_t>(accepted_);
  }

  // Replies to what was heard before; any thread.
  void Send(const Heard& to, const Bytes& message) {
    const std::lock_guard lock(mutex_);
    SendLocked(to, message);
  }

 private:
  struct Connection {
    net::UniqueFd fd;
    net::SocketAddress from;
    Bytes received;
  };

  bool Bind() {
    udp_ = net::UniqueFd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    tcp_ = net::UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int room = 4 << 20;
    setsockopt(udp_.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    EXPECT_EQ(bind(udp_.get(), address_.get(), address_.length()), 0);
    socklen_t length = address_.length();
    EXPECT_EQ(getsockname(udp_.get(), address_.get(), &length), 0);
    return bind(tcp_.get(), address_.get(), address_.length()) == 0 && listen(tcp_.get(), 64) == 0;
  }

  void Serve() {
    for (;;) {
      std::vector<pollfd> fds = {{stop_.get(), POLLIN, 0}, {udp_.get(), POLLIN, 0}};
      std::vector<int> numbers(fds.size() + 1, -1);
      {
        const std::lock_guard lock(mutex_);
        fds.push_back({tcp_.get(), POLLIN, 0});  // none once it is closed
        for (auto& [number, connection] : connections_) {
          fds.push_back({connection.fd.get(), POLLIN, 0});
          numbers.push_back(number);
        }
      }
      poll(fds.data(), fds.size(), -1);
      if (fds[0].revents != 0) return;
      const std::lock_guard lock(mutex_);
      if (fds[1].revents != 0) ReadUdp();
      if (fds[2].revents != 0) Accept();
      for (size_t i = 3; i < fds.size(); ++i) {
        if (fds[i].revents != 0) ReadTcp(numbers[i]);
      }
    }
  }

  void ReadUdp() {
    std::array<uint8_t, 4096> buffer{};
    for (;;) {
      net::SocketAddress from;
      socklen_t length = net::SocketAddress::kCapacity;
      const ssize_t size = recvfrom(udp_.get(), buffer.data(), buffer.size(), 0, from.get(), &length);
      if (size < 0) return;
      from.set_length(length);
      Take(std::span(buffer).first(static_cast<size_t>(size)), {.from = from});
    }
  }
  void Accept() {
    net::UniqueFd fd(accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd.get() >= 0) connections_[accepted_++].fd = std::move(fd);
  }
  void ReadTcp(int number) {
    Connection& connection = connections_[number];
    std::array<uint8_t, 4096> buffer{};
    const ssize_t size = recv(connection.fd.get(), buffer.data(), buffer.size(), 0);
    if (size <= 0) {
      connections_.erase(number);
      return;
    }
    Bytes& all = connection.received;
    all.insert(all.end(), buffer.begin(), buffer.begin() + size);
    while (all.size() > 2 && all.size() >= 2U + LoadU16(all.data())) {
      const Bytes message(all.begin() + 2, all.begin() + 2 + LoadU16(all.data()));
      all.erase(all.begin(), all.begin() + 2 + static_cast<int64_t>(message.size()));
      Take(message, {.tcp = true, .connection = number});
    }
  }

  void Take(std::span<const uint8_t> bytes, Heard heard) {
    wire::Query query;
    ASSERT_EQ(wire::ParseQuery(bytes, query), wire::Verdict::kQuery);
    heard.id = query.id;
    heard.question = {.name = std::string(NameBytes(query.name)),
                      .type = query.type,
                      .variant = {query.edns.dnssec_ok, query.checking_disabled}};
    heard.spelling.assign(bytes.begin() + wire::kHeaderSize,
                          bytes.begin() + static_cast<ptrdiff_t>(wire::kHeaderSize + query.name.size()));
    heard.edns = query.edns.present;
    heard.cookie.assign(query.edns.cookie.begin(), query.edns.cookie.end());
    const std::string label = query.name.label_count() > 0 ? std::string(query.name.label(0)) : "";
    if (label.starts_with("signpost-loop-")) {
      loop_probes_.push_back(label);
    } else if (query.name.label_count() == 0) {
      ++health_probes_;
      if (!mute_) SendLocked(heard, heard.Reply().Packet());
    } else {
      heard_.push_back(heard);
      if (!mute_ && script_) {
        for (const Bytes& reply : script_(heard)) SendLocked(heard, reply);
      }
    }
    news_.notify_all();
  }

  void SendLocked(const Heard& to, const Bytes& message) {
    if (!to.tcp) {
      (void)sendto(udp_.get(), message.data(), message.size(), 0, to.from.get(), to.from.length());
      return;
    }
    const auto found = connections_.find(to.connection);
    if (found == connections_.end()) return;
    Bytes framed(2);
    StoreU16(framed.data(), static_cast<uint16_t>(message.size()));
    framed.insert(framed.end(), message.begin(), message.end());
    (void)send(found->second.fd.get(), framed.data(), framed.size(), MSG_NOSIGNAL);
    if (one_reply_) shutdown(found->second.fd.get(), SHUT_WR);
  }

  net::SocketAddress address_;
  net::UniqueFd udp_, tcp_, stop_{eventfd(0, EFD_CLOEXEC)};
  std::mutex mutex_;  // guards what follows
  std::condition_variable news_;
  Script script_;
  bool mute_ = false;
  bool one_reply_ = false;  // by each connection
  std::vector<Heard> heard_;
  std::vector<std::string> loop_probes_;
  size_t health_probes_ = 0;
  std::map<int, Connection> connections_;
  int accepted_ = 0;
  std::thread thread_;
};

// Scripts.
inline FakeUpstream::Replies Good(const Heard& heard) {
  return {heard.Reply().Answer(heard.name() + " 60 A 192.0.2.1").Opt().Packet()};
}
inline FakeUpstream::Replies Silent(const Heard& /*heard*/) { return {}; }
inline FakeUpstream::Script Rcode(int rcode) {
  return [rcode](const Heard& heard) { return FakeUpstream::Replies{heard.Reply().Rcode(rcode).Packet()}; };
}

}  // namespace signpost::resolver
