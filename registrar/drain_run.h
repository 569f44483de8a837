// Signpost. Apache-2.0; see LICENSE.
// The steps of `registrar drain`, one after the other. On the loop's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/base/status.h"
#include "common/consul/agent_client.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "registrar/agent/agent_reading.h"
#include "registrar/agent/agent_writer.h"
#include "registrar/docker/engine_client.h"
#include "registrar/registrar_options.h"

namespace signpost::registrar {

class DrainRun {
 public:
  using Say = std::function<void(const std::string& line)>;  // what is being done, for people

  // Begins at once. `done` is called once, later. Everything outlives the object.
  DrainRun(net::Loop& loop, const RegistrarOptions& options, Say say, std::function<void(Status)> done);
  DrainRun(const DrainRun&) = delete;
  DrainRun& operator=(const DrainRun&) = delete;

  // Lifts the marks and ends with `why`, unless the container is being stopped already.
  void GiveUp(Status why);

 private:
  void OnInfo(Result<EngineInfo> info);
  void OnContainer(Result<Container> container);
  void OnAgent(const Result<AgentPicture>& agent);
  void Mark();
  void OnMarked(const std::string& id, const WriteResult& result);
  void Wait();
  void StopContainer();
  void Lift(Status why);
  void OnLifted(const std::string& id, const Status& why);
  void Finish(Status status);

  const RegistrarOptions& options_;
  Say say_;
  std::function<void(Status)> done_;
  EngineClient engine_;
  consul::AgentClient agent_;
  AgentWriter writer_;
  EngineInfo info_;
  Container container_;
  Millis wait_{0};
  Strings services_;  // to be marked, then those that are
  std::unique_ptr<EngineClient::Call> engine_call_;
  std::unique_ptr<AgentReading> reading_;
  std::map<std::string, std::unique_ptr<AgentWriter::Call>> writes_;  // by service ID
  Status mark_failure_;
  net::Timer timer_;
  bool stopping_ = false;
  bool lifting_ = false;
};

// How long to wait for a container without --wait: the longest SERVICE_DRAIN of its services, else --drain.
Millis DrainTime(const Container& container, const MappingOptions& mapping);

}  // namespace signpost::registrar
