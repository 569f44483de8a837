// Signpost. Apache-2.0; see LICENSE.
// Instances from SRV records (RFC 2782) and their targets' addresses; of a name without SRV records, when a port is
// given, from its own A and AAAA records.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lb/discovery/dns_reader.h"
#include "lb/discovery/dns_targets.h"
#include "lb/discovery/srv_set.h"

namespace signpost::lb {

struct DnsNameOptions {
  std::string name;               // canonical form
  uint16_t port = 0;              // overrides the records'
  std::string version;            // of all instances; "" = what VersionOf makes of the tags
  std::vector<std::string> tags;  // in lower case
  DnsPace pace;
  bool ipv6 = true;
};

class SrvReader final : public DnsReader {
 public:
  // `loop`, `client`, `targets` outlive the reader.
  SrvReader(net::Loop& loop, DnsClient& client, TargetBook& targets, DnsNameOptions options);

  void Read(std::function<void(DnsReading)> on_done) override;

 private:
  void AskSrv();
  void OnSrv(LookupReply reply);
  void OnTargets(const LookupReply& reply, const SrvRows& rows, HostAddresses addresses,
                 const TargetBook::Readings& asked, Millis next);
  // `asked_srv`: the SRV question of this round gave nothing.
  void AskAddresses(bool asked_srv);
  void OnAddresses(const HostReading& reading, bool asked_srv);
  void Dress(std::vector<Instance>& instances) const;
  void Done(DnsReading reading);

  net::Loop& loop_;
  DnsClient& client_;
  TargetBook& targets_;
  const DnsNameOptions options_;
  bool addresses_only_ = false;  // the name had addresses and no SRV records last time
  std::function<void(DnsReading)> on_done_;
  LastAddresses last_addresses_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // replies to a dead reader are dropped
};

}  // namespace signpost::lb
