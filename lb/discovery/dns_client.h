// Signpost. Apache-2.0; see LICENSE.
// One question to a list of DNS servers: over UDP with EDNS, over TCP where UDP answers are cut or not to be believed.
// Each try has an id, a socket and a source port of its own; a silent server is overtaken by the next after 0.4 of the
// time-out, and asked last for a while.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/log.h"
#include "common/dns/message.h"
#include "common/net/loop.h"
#include "lb/discovery/dns_servers.h"
#include "lb/discovery/dns_tcp.h"

namespace signpost::lb {

struct DnsReply {
  enum class Kind : unsigned char {
    kAnswer,   // NOERROR or NXDOMAIN, whole
    kPartial,  // records may lack: cut, and TCP failed
    kFailed,
  };
  Kind kind = Kind::kFailed;
  dns::Answer answer;  // empty for kFailed
  std::string reason;  // of kPartial and kFailed: "timeout", "servfail", "truncated, and tcp failed: ..."
  bool udp = false;    // of kAnswer: perhaps one of rotating subsets
};

struct DnsClientOptions {
  std::vector<net::SocketAddress> servers;
  Millis timeout{1000};
  uint16_t edns_size = 1232;
  std::string tcp_domain;
};

class DnsClient {
 public:
  // Questions under way at a time; more wait for their turn.
  static constexpr size_t kMaxInFlight = 256;

  using OnDone = std::function<void(DnsReply)>;

  DnsClient(net::Loop& loop, DnsClientOptions options);
  ~DnsClient();  // not from inside a callback; forgets what is open

  // Calls back once, later.
  void Ask(dns::Question question, OnDone on_done);

  uint64_t good() const { return good_; }
  const std::map<std::string, uint64_t>& bad() const { return bad_; }  // by reason; also datagrams that were ignored
  Millis last_good() const { return last_good_; }  // loop's time; that of construction before the first
  size_t in_flight() const { return queries_.size(); }

 private:
  class Query;
  friend class Query;
  struct Waiting {
    dns::Question question;
    OnDone on_done;
  };

  void StartWaiting();
  // Ends `query`, which must not touch itself afterwards.
  void Finish(Query& query, DnsReply reply);
  void Count(const std::string& reason) { ++bad_[reason]; }

  net::Loop& loop_;
  const DnsClientOptions options_;
  DnsServers servers_;
  std::vector<std::unique_ptr<DnsTcp>> tcp_;  // by server
  std::deque<Waiting> waiting_;
  std::map<Query*, std::unique_ptr<Query>> queries_;
  net::Timer soon_;  // starts what waits when a place is free
  uint64_t good_ = 0;
  std::map<std::string, uint64_t> bad_;
  Millis last_good_;
  NeighbourLog log_;
  NeighbourLog tcp_log_;
};

}  // namespace signpost::lb
