// Signpost. Apache-2.0; see LICENSE.
// TCP checks: a connection is enough.
#include <utility>

#include "common/net/connect.h"
#include "dnsd/registry/checks/run.h"
#include "dnsd/registry/checks/tcp_target.h"

namespace signpost::registry {
namespace {

class TcpRun final : public Run {
 public:
  TcpRun(net::Loop& loop, const TcpTarget& target, Definition definition, OnOutcome on_outcome)
      : definition_(std::move(definition)), on_outcome_(std::move(on_outcome)) {
    connection_ = net::Connection::Start(loop, target.host, target.port, TimeoutOf(*definition_),
                                         [this](const auto& result) { Finish(result.status()); });
  }

 private:
  void Finish(const Status& status) {
    Outcome outcome = JudgeTcp(status, definition_->tcp);
    const OnOutcome done = std::move(on_outcome_);
    done(std::move(outcome));
  }

  Definition definition_;
  OnOutcome on_outcome_;
  std::unique_ptr<net::Connection> connection_;
};

}  // namespace

std::unique_ptr<Run> StartTcpRun(RunContext& context, const Definition& definition, OnOutcome on_outcome) {
  const Result<TcpTarget> target = ParseTcpTarget(definition->tcp);
  if (!target.ok()) {
    return StartKnownRun(context, JudgeTcp(target.status(), definition->tcp), std::move(on_outcome));
  }
  return std::make_unique<TcpRun>(context.loop, target.value(), definition, std::move(on_outcome));
}

}  // namespace signpost::registry
