// Signpost. Apache-2.0; see LICENSE.
// All services below a domain by DNS-SD (RFC 6763 9): the list of types, and a watch for each TCP service.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "lb/discovery/dns_watch.h"

namespace signpost::lb {

struct BrowseOptions {
  std::string domain;             // canonical
  std::set<std::string> ignored;  // services that are configured by name, in lower case
  Millis interval{5000};          // of the list; services are read no less often
  DnsPace pace;
  LossRules rules;
  bool ipv6 = true;
};

class DnsBrowse {
 public:
  static constexpr size_t kMaxServices = 5000;

  struct Handlers {
    std::function<void(const std::string& service, const DnsWatch&)> on_reading;  // after each reading of that service
    std::function<void(const std::string& service)> on_gone;  // neither listed nor has it instances any more
    std::function<void()> on_list;                            // after each reading of the list
  };

  // `loop`, `random`, `client`, `targets` outlive this.
  DnsBrowse(net::Loop& loop, Random& random, DnsClient& client, TargetBook& targets, BrowseOptions options,
            Handlers handlers);
  ~DnsBrowse();

  void Start();
  // The list was read, and every service in it at least once.
  bool asked() const;
  // The list was read as a whole at least once.
  bool listed() const { return whole_; }
  const std::string& trouble() const { return trouble_; }  // of the last reading of the list
  const std::map<std::string, std::unique_ptr<DnsWatch>>& watches() const { return watches_; }

 private:
  void OnList(const LookupReply& reply);
  // `listed`: types by service.
  void Enter(const std::map<std::string, std::string>& listed);
  void OnReading(const std::string& service);
  void DropGone();

  net::Loop& loop_;
  Random& random_;
  DnsClient& client_;
  TargetBook& targets_;
  const BrowseOptions options_;
  const Handlers handlers_;
  std::set<std::string> listed_;
  std::map<std::string, std::unique_ptr<DnsWatch>> watches_;
  bool read_ = false;
  bool whole_ = false;
  std::string trouble_;
  net::Timer timer_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // replies to a dead object are dropped
};

}  // namespace signpost::lb
