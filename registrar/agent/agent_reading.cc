// Signpost. Apache-2.0; see LICENSE.
#include "registrar/agent/agent_reading.h"

#include <utility>

#include "common/json/json.h"

namespace signpost::registrar {

Status StatusOf(const consul::AgentReply& reply) {
  if (reply.error == consul::AgentError::kNone) return Status::Ok();
  if (reply.error == consul::AgentError::kDenied) return Status::Denied(reply.error_text);
  return Status::Unavailable(reply.error_text);
}

AgentReading::AgentReading(consul::AgentClient& client, On done, Millis timeout)
    : client_(client), done_(std::move(done)), timeout_(timeout) {
  self_.call = client_.Get({.path = "/v1/agent/self", .stale = false, .timeout = timeout_},
                           [this](const consul::AgentReply& reply) { OnSelf(reply); });
}

void AgentReading::OnSelf(const consul::AgentReply& reply) {
  // A token for services only may not ask who the agent is.
  const bool denied = reply.error == consul::AgentError::kDenied;
  if (!denied && reply.error != consul::AgentError::kNone) return Finish(StatusOf(reply));
  if (!denied) {
    const auto document = json::Document::Parse(reply.body);
    if (!document.ok()) return Finish(Status::Invalid("/v1/agent/self: " + document.status().text()));
    const json::Value config = document.value().root()["Config"];
    picture_.node_id = config["NodeID"].String();
    picture_.node_name = config["NodeName"].String();
  }
  Read(services_, "/v1/agent/services");
  Read(checks_, "/v1/agent/checks");
}

void AgentReading::Read(Part& part, std::string path) {
  part.call = client_.Get({.path = std::move(path), .stale = false, .timeout = timeout_},
                          [this, &part](consul::AgentReply reply) { OnPart(part, std::move(reply)); });
}

void AgentReading::OnPart(Part& part, consul::AgentReply reply) {
  if (reply.error != consul::AgentError::kNone) return Finish(StatusOf(reply));
  part.body = std::move(reply.body);
  part.whole = true;
  if (!services_.whole || !checks_.whole) return;
  auto services = ReadAgentServices(services_.body, checks_.body);
  if (!services.ok()) return Finish(services.status());
  picture_.services = std::move(services).value();
  Finish(std::move(picture_));
}

void AgentReading::Finish(Result<AgentPicture> result) {
  // What else is under way must not finish it again.
  self_.call.reset();
  services_.call.reset();
  checks_.call.reset();
  const On done = std::move(done_);
  done(std::move(result));
}

}  // namespace signpost::registrar
