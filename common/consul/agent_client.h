// Signpost. Apache-2.0; see LICENSE.
// Reads from and writes to one Consul agent. Everything on the loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/consul/agent_url.h"
#include "common/http/client.h"
#include "common/net/loop.h"

namespace signpost::consul {

struct AgentOptions {
  std::string url = "http://127.0.0.1:8500";  // as ParseAgentUrl reads it
  std::string token;                          // "" = the token file's, or none
  std::string token_file;                     // read at the start, after a 403 and by ReloadToken
  std::string http_auth;                      // "user:password" for a proxy in front of the agent; a secret; "" = none
  std::string namespace_name;                 // parameter `ns` of every request; "" = none
  http::TlsFiles tls;
  std::string tls_server_name;  // with https: expected in the certificate instead of the URL's host; "" = that
  int max_connections = 16;
  Millis connect_timeout{2000};
  Millis max_idle{118000};  // as http::ClientOptions
  size_t max_body = size_t{256} << 20;
};

// Why a read gave no usable data. Counted by class.
enum class AgentError : unsigned char {
  kNone,
  kConnect,   // no connection, or it broke
  kTimeout,   // no whole reply in time
  kDenied,    // 401, 403
  kNotFound,  // 404
  kServer,    // 5xx and 429: no leader, no path to the datacenter, too many connections
  kBadReply,  // another status, a missing index, a body that cannot be read or is too large
  kNoLeader,  // the answering server has lost its leader: its data may be old
};
inline constexpr size_t kAgentErrors = 8;
// "connect", "timeout", ...: the label of the metric. "none" for kNone.
const char* AgentErrorName(AgentError error);

struct GetRequest {
  std::string path = {};  // "/v1/...", segments encoded
  Params params = {};
  bool stale = true;   // any server may answer
  uint64_t index = 0;  // > 0: a blocking query
  Millis wait{0};      // with index
  Millis timeout{10000};
};

struct PutRequest {
  std::string path = {};  // "/v1/...", segments encoded
  Params params = {};
  std::string body = {};
  Millis timeout{10000};
};

struct AgentReply {
  AgentError error = AgentError::kNone;  // kNone exactly when the status is 200
  int status = 0;                        // 0 = no reply at all
  uint64_t index = 0;                    // X-Consul-Index; 0 = absent or unreadable
  bool known_leader = true;              // absent counts as true
  Millis last_contact{0};
  std::string content_hash;  // X-Consul-ContentHash, of reads that block by hash; "" = absent
  bool filtered = false;     // X-Consul-Results-Filtered-By-ACLs: the token may not see all of it
  bool translating = false;  // X-Consul-Translate-Addresses: the agent translates other datacenters' addresses
  std::string body;
  std::string error_text;  // one line without secrets; "" when ok
};

struct AgentCounters {
  Counter replies;
  std::array<Counter, kAgentErrors> errors;  // by AgentError; [kNone] stays 0
};

// The meta data of a reply of whatever status. Pure.
AgentReply ReadAgentReply(const http::Response& response);

class AgentClient {
 public:
  using OnReply = std::function<void(AgentReply)>;
  using Call = http::Client::Call;  // destroying it cancels

  // `options.url` has passed ParseAgentUrl. A token file that cannot be read is logged, not fatal.
  AgentClient(net::Loop& loop, AgentOptions options);
  AgentClient(const AgentClient&) = delete;
  AgentClient& operator=(const AgentClient&) = delete;

  // `on_reply` is called once, later; it may destroy the call.
  [[nodiscard]] std::unique_ptr<Call> Get(const GetRequest& request, OnReply on_reply);

  // The same for a write. Not tried again by itself: whether it was applied is unknown after kConnect and kTimeout.
  [[nodiscard]] std::unique_ptr<Call> Put(PutRequest request, OnReply on_reply);

  // Reads the token file again, if there is one (SIGHUP). Without a usable token in it the one in use stays.
  void ReloadToken();

  // Counts an error that was found behind a reply of status 200.
  void CountError(AgentError error) { counters_.errors[static_cast<size_t>(error)].Add(); }
  const AgentCounters& counters() const { return counters_; }
  size_t connections() const { return http_.connections(); }

 private:
  std::unique_ptr<Call> Send(http::Request http, std::string_view path, Params params, OnReply on_reply);
  AgentReply Judge(Result<http::Response> result, Millis started, Millis timeout);

  net::Loop& loop_;
  AgentOptions options_;
  AgentAddress address_;
  std::string token_;
  std::string authorization_;    // the header's value, or ""
  bool token_file_bad_ = false;  // at the last reading, and logged
  AgentCounters counters_;
  http::Client http_;
};

}  // namespace signpost::consul
