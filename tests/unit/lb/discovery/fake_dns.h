// Signpost. Apache-2.0; see LICENSE.
// A DNS server on the test's own loop that answers as the test says, and counts what it was asked.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/net/tcp.h"
#include "common/net/udp.h"
#include "tests/support/dns_packet.h"

namespace signpost::test {

enum class DnsMode {
  kAnswer,
  kDrop,  // silence
  kNxDomain,
  kServFail,
  kRefused,
  kEmpty,          // NOERROR without records
  kTruncate,       // UDP: TC and no more than two records; TCP: all
  kCutSilently,    // as Consul: UDP has at most two records and no TC
  kFormErrOnEdns,  // without OPT as kAnswer
  kGarbage,
  kWrongId,
  kWrongQuestion,
};

class FakeDns {
 public:
  // `port` 0: any that is free for UDP and TCP.
  explicit FakeDns(net::Loop& loop, uint16_t port = 0) : loop_(loop) {
    for (int tries = 0; tries < 20 && !Bind(port); ++tries) udp_.reset();
  }

  net::SocketAddress address() const { return udp_->local(); }

  // Replaces the records of that name and type.
  void Set(const std::string& name, uint16_t type, std::vector<WireRecord> records,
           std::vector<WireRecord> additional = {}) {
    zone_[{name, type}] = {std::move(records), std::move(additional)};
  }
  void Remove(const std::string& name, uint16_t type) { zone_.erase({name, type}); }

  DnsMode mode = DnsMode::kAnswer;
  bool authoritative = false;
  std::set<std::string> broken;  // names that get SERVFAIL
  int forged = 0;                // datagrams with other ids that come before each UDP answer
  bool refuse_tcp = false;       // connections are reset
  int answers_per_connection = 1000;
  std::function<void()> before_answer;  // may change records

  // Questions so far: "udp web.example SRV".
  int asked(const std::string& what) const {
    const auto at = asked_.find(what);
    return at == asked_.end() ? 0 : at->second;
  }
  int asked() const {
    int all = 0;
    for (const auto& [what, count] : asked_) all += count;
    return all;
  }
  int with_edns = 0;
  int connections = 0;
  std::vector<uint16_t> ids;
  std::vector<uint16_t> ports;  // the askers'

 private:
  struct Records {
    std::vector<WireRecord> answers, additional;
  };
  struct Peer {
    std::unique_ptr<net::TcpStream> stream;
    Octets input;
    int answered = 0;
  };

  bool Bind(uint16_t port) {
    auto any = net::SocketAddress::Parse("127.0.0.1:" + std::to_string(port), 1).value();
    any.set_port(port);
    auto udp = net::UdpSocket::Bind(loop_, any, [this](std::span<net::UdpDatagram> batch) {
      for (net::UdpDatagram& datagram : batch) {
        ports.push_back(datagram.peer.port());
        Forge(datagram);
        const Octets reply = Reply(datagram.payload, true);
        std::copy(reply.begin(), reply.end(), datagram.reply.begin());
        datagram.reply_size = reply.size();
      }
    });
    if (!udp.ok()) return false;
    udp_ = std::move(udp).value();
    auto tcp = net::TcpListener::Listen(
        loop_, udp_->local(), {}, [this](std::unique_ptr<net::TcpStream> stream) { OnAccept(std::move(stream)); });
    if (!tcp.ok()) return false;
    tcp_ = std::move(tcp).value();
    return true;
  }

  void Forge(const net::UdpDatagram& datagram) {
    WireMessage message{.question = "forged.example"};
    for (int i = 0; i < forged; ++i) {
      message.id = static_cast<uint16_t>(LoadU16(datagram.payload.data()) + i + 1);
      udp_->Send(udp_->ReturnPath(datagram), message.Bytes());
    }
  }

  void OnAccept(std::unique_ptr<net::TcpStream> stream) {
    ++connections;
    if (refuse_tcp) {
      net::TcpStream::Reset(std::move(stream));
      return;
    }
    Peer* const peer = peers_.emplace_back(std::make_unique<Peer>()).get();
    peer->stream = std::move(stream);
    peer->stream->SetHandlers({.on_data = [this, peer](std::span<const uint8_t> bytes) { OnData(*peer, bytes); },
                               .on_end = [peer](const Status&) { peer->stream.reset(); },
                               .on_drained = nullptr});
    peer->stream->StartReading();
  }

  void OnData(Peer& peer, std::span<const uint8_t> bytes) {
    Append(peer.input, bytes);
    while (peer.input.size() >= 2 && peer.input.size() >= 2U + LoadU16(peer.input.data())) {
      const size_t size = LoadU16(peer.input.data());
      const Octets reply = Reply(std::span(peer.input).subspan(2, size), false);
      peer.input.erase(peer.input.begin(), peer.input.begin() + static_cast<ptrdiff_t>(2 + size));
      if (reply.empty()) continue;
      Octets head;
      AppendU16(head, reply.size());
      peer.stream->Write(head, reply);
      if (++peer.answered == answers_per_connection) {
        net::TcpStream::CloseAfterDrain(std::move(peer.stream));
        return;
      }
    }
  }

  Octets Reply(std::span<const uint8_t> query, bool udp) {
    if (query.size() < 17) return {};
    if (before_answer) before_answer();
    WireMessage message{.id = LoadU16(query.data())};
    size_t at = 12;
    while (at < query.size() && query[at] != 0) {
      if (at > 12) message.question += '.';
      for (size_t i = 1; i <= query[at]; ++i) {
        const char c = static_cast<char>(query[at + i]);
        message.question += c == '.' ? "\\." : std::string(1, c);
      }
      at += query[at] + size_t{1};
    }
    message.type = LoadU16(&query[at + 1]);
    const bool edns = query[11] == 1;
    with_edns += edns ? 1 : 0;
    ids.push_back(message.id);
    ++asked_[std::string(udp ? "udp " : "tcp ") + message.question + " " + TypeName(message.type)];
    return Answer(std::move(message), udp, edns);
  }

  Octets Answer(WireMessage message, bool udp, bool edns) {
    const auto fail = [&](uint16_t rcode) {
      message.flags = static_cast<uint16_t>(message.flags | rcode);
      return message.Bytes();
    };
    if (mode == DnsMode::kDrop) return {};
    if (mode == DnsMode::kGarbage) return {1, 2, 3};
    if (mode == DnsMode::kWrongId) message.id ^= 0x5555;
    if (mode == DnsMode::kWrongQuestion) message.question = "other." + message.question;
    if (authoritative) message.flags |= WireMessage::kAuthoritative;
    if (broken.contains(message.question)) return fail(2);
    if (mode == DnsMode::kNxDomain) return fail(3);
    if (mode == DnsMode::kServFail) return fail(2);
    if (mode == DnsMode::kRefused) return fail(5);
    if (mode == DnsMode::kFormErrOnEdns && edns) return fail(1);
    if (mode == DnsMode::kEmpty) return message.Bytes();
    return FromZone(std::move(message), udp);
  }

  Octets FromZone(WireMessage message, bool udp) {
    auto at = zone_.find({message.question, message.type});
    if (at == zone_.end()) at = zone_.find({message.question, 5});
    if (at == zone_.end()) {
      const bool exists = std::any_of(zone_.begin(), zone_.end(),
                                      [&](const auto& item) { return item.first.first == message.question; });
      if (!exists) message.flags = static_cast<uint16_t>(message.flags | 3);
      return message.Bytes();
    }
    message.answers = at->second.answers;
    message.additional = at->second.additional;
    const bool cut = udp && (mode == DnsMode::kTruncate || mode == DnsMode::kCutSilently);
    if (cut && message.answers.size() > 2) {
      message.answers.resize(2);
      if (mode == DnsMode::kTruncate) message.flags |= WireMessage::kTruncated;
    }
    return message.Bytes();
  }

  static std::string TypeName(uint16_t type) {
    const std::map<uint16_t, std::string> names = {{1, "A"},    {5, "CNAME"}, {12, "PTR"},
                                                   {16, "TXT"}, {28, "AAAA"}, {33, "SRV"}};
    const auto at = names.find(type);
    return at == names.end() ? std::to_string(type) : at->second;
  }

  net::Loop& loop_;
  std::unique_ptr<net::UdpSocket> udp_;
  std::unique_ptr<net::TcpListener> tcp_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::map<std::pair<std::string, uint16_t>, Records> zone_;
  std::map<std::string, int> asked_;
};

inline constexpr uint16_t kTypeA = 1, kTypeCname = 5, kTypePtr = 12, kTypeTxt = 16, kTypeAaaa = 28, kTypeSrv = 33;

}  // namespace signpost::test
