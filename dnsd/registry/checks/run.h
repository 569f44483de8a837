// Signpost. Apache-2.0; see LICENSE.
// One run of one check: the shells around sockets and processes, one kind each. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/http/client.h"
#include "common/net/loop.h"
#include "dnsd/registry/checks/docker_engine.h"
#include "dnsd/registry/checks/options.h"
#include "dnsd/registry/checks/outcome.h"
#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

// Destroying it cancels silently: connections are closed, a script's process group is killed.
class Run {
 public:
  Run() = default;
  virtual ~Run() = default;
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
};

// Exactly once, later, never from inside StartRun; may destroy the run, which keeps the function alive until it
// returns.
using OnOutcome = std::function<void(Outcome)>;
using Definition = std::shared_ptr<const CheckDefinition>;

// What all runs share. Must outlive them.
struct RunContext {
  RunContext(net::Loop& loop, CheckOptions options);

  net::Loop& loop;
  const CheckOptions options;
  http::Client http;  // for HTTP and gRPC checks; connections are never reused
  DockerEngine docker;
};

// Every run ends by itself within its time-out (Consul's defaults: 10 s, 30 s for scripts and in containers), a script
// at most two seconds later. TTL and alias checks have no runs (aborts).
std::unique_ptr<Run> StartRun(RunContext& context, const Definition& definition, OnOutcome on_outcome);

// The kinds, for StartRun and tests.
std::unique_ptr<Run> StartHttpRun(RunContext& context, const Definition& definition, OnOutcome on_outcome);
std::unique_ptr<Run> StartTcpRun(RunContext& context, const Definition& definition, OnOutcome on_outcome);
std::unique_ptr<Run> StartGrpcRun(RunContext& context, const Definition& definition, OnOutcome on_outcome);
std::unique_ptr<Run> StartScriptRun(RunContext& context, const Definition& definition, OnOutcome on_outcome);
std::unique_ptr<Run> StartDockerRun(RunContext& context, const Definition& definition, OnOutcome on_outcome);
// A run whose outcome is known before anything is done.
std::unique_ptr<Run> StartKnownRun(RunContext& context, Outcome outcome, OnOutcome on_outcome);

// The definition's, or Consul's default for its kind.
Millis TimeoutOf(const CheckDefinition& definition);
size_t OutputLimitOf(const CheckDefinition& definition);

}  // namespace signpost::registry
