// Signpost. Apache-2.0; see LICENSE.
// One question to one upstream outside of any client's: does it live, does it lead back to us?
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/net/udp_client.h"
#include "dnsd/resolver/deadlines.h"
#include "dnsd/resolver/question.h"

namespace signpost::resolver {

class UdpProbe final : private net::DeadlineOwner {
 public:
  struct Result {
    std::optional<double> rtt_ms;  // it replied, whatever
    Status unreachable;            // the network's word; ok: there was just no reply
  };
  // Once, never from inside the constructor; may destroy the probe.
  using OnDone = std::function<void(const Result&)>;

  UdpProbe(net::Loop& loop, Deadlines& deadlines, const net::SocketAddress& to, Question question,
           std::span<const uint8_t> hop, Millis limit, OnDone on_done);
  UdpProbe(const UdpProbe&) = delete;
  UdpProbe& operator=(const UdpProbe&) = delete;

 private:
  void OnDatagram(std::span<const uint8_t> bytes);
  void Finish(const Result& result);
  void OnDeadline(net::Deadline& deadline) override;

  Deadlines& deadlines_;
  const Question question_;
  const uint16_t id_;
  const Nanos sent_;
  OnDone on_done_;
  Status unreachable_;
  net::Deadline limit_{*this};
  std::unique_ptr<net::UdpClient> socket_;
};

}  // namespace signpost::resolver
