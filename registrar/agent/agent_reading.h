// Signpost. Apache-2.0; see LICENSE.
// One whole reading of a Consul agent: who it is, its services and its checks. On the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/consul/agent_client.h"
#include "registrar/plan/actual.h"

namespace signpost::registrar {

struct AgentPicture {
  std::string node_id;    // "" when the token may not ask for it
  std::string node_name;  // likewise
  ActualServices services;
};

// kDenied (401, 403), kInvalid (the body cannot be read), kUnavailable (all else).
Status StatusOf(const consul::AgentReply& reply);

class AgentReading {
 public:
  using On = std::function<void(Result<AgentPicture>)>;

  // Begins at once. `done` is called once, later; it may destroy the reading, which else cancels. `client` outlives it.
  // `timeout` is that of each of its three requests; the second and third are sent together.
  AgentReading(consul::AgentClient& client, On done, Millis timeout = Millis(10000));
  AgentReading(const AgentReading&) = delete;
  AgentReading& operator=(const AgentReading&) = delete;

 private:
  // A reply, once it is there.
  struct Part {
    std::unique_ptr<consul::AgentClient::Call> call;
    std::string body;
    bool whole = false;
  };

  void OnSelf(const consul::AgentReply& reply);
  void Read(Part& part, std::string path);
  void OnPart(Part& part, consul::AgentReply reply);
  void Finish(Result<AgentPicture> result);

  consul::AgentClient& client_;
  On done_;
  Millis timeout_;
  AgentPicture picture_;
  Part self_;
  Part services_;
  Part checks_;
};

}  // namespace signpost::registrar
