// Signpost. Apache-2.0; see LICENSE.
// For dns_client.cc and dns_query.cc only: one question on its way through the servers.
#pragma once

#include <list>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/net/timer.h"
#include "common/net/udp_client.h"
#include "lb/discovery/dns_client.h"

namespace signpost::lb {

class DnsClient::Query {
 public:
  Query(DnsClient& client, dns::Question question, OnDone on_done);
  ~Query();

  // Never ends the query: what fails at once is told later.
  void Start();
  OnDone TakeCallback() { return std::move(on_done_); }
  const dns::Question& question() const { return question_; }

 private:
  // One server asked once: over UDP, then perhaps over TCP.
  struct Try {
    size_t server = 0;
    Millis started{0};
    Millis deadline{0};
    bool live = true;
    bool edns = false;
    bool tcp_failed = false;  // what UDP says now may lack records
    uint16_t id = 0;
    std::unique_ptr<net::UdpClient> udp;
    uint64_t tcp_token = 0;
    uint32_t ignored = 0;
    std::string ignored_as;  // why the last ignored datagram was
  };

  void StartTry();
  void AskUdp(Try& attempt, bool edns);
  void AskTcp(Try& attempt);
  void Unreachable(Try& attempt);
  Millis Deadline() const;
  void OnDatagram(Try& attempt, std::span<const uint8_t> bytes);
  void Ignore(Try& attempt, const std::string& why);
  void OnUdpAnswer(Try& attempt, dns::Answer answer);
  void OnTcpDone(Try& attempt, Result<dns::Answer> result);
  void OnAnswer(Try& attempt, dns::Answer answer, bool udp);
  // This try came to nothing. `for_good`: this server has said no to this question, a second try is pointless.
  void Fail(Try& attempt, const std::string& reason, bool for_good);
  void OnTimer();
  void SetTimer();
  void FinishFailed();
  void FinishWith(const Try& attempt, DnsReply reply);
  bool AnyLive() const;
  // Whether another try may still bring something.
  bool MoreTries() const { return tries_.size() < most_tries_ && refused_.size() < order_.size(); }
  size_t NextServer() const;

  DnsClient& client_;
  const dns::Question question_;
  OnDone on_done_;
  const std::vector<size_t> order_;
  const size_t most_tries_;
  std::list<Try> tries_;      // a list: callbacks keep references
  std::set<size_t> refused_;  // servers that said no for good
  Millis next_try_{0};
  bool starting_ = false;
  bool failed_ = false;  // while starting
  std::string reason_ = "timeout";
  bool has_partial_ = false;
  dns::Answer partial_;
  std::string partial_reason_;
  net::Timer timer_;
};

}  // namespace signpost::lb
