// Signpost. Apache-2.0; see LICENSE.
// Services from the catalog of Consul, or of dnsd's registry, by blocking queries: the list of services, then the
// health of each that is exposed by a tag or wanted by name, and the policies below lb/policy/ in the KV store.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "common/consul/agent_client.h"
#include "common/net/loop.h"
#include "lb/discovery/source.h"

namespace signpost::lb {

struct ConsulSourceOptions {
  consul::AgentOptions agent;
  std::set<std::string> wanted;  // services that the config file routes to, whatever their tags
  bool use_warning = true;       // instances whose checks warn are usable, with their warning weight
  Millis wait{55000};
  Millis confirm_empty{1000};
  Millis confirm_loss{5000};
  Millis max_last_contact{10000};  // of a stale read; above, removals wait
  // Services watched by a held request each; the rest are read in turn. With the list, the policies and those reads two
  // lbs of one host, one taking over from the other, stay below Consul's http_max_conns_per_client of 200.
  size_t max_watches = 90;
  std::string policy_prefix = "lb/policy/";  // "" = do not read the KV store
};

class ConsulSource : public Source {
 public:
  // Reads the token file again (SIGHUP).
  virtual void ReloadToken() = 0;
  // The config file's services changed (SIGHUP).
  virtual void SetWanted(std::set<std::string> wanted) = 0;
};

// `sink` outlives the source. `options.agent.url` has passed ParseAgentUrl.
std::unique_ptr<ConsulSource> MakeConsulSource(net::Loop& loop, ConsulSourceOptions options, SourceSink& sink);

}  // namespace signpost::lb
