// Signpost. Apache-2.0; see LICENSE.
// Script checks: a process of its own, without a shell, killed with its whole group when its time is over.
#include <utility>

#include "common/net/process.h"
#include "common/net/timer.h"
#include "dnsd/registry/checks/output_tail.h"
#include "dnsd/registry/checks/run.h"

namespace signpost::registry {
namespace {

// How long a killed process may take to be gone before its check is judged nevertheless: it may hang in the kernel.
constexpr Millis kAfterKill{2000};

class ScriptRun final : public Run {
 public:
  ScriptRun(net::Loop& loop, Definition definition, OnOutcome on_outcome)
      : definition_(std::move(definition)),
        on_outcome_(std::move(on_outcome)),
        tail_(OutputLimitOf(*definition_)),
        timer_(loop, [this] { OnTimer(); }) {}

  Status Start(net::Loop& loop) {
    auto result = net::Process::Start(loop, definition_->script_args,
                                      {.on_output = [this](std::string_view piece) { tail_.Append(piece); },
                                       .on_end = [this](net::ProcessEnd end) { OnEnd(end); }});
    if (!result.ok()) return result.status();
    process_ = std::move(result).value();
    timer_.Start(TimeoutOf(*definition_));
    return Status::Ok();
  }

 private:
  void OnTimer() {
    if (std::exchange(timed_out_, true)) {
      Finish({CheckStatus::kCritical, TimeoutText()});
      return;
    }
    timer_.Start(kAfterKill);
    process_->Kill();  // may call OnEnd at once
  }

  void OnEnd(net::ProcessEnd end) {
    if (timed_out_) {
      Finish({CheckStatus::kCritical, TimeoutText()});
    } else if (end.signal != 0) {
      Finish({CheckStatus::kCritical, tail_.WithNote()});
    } else {
      Finish({StatusOfExit(end.code), tail_.WithNote()});
    }
  }

  std::string TimeoutText() const {
    const std::string text = "Timed out (" + GoDuration(TimeoutOf(*definition_)) + ") running check";
    return tail_.total() == 0 ? text : text + "\n\n" + tail_.WithNote();
  }

  void Finish(Outcome outcome) {
    const OnOutcome done = std::move(on_outcome_);
    done(std::move(outcome));
  }

  Definition definition_;
  OnOutcome on_outcome_;
  OutputTail tail_;
  net::Timer timer_;
  std::unique_ptr<net::Process> process_;
  bool timed_out_ = false;
};

}  // namespace

std::unique_ptr<Run> StartScriptRun(RunContext& context, const Definition& definition, OnOutcome on_outcome) {
  auto run = std::make_unique<ScriptRun>(context.loop, definition, on_outcome);
  const Status status = run->Start(context.loop);
  if (status.ok()) return run;
  const std::string program = definition->script_args.empty() ? "" : definition->script_args.front();
  return StartKnownRun(context, {CheckStatus::kCritical, "fork/exec " + program + ": " + status.text()},
                       std::move(on_outcome));
}

}  // namespace signpost::registry
