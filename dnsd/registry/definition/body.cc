// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/body.h"

#include <string>

#include "dnsd/registry/definition/json_prefix.h"

namespace signpost::registry {
namespace {

Status Failed(const Status& why) { return Status::Invalid("Request decode failed: " + why.text()); }

}  // namespace

Status ReadBody(std::string_view body, const std::function<Status(json::Value root)>& read) {
  const auto value = FirstJsonValue(body);
  if (!value.ok()) return Failed(value.status());
  const auto document = json::Document::Parse(value.value());
  if (!document.ok()) return Failed(document.status());
  const Status status = read(document.value().root());
  return status.ok() ? status : Failed(status);
}

}  // namespace signpost::registry
