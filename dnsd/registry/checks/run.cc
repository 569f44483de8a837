// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/run.h"

#include <algorithm>
#include <utility>

#include "common/base/status.h"
#include "common/net/timer.h"

namespace signpost::registry {
namespace {

using Kind = CheckDefinition::Kind;

constexpr Millis kTimeout{10000};
constexpr Millis kCommandTimeout{30000};
constexpr size_t kDefaultOutput = 4096;

http::ClientOptions ForChecks(const CheckOptions& options) {
  http::ClientOptions client;
  client.max_connections = static_cast<int>(2 * options.max_running);  // a run never waits for a connection
  client.connect_timeout = std::chrono::hours(1);                      // the request's own counts
  return client;
}

bool RunsCommands(Kind kind) { return kind == Kind::kScript || kind == Kind::kDocker; }

class KnownRun final : public Run {
 public:
  KnownRun(net::Loop& loop, Outcome outcome, OnOutcome on_outcome)
      : outcome_(std::move(outcome)), on_outcome_(std::move(on_outcome)), timer_(loop, [this] {
          const OnOutcome done = std::move(on_outcome_);
          done(std::move(outcome_));
        }) {
    timer_.Start(Millis(0));
  }

 private:
  Outcome outcome_;
  OnOutcome on_outcome_;
  net::Timer timer_;
};

}  // namespace

RunContext::RunContext(net::Loop& owner, CheckOptions given)
    : loop(owner), options(std::move(given)), http(owner, ForChecks(options)), docker(owner, options) {}

std::unique_ptr<Run> StartKnownRun(RunContext& context, Outcome outcome, OnOutcome on_outcome) {
  return std::make_unique<KnownRun>(context.loop, std::move(outcome), std::move(on_outcome));
}

Millis TimeoutOf(const CheckDefinition& definition) {
  if (definition.timeout > Millis(0)) return definition.timeout;
  return RunsCommands(definition.kind) ? kCommandTimeout : kTimeout;
}

size_t OutputLimitOf(const CheckDefinition& definition) {
  return definition.output_max_size < 1 ? kDefaultOutput : static_cast<size_t>(definition.output_max_size);
}

std::unique_ptr<Run> StartRun(RunContext& context, const Definition& definition, OnOutcome on_outcome) {
  if (RunsCommands(definition->kind) && !context.options.enable_scripts) {
    Outcome refused{CheckStatus::kCritical, "Scripts are disabled on this agent"};
    return StartKnownRun(context, std::move(refused), std::move(on_outcome));
  }
  switch (definition->kind) {
    case Kind::kHttp:
      return StartHttpRun(context, definition, std::move(on_outcome));
    case Kind::kTcp:
      return StartTcpRun(context, definition, std::move(on_outcome));
    case Kind::kGrpc:
      return StartGrpcRun(context, definition, std::move(on_outcome));
    case Kind::kScript:
      return StartScriptRun(context, definition, std::move(on_outcome));
    case Kind::kDocker:
      return StartDockerRun(context, definition, std::move(on_outcome));
    case Kind::kTtl:
    case Kind::kAlias:
      break;
  }
  Abort("a check of this kind is not run");
}

}  // namespace signpost::registry
