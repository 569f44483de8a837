// Signpost. Apache-2.0; see LICENSE.
// lb's options: the table, and the plain structs that the rest of the program reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/consul/agent_client.h"
#include "common/net/address.h"
#include "common/options/options.h"
#include "common/options/shared_rows.h"
#include "lb/access_format.h"
#include "lb/discovery/dns_source.h"
#include "lb/publish/config.h"
#include "lb/publish/publisher.h"
#include "lb/session/session_context.h"

namespace signpost::lb {

// Sealed at start: SIGHUP cannot change it.
struct StartOptions {
  net::SocketAddress http;  // operations
  int threads = 1;          // one per core when none is given
  std::string data_dir;     // "" = nothing is kept on disk
  Millis max_snapshot_age{0};
  std::optional<consul::AgentOptions> consul;
  size_t consul_watches = 90;
  bool only_passing = false;
  std::string policy_prefix;
  std::string takeover;  // path of a Unix socket; "" = none
};

// Replaced as a whole by SIGHUP.
struct LiveOptions {
  options::LogOptions log;
  PublishOptions publish;
  bool listen_is_default = false;  // nobody chose --http-listen: a host without IPv6 is no failure
  FileConfig config;
  SessionRules rules;
  DnsOptions dns;           // without servers and names there is no DNS source
  std::string access_path;  // "" = no access log, "-" = standard output
  AccessFormat access_format = AccessFormat::kJson;
  std::string admin_token;  // a secret; "" = only this host may change endpoints
  Millis pre_stop{0};
  Millis stop_timeout{0};
};

struct LbOptions {
  StartOptions start;
  LiveOptions live;
  options::Values values;  // for SealedChanges on a reload
};

// The table, made once; lives as long as the program.
const options::Rows& LbRows();

// Checks `values` against each other and converts them. kConfig names the option, or the key below "services" or
// "routes", that is at fault.
Result<LbOptions> MakeLbOptions(const options::Values& values);

// Of the listeners that the options name, those without which the program is not ready: all but [::1]:80 by default.
bool IsRequired(const LiveOptions& live, const net::SocketAddress& address);

}  // namespace signpost::lb
