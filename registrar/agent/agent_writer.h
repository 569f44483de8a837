// Signpost. Apache-2.0; see LICENSE.
// The writes to a Consul agent. Everything on the loop's thread.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/metrics.h"
#include "common/consul/agent_client.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "registrar/mapping/service.h"
#include "registrar/plan/plan.h"

namespace signpost::registrar {

enum class WriteOutcome : unsigned char {
  kDone,
  kRetry,      // no reply, 5xx, 429
  kDenied,     // 401, 403: the token file has been read again; worth a try later
  kRefused,    // any other 4xx, a redirect: the same request will be refused again
  kNoScripts,  // 500: the agent runs no script checks; the service was not registered
  kUnknown,    // 404, or 500 of a check or service that the agent does not know: read the agent again
};
inline constexpr size_t kWriteOutcomes = 6;
const char* WriteOutcomeName(WriteOutcome outcome);  // the label of the metric

struct WriteResult {
  WriteOutcome outcome = WriteOutcome::kDone;
  std::string text;  // one line; "" when done
};

// What a reply means. Pure.
WriteResult JudgeWrite(const consul::AgentReply& reply);

class AgentWriter {
 public:
  using On = std::function<void(WriteResult)>;  // once, later; may destroy its call
  class Call {                                  // destroying it cancels; the writer outlives it
   private:
    friend class AgentWriter;
    std::unique_ptr<consul::AgentClient::Call> http_;
    std::unique_ptr<net::Timer> dry_;
  };

  // `dry_run`: nothing is sent, everything is done; counted all the same.
  AgentWriter(net::Loop& loop, consul::AgentClient& client, bool dry_run);

  // `kind`: kAdd or kChange. kAdd asks for the ID first and writes nothing when the agent has it meanwhile: kUnknown.
  // Whoever may not read it registers all the same.
  [[nodiscard]] std::unique_ptr<Call> Register(const Service& service, std::string_view owner, On done,
                                               ActionKind kind);
  // An ID that the agent does not know counts as done.
  [[nodiscard]] std::unique_ptr<Call> Deregister(std::string_view service_id, On done);
  [[nodiscard]] std::unique_ptr<Call> SetMaintenance(std::string_view service_id, bool enable, std::string_view reason,
                                                     On done);
  // A check that the agent does not know counts as done.
  [[nodiscard]] std::unique_ptr<Call> RemoveCheck(std::string_view check_id, On done);
  [[nodiscard]] std::unique_ptr<Call> Report(const CheckReport& report, On done);

  // By kind of action and outcome.
  const Counter& count(ActionKind kind, WriteOutcome outcome) const {
    return counts_[static_cast<size_t>(kind)][static_cast<size_t>(outcome)];
  }

 private:
  std::unique_ptr<Call> Put(ActionKind kind, consul::PutRequest request, On done);
  void Send(Call& call, ActionKind kind, consul::PutRequest request, On done);
  void SendIfNew(Call& call, std::string_view service_id, consul::PutRequest request, On done);
  WriteResult Count(ActionKind kind, WriteResult result);

  net::Loop& loop_;
  consul::AgentClient& client_;
  bool dry_run_;
  std::array<std::array<Counter, kWriteOutcomes>, kActionKinds> counts_;
};

}  // namespace signpost::registrar
