// Signpost. Apache-2.0; see LICENSE.
#include "registrar/plan_command.h"

#include <csignal>
#include <cstdio>
#include <optional>
#include <utility>

#include "common/net/loop.h"
#include "registrar/agent/agent_reading.h"
#include "registrar/engine_reading.h"
#include "registrar/plan_text.h"

namespace signpost::registrar {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitDifferences = 2;

class PlanRun {
 public:
  explicit PlanRun(const RegistrarOptions& options)
      : options_(options),
        engine_(loop_, options.start.engine),
        agent_(loop_, options.start.agent),
        engine_reading_(engine_,
                        [this](Result<EnginePicture> picture) {
                          engine_picture_ = std::move(picture);
                          StopWhenDone();
                        }),
        agent_reading_(agent_, [this](Result<AgentPicture> picture) {
          agent_picture_ = std::move(picture);
          StopWhenDone();
        }) {}

  int Run() {
    loop_.Run();
    if (!engine_picture_->ok()) return Fail("the Docker Engine: ", engine_picture_->status());
    if (!agent_picture_->ok()) return Fail("the Consul agent: ", agent_picture_->status());
    return Print(engine_picture_->value(), agent_picture_->value());
  }

 private:
  void StopWhenDone() {
    if (engine_picture_ && agent_picture_) loop_.Stop();
  }

  static int Fail(const char* who, const Status& status) {
    std::fprintf(stderr, "registrar: %s%s\n", who, status.text().c_str());
    return kExitFailed;
  }

  int Print(const EnginePicture& engine, const AgentPicture& agent) {
    const HostAddresses addresses = FindHostAddresses(options_.live.ip, MachineAddresses());
    const Intent intent = FindIntent(options_, addresses, engine.info, engine.containers, agent.services);
    const Plan plan = PlanOf(intent, agent.services);
    const PlanReport report = DescribePlan(intent.desired, agent.services, plan, intent.warnings);
    std::fputs(report.text.c_str(), stdout);
    return report.differences ? kExitDifferences : 0;
  }

  const RegistrarOptions& options_;
  net::Loop loop_;
  EngineClient engine_;
  consul::AgentClient agent_;
  EngineReading engine_reading_;
  AgentReading agent_reading_;
  std::optional<Result<EnginePicture>> engine_picture_;
  std::optional<Result<AgentPicture>> agent_picture_;
};

}  // namespace

int RunPlan(const RegistrarOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  return PlanRun(options).Run();
}

}  // namespace signpost::registrar
