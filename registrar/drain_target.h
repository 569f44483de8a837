// Signpost. Apache-2.0; see LICENSE.
// What `registrar drain` is to take out: the container, and its services that stand at the agent. Reads only. On the
// loop's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/consul/agent_client.h"
#include "registrar/agent/agent_reading.h"
#include "registrar/docker/engine_client.h"
#include "registrar/mapping/map_container.h"
#include "registrar/registrar_options.h"

namespace signpost::registrar {

struct DrainTarget {
  struct Marked {
    std::string service_id;
    bool own_mark = false;  // registrar's own, whose reason and end do not fit any more
  };
  Container container;
  Millis wait{0};                // --wait, else DrainTime
  std::vector<Marked> services;  // without those that an operator has marked; none when the container does not run
};

// The longest SERVICE_DRAIN of the container's services, else `usual`.
Millis DrainTime(const Mapping& mapping, Millis usual);

class DrainSearch {
 public:
  using On = std::function<void(Result<DrainTarget>)>;

  // Begins at once. `done` is called once, later; it may destroy the search, which else cancels. Everything outlives
  // it. A failure says that the container was not stopped: a service that cannot be seen cannot be taken out, and a
  // token without the right to read sees an empty list. So services that the container wants and that the list lacks
  // are asked for one by one, and only 404 means that they are not there.
  DrainSearch(EngineClient& engine, consul::AgentClient& agent, const RegistrarOptions& options, On done);
  DrainSearch(const DrainSearch&) = delete;
  DrainSearch& operator=(const DrainSearch&) = delete;

 private:
  void OnInfo(Result<EngineInfo> info);
  void OnContainer(Result<Container> container);
  void FindOwners();
  void OnOwner(const std::string& id, Result<Container> container);
  void Map();
  void OnAgent(const Result<AgentPicture>& agent);
  void AskNext();
  void OnService(const std::string& service_id, const consul::AgentReply& reply);
  void Finish(Result<DrainTarget> result);
  void Refuse(const Status& why);

  EngineClient& engine_;
  consul::AgentClient& agent_;
  const RegistrarOptions& options_;
  On done_;
  EngineInfo info_;
  DrainTarget target_;
  std::map<std::string, Container, std::less<>> owners_;  // of network namespaces, by the ID that names them
  Strings wanted_;                                        // IDs that were not seen yet
  std::unique_ptr<EngineClient::Call> engine_call_;
  std::unique_ptr<AgentReading> reading_;
  std::unique_ptr<consul::AgentClient::Call> agent_call_;
};

}  // namespace signpost::registrar
