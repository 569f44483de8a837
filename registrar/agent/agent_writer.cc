// Signpost. Apache-2.0; see LICENSE.
#include "registrar/agent/agent_writer.h"

#include <utility>

#include "common/json/json.h"
#include "registrar/plan/registration.h"

namespace signpost::registrar {
namespace {

WriteOutcome OutcomeOf(const consul::AgentReply& reply) {
  const auto says = [&reply](std::string_view words) { return reply.error_text.find(words) != std::string::npos; };
  if (reply.error == consul::AgentError::kNone) return WriteOutcome::kDone;
  if (reply.error == consul::AgentError::kDenied) return WriteOutcome::kDenied;
  if (reply.status == 404) return WriteOutcome::kUnknown;
  if (reply.status == 429) return WriteOutcome::kRetry;
  if (reply.status >= 300 && reply.status <= 499) return WriteOutcome::kRefused;
  if (reply.status != 500) return WriteOutcome::kRetry;
  if (says("Scripts are disabled on this agent")) return WriteOutcome::kNoScripts;
  // Of checks; with ACLs "Unknown check", "Unknown service", since the right to write is looked up first.
  if (says("does not have associated TTL") || says("Unknown check") || says("Unknown service")) {
    return WriteOutcome::kUnknown;
  }
  return WriteOutcome::kRetry;
}

std::string PathOf(std::string_view verb, std::string_view id) {
  return "/v1/agent/" + std::string(verb) + "/" + consul::EncodeSegment(id);
}

}  // namespace

const char* WriteOutcomeName(WriteOutcome outcome) {
  switch (outcome) {
    case WriteOutcome::kDone:
      return "done";
    case WriteOutcome::kRetry:
      return "retry";
    case WriteOutcome::kDenied:
      return "denied";
    case WriteOutcome::kRefused:
      return "refused";
    case WriteOutcome::kNoScripts:
      return "no_scripts";
    case WriteOutcome::kUnknown:
      return "unknown";
  }
  return "retry";
}

WriteResult JudgeWrite(const consul::AgentReply& reply) {
  const WriteOutcome outcome = OutcomeOf(reply);
  return {outcome, outcome == WriteOutcome::kDone ? std::string() : reply.error_text};
}

AgentWriter::AgentWriter(net::Loop& loop, consul::AgentClient& client, bool dry_run)
    : loop_(loop), client_(client), dry_run_(dry_run) {}

std::unique_ptr<AgentWriter::Call> AgentWriter::Register(const Service& service, std::string_view owner, On done,
                                                         ActionKind kind) {
  consul::PutRequest request{.path = "/v1/agent/service/register", .body = RegistrationBody(service, owner)};
  if (kind != ActionKind::kAdd || dry_run_) return Put(kind, std::move(request), std::move(done));
  auto call = std::make_unique<Call>();
  SendIfNew(*call, service.id, std::move(request), std::move(done));
  return call;
}

std::unique_ptr<AgentWriter::Call> AgentWriter::Deregister(std::string_view service_id, On done) {
  return Put(ActionKind::kRemove, {.path = PathOf("service/deregister", service_id)}, std::move(done));
}

std::unique_ptr<AgentWriter::Call> AgentWriter::SetMaintenance(std::string_view service_id, bool enable,
                                                               std::string_view reason, On done) {
  consul::PutRequest request{.path = PathOf("service/maintenance", service_id)};
  request.params.emplace_back("enable", enable ? "true" : "false");
  if (enable && !reason.empty()) request.params.emplace_back("reason", reason);
  return Put(enable ? ActionKind::kMaintenanceOn : ActionKind::kMaintenanceOff, std::move(request), std::move(done));
}

std::unique_ptr<AgentWriter::Call> AgentWriter::RemoveCheck(std::string_view check_id, On done) {
  return Put(ActionKind::kRemoveCheck, {.path = PathOf("check/deregister", check_id)}, std::move(done));
}

std::unique_ptr<AgentWriter::Call> AgentWriter::Report(const CheckReport& report, On done) {
  json::Writer body;
  body.BeginObject().Key("Status").String(report.status).Key("Output").String(report.output).EndObject();
  return Put(ActionKind::kReport, {.path = PathOf("check/update", report.check_id), .body = body.Take()},
             std::move(done));
}

std::unique_ptr<AgentWriter::Call> AgentWriter::Put(ActionKind kind, consul::PutRequest request, On done) {
  auto call = std::make_unique<Call>();
  if (dry_run_) {
    call->dry_ = std::make_unique<net::Timer>(loop_, [this, kind, done = std::move(done)] { done(Count(kind, {})); });
    call->dry_->Start(Millis(0));
    return call;
  }
  Send(*call, kind, std::move(request), std::move(done));
  return call;
}

void AgentWriter::Send(Call& call, ActionKind kind, consul::PutRequest request, On done) {
  call.http_ = client_.Put(std::move(request), [this, kind, done = std::move(done)](const consul::AgentReply& reply) {
    done(Count(kind, JudgeWrite(reply)));
  });
}

void AgentWriter::SendIfNew(Call& call, std::string_view service_id, consul::PutRequest request, On done) {
  auto judge = [this, &call, request = std::move(request),
                done = std::move(done)](const consul::AgentReply& reply) mutable {
    if (reply.status == 0) {
      done(Count(ActionKind::kAdd, {WriteOutcome::kRetry, reply.error_text}));
    } else if (reply.status == 200) {
      done(Count(ActionKind::kAdd, {WriteOutcome::kUnknown, "the ID has appeared at the agent meanwhile"}));
    } else {
      Send(call, ActionKind::kAdd, std::move(request), std::move(done));
    }
  };
  call.http_ = client_.Get({.path = PathOf("service", service_id), .stale = false}, std::move(judge));
}

WriteResult AgentWriter::Count(ActionKind kind, WriteResult result) {
  const bool removes = kind == ActionKind::kRemove || kind == ActionKind::kRemoveCheck;
  if (removes && result.outcome == WriteOutcome::kUnknown) result = {};
  counts_[static_cast<size_t>(kind)][static_cast<size_t>(result.outcome)].Add();
  return result;
}

}  // namespace signpost::registrar
