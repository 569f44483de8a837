// Signpost. Apache-2.0; see LICENSE.
// HTTP and gRPC checks: one exchange with the shared client.
#include <utility>

#include "dnsd/registry/checks/grpc_message.h"
#include "dnsd/registry/checks/http_text.h"
#include "dnsd/registry/checks/run.h"

namespace signpost::registry {
namespace {

// A health reply is a few bytes; more is read and dropped.
constexpr size_t kGrpcBody = 4096;

using Judge = std::function<Outcome(const Result<http::Response>&)>;

class ExchangeRun final : public Run {
 public:
  ExchangeRun(http::Client& client, http::Request request, Judge judge, OnOutcome on_outcome)
      : judge_(std::move(judge)), on_outcome_(std::move(on_outcome)) {
    call_ = client.Send(std::move(request), [this](const Result<http::Response>& result) {
      const OnOutcome done = std::move(on_outcome_);
      done(judge_(result));
    });
  }

 private:
  Judge judge_;
  OnOutcome on_outcome_;
  std::unique_ptr<http::Client::Call> call_;
};

http::Request GrpcRequest(const CheckDefinition& definition) {
  const GrpcTarget target = ParseGrpcTarget(definition.grpc);
  http::Request request;
  request.method = "POST";
  request.url = std::string(definition.grpc_use_tls ? "https://" : "http://") + std::string(target.address) +
                "/grpc.health.v1.Health/Check";
  request.headers = {{"Content-Type", "application/grpc"}, {"TE", "trailers"}, {"User-Agent", "Consul Health Check"}};
  request.body = EncodeHealthRequest(target.service);
  request.timeout = TimeoutOf(definition);
  request.http2 = true;
  request.fresh_connection = true;
  request.keep_body = http::BodyPart{.bytes = kGrpcBody, .end = http::BodyPart::End::kFirst};
  request.tls_verify = !definition.tls_skip_verify;
  return request;
}

Outcome GrpcFailure(std::string_view text) {
  const std::string reason = GoReason(text);
  std::string error;
  if (IsTimeout(text)) {
    error = RpcError("DeadlineExceeded", "context deadline exceeded");
  } else if (reason.starts_with("dial tcp")) {
    error = RpcError("Unavailable", "connection error: desc = \"transport: Error while dialing " + reason + "\"");
  } else {
    error = RpcError("Unavailable", "connection error: desc = \"transport: " + reason + "\"");
  }
  return {CheckStatus::kCritical, std::move(error)};
}

Outcome JudgeGrpc(const CheckDefinition& definition, const Result<http::Response>& result) {
  if (!result.ok()) return GrpcFailure(result.status().text());
  const http::Response& response = result.value();
  const auto field = [&](std::string_view name) {  // a reply without a body has its trailers in its head
    const std::string_view trailer = response.Trailer(name);
    return trailer.empty() ? response.Header(name) : trailer;
  };
  return JudgeGrpcReply({.http_status = response.status,
                         .http2 = response.http2,
                         .content_type = response.Header("content-type"),
                         .grpc_status = field("grpc-status"),
                         .grpc_message = field("grpc-message"),
                         .body = response.body},
                        definition.grpc);
}

}  // namespace

std::unique_ptr<Run> StartHttpRun(RunContext& context, const Definition& definition, OnOutcome on_outcome) {
  if (auto fault = HttpCheckFault(*definition)) {
    return StartKnownRun(context, {CheckStatus::kCritical, *std::move(fault)}, std::move(on_outcome));
  }
  http::Request request = HttpCheckRequest(*definition, TimeoutOf(*definition), OutputLimitOf(*definition));
  Judge judge = [definition](const Result<http::Response>& result) {
    return result.ok() ? JudgeHttpResponse(*definition, result.value())
                       : JudgeHttpFailure(*definition, result.status());
  };
  return std::make_unique<ExchangeRun>(context.http, std::move(request), std::move(judge), std::move(on_outcome));
}

std::unique_ptr<Run> StartGrpcRun(RunContext& context, const Definition& definition, OnOutcome on_outcome) {
  Judge judge = [definition](const Result<http::Response>& result) { return JudgeGrpc(*definition, result); };
  return std::make_unique<ExchangeRun>(context.http, GrpcRequest(*definition), std::move(judge), std::move(on_outcome));
}

}  // namespace signpost::registry
