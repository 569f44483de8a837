// Signpost. Apache-2.0; see LICENSE.
// Any text into the readers of definitions: bodies of the registry's API, and service files. The first byte chooses
// the reader. What a reader takes can be registered, and registering it again is no news.
#include <cstdint>
#include <string_view>

#include "common/json/json.h"
#include "dnsd/registry/definition/catalog_body.h"
#include "dnsd/registry/definition/check_definition.h"
#include "dnsd/registry/definition/json_prefix.h"
#include "dnsd/registry/definition/proxy_definition.h"
#include "dnsd/registry/definition/service_definition.h"
#include "dnsd/registry/definition/service_file.h"
#include "tests/fuzz/check.h"

namespace signpost::fuzz {
namespace {

using namespace registry;  // NOLINT: every name below is of there

template <typename T>
Result<T> Checked(Result<T> result) {
  Demand(result.ok() || !result.status().text().empty(), "a failure says why");
  return result;
}

void CheckCheck(const CheckRow& check) {
  Demand(!check.check_id.empty() && !check.name.empty(), "a check has an ID and a name");
  Demand(IsCheckStatus(check.status), "a check has one of three states");
  Demand(check.run != nullptr && !check.type.empty(), "a check has a type");
  const bool ttl = check.run->kind == CheckDefinition::Kind::kTtl;
  Demand(!ttl || check.run->ttl > Millis(0), "a TTL check has a time");
  Demand(check.run->output_max_size > 0, "a check may say something");
}

State OwnNode() {
  NodeRow node;
  node.node.name = "n";
  State state;
  state.BeginWrite();
  state.Put(node);
  return state;
}

void Register(const AgentService& service) {
  State state = OwnNode();
  Demand(RegisterAgentService(state, "n", service, true) != IsOwnService(service.service.id),
         "what is read can be put");
  const uint64_t index = state.index();
  state.BeginWrite();
  RegisterAgentService(state, "n", service, true);
  Demand(state.index() == index || service.checks.size() > 1, "the same again is no news");
}

void CheckService(const AgentService& service) {
  Demand(!service.service.id.empty() && !service.service.service.empty(), "a service has an ID and a name");
  Demand(service.service.weights.passing >= 1, "a passing service can be drawn");
  for (const CheckRow& check : service.checks) {
    CheckCheck(check);
    Demand(check.service_id == service.service.id, "checks inside belong to the service");
  }
  if (!service.service.proxy.empty()) {
    Demand(json::Document::Parse(service.service.proxy).ok(), "a proxy is JSON");
    Demand(json::Document::Parse(AgentProxy(service.service.proxy)).ok(), "and stays it");
  }
  Register(service);
}

void CheckFile(const ServiceFile& file) {
  for (const AgentService& service : file.services) CheckService(service);
  for (const CheckRow& check : file.checks) CheckCheck(check);
}

void Run(uint8_t reader, std::string_view text) {
  if (reader % 6 == 0) {
    if (const auto service = Checked(ReadServiceBody(text)); service.ok()) CheckService(service.value());
  } else if (reader % 6 == 1) {
    if (const auto check = Checked(ReadCheckBody(text)); check.ok()) CheckCheck(check.value());
  } else if (reader % 6 == 2) {
    if (const auto file = Checked(ReadServiceFile(text)); file.ok()) CheckFile(file.value());
  } else if (reader % 6 == 4) {
    (void)Checked(ReadRegisterBody(text));
  } else if (reader % 6 == 5) {
    (void)Checked(ReadDeregisterBody(text));
  } else {
    const auto value = Checked(FirstJsonValue(text));
    const auto whole = json::Document::Parse(text);
    if (whole.ok()) Demand(value.ok(), "what is JSON has a first value");
  }
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  signpost::fuzz::Run(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
