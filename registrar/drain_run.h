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
#include "registrar/agent/agent_writer.h"
#include "registrar/docker/engine_client.h"
#include "registrar/drain_target.h"
#include "registrar/registrar_options.h"

namespace signpost::registrar {

class DrainRun {
 public:
  using Say = std::function<void(const std::string& line)>;  // what is being done, for people

  // Begins at once. `done` is called once, later. Everything outlives the object.
  DrainRun(net::Loop& loop, const RegistrarOptions& options, Say say, std::function<void(Status)> done);
  DrainRun(const DrainRun&) = delete;
  DrainRun& operator=(const DrainRun&) = delete;

  // Lifts the marks and ends with `why`. While the container is being stopped, or the marks lifted, it only says so.
  void GiveUp(Status why);

 private:
  void OnTarget(Result<DrainTarget> target);
  void Mark();
  void Enable(const std::string& id);
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
  DrainTarget target_;
  std::unique_ptr<DrainSearch> search_;
  std::unique_ptr<EngineClient::Call> engine_call_;
  std::map<std::string, std::unique_ptr<AgentWriter::Call>> writes_;  // by service ID
  Status mark_failure_;
  net::Timer timer_;
  bool stopping_ = false;
  bool lifting_ = false;
};

}  // namespace signpost::registrar
