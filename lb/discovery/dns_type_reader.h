// Signpost. Apache-2.0; see LICENSE.
// The instances of one DNS-SD service type: PTR records to instances, SRV and TXT of each (along with the answer or
// asked for), tags from TXT or, without that, from the sub-types _http and _tcp (RFC 6763 4, 6, 7.1).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lb/discovery/dns_reader.h"
#include "lb/discovery/dns_sd.h"
#include "lb/discovery/dns_targets.h"
#include "lb/discovery/srv_set.h"

namespace signpost::lb {

class TypeReader final : public DnsReader {
 public:
  static constexpr size_t kMaxInstances = 5000;
  static constexpr size_t kMaxParallel = 32;

  // `type`: "_web._tcp.service.consul", canonical. `loop`, `client`, `targets` outlive the reader.
  TypeReader(net::Loop& loop, DnsClient& client, TargetBook& targets, std::string type, DnsPace pace, bool ipv6);

  void Read(std::function<void(DnsReading)> on_done) override;

 private:
  struct Found {
    std::string label;  // as sent
    SrvRows srv;
    TxtData txt;
    bool has_srv = false, has_txt = false;
  };
  using Question = std::pair<std::string, dns::Type>;

  void OnInstances(const LookupReply& reply);
  // Takes what came along with the PTR records.
  void TakeAlong(const std::vector<dns::Record>& additional);
  void AskNext();
  void OnReply(const Question& question, const LookupReply& reply);
  void AskAddresses();
  void Conclude(const TargetBook::Readings& asked);
  std::vector<Instance> InstancesOf(const std::string& name, const Found& found, const HostAddresses& addresses) const;
  std::vector<std::string> TagsOf(const std::string& name, const Found& found) const;
  void Done();

  net::Loop& loop_;
  DnsClient& client_;
  TargetBook& targets_;
  const std::string type_;
  const DnsPace pace_;
  const bool ipv6_;

  std::function<void(DnsReading)> on_done_;
  std::map<std::string, Found> last_;  // of the round before: stays for what cannot be read now
  std::map<std::string, Found> found_;
  std::map<std::string, std::set<std::string>> tagged_;  // by tag: instances of its sub-type
  HostAddresses along_;
  std::deque<Question> questions_;
  size_t asking_ = 0;
  uint32_t ttl_ = kNoTtl;
  DnsReading reading_;
  LastAddresses last_addresses_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // replies to a dead reader are dropped
};

}  // namespace signpost::lb
