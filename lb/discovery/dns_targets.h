// Signpost. Apache-2.0; see LICENSE.
// Addresses of hosts, asked for when an answer names a target without them: kept by TTL, shared by all names, 32 hosts
// at a time. What was known stays when a server fails (cases D14, D25).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lb/discovery/dns_lookup.h"
#include "lb/discovery/srv_set.h"

namespace signpost::lb {

struct HostReading {
  enum class Kind : unsigned char { kKnown, kNone, kPartial, kFailed };
  Kind kind = Kind::kFailed;
  std::vector<net::SocketAddress> addresses;  // port 0; of a family that failed, what was known before
  std::string reason;                         // of all but kKnown
  Millis until{0};                            // end of its TTL, in the loop's time
  bool udp = false;
};

struct DnsPace {
  Millis min_interval{1000};
  Millis max_interval{60000};
};
// The TTL within the pace's bounds (cases D10, D11).
Millis ClampTtl(const DnsPace& pace, uint32_t ttl);

class TargetBook {
 public:
  static constexpr size_t kMaxParallel = 32;
  static constexpr Millis kForget{600000};  // hosts that nobody asked for

  using Readings = std::map<std::string, HostReading>;
  using OnDone = std::function<void(const Readings&)>;

  TargetBook(net::Loop& loop, DnsClient& client, DnsPace pace, bool ipv6);
  ~TargetBook();

  // All hosts (canonical form) as they are known then. Calls back once, while this lives; perhaps from inside Resolve,
  // when nothing must be asked.
  void Resolve(const std::set<std::string>& hosts, OnDone on_done);

  size_t size() const { return hosts_.size(); }

 private:
  struct Wish {
    std::set<std::string> hosts;
    size_t missing = 0;
    OnDone on_done;
  };
  struct Family {  // A or AAAA
    std::vector<net::SocketAddress> known;
    LookupReply::Kind last = LookupReply::Kind::kNone;
    uint32_t ttl = 0xffffffff;
    std::string reason;
    bool udp = false;
  };
  struct Host {
    HostReading reading;
    Family v4, v6;
    Millis answered{0};
    int answers_due = 0;
    bool queued = false;
    Millis no_v6_until{0};  // most hosts have none: not asked for each time
    Millis wanted{0};
    std::vector<std::shared_ptr<Wish>> wishes;
  };

  void StartQueued();
  void Ask(const std::string& name, Host& host);
  void OnReply(const std::string& name, bool v6, const LookupReply& reply);
  static void Enter(const LookupReply& reply, Family& family);
  void Conclude(Host& host);
  void Grant(Wish& wish);
  void Forget();

  net::Loop& loop_;
  DnsClient& client_;
  const DnsPace pace_;
  const bool ipv6_;
  std::map<std::string, Host> hosts_;
  std::deque<std::string> queue_;
  size_t asking_ = 0;
  net::Timer forget_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // replies to a dead book are dropped
};

// The addresses that the targets of one name had last, whoever told them: they stay while a server fails to say them
// (case D14), and only theirs do, so that one target out of reach does not keep what is gone elsewhere.
class LastAddresses {
 public:
  // Adds to those that came along in this round what was asked for, and for targets whose lookup failed what was known.
  // Returns the first failure: "host: reason", or "".
  std::string Complete(const TargetBook::Readings& asked, HostAddresses& addresses);

 private:
  HostAddresses last_;
};

}  // namespace signpost::lb
