// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/check_definition.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "dnsd/registry/definition/body.h"
#include "dnsd/registry/definition/go_duration.h"
#include "dnsd/registry/model/catalog_writes.h"

namespace signpost::registry {
namespace {

using Kind = CheckDefinition::Kind;

constexpr StructType kAlone = {.name = "structs.CheckDefinition", .owner = ""};
constexpr StructType kInService = {.name = "structs.CheckType", .owner = "", .opaque = true};
constexpr Millis kLeastInterval{1000};
constexpr Millis kLeastUntilDeregistered = std::chrono::minutes(1);

// Durations are read last: JSON that cannot be right comes first.
struct Times {
  json::Value interval;
  json::Value timeout;
  json::Value ttl;
  json::Value deregister_after;
};

// Text in Go's syntax, or a number of nanoseconds. Anything else is no duration, and no error.
Status ReadTime(json::Value value, int64_t& nanos) {
  if (value.IsString()) {
    auto read = ParseGoDuration(value.String());
    if (!read.ok()) return read.status();
    nanos = read.value();
  } else if (value.IsNumber()) {
    constexpr double kBound = 9.2e18;
    const double number = value.Double();
    nanos = std::abs(number) < kBound ? static_cast<int64_t>(number) : std::numeric_limits<int64_t>::min();
  }
  return Status::Ok();
}

Status ReadTimes(const Times& times, WrittenCheck& fields) {
  for (const auto& [value, nanos] : {std::pair{times.interval, &fields.interval},
                                     {times.timeout, &fields.timeout},
                                     {times.ttl, &fields.ttl},
                                     {times.deregister_after, &fields.deregister_critical_service_after}}) {
    if (auto status = ReadTime(value, *nanos); !status.ok()) return status;
  }
  return Status::Ok();
}

void AddTypes(WrittenCheck& out, Times& times, StructFields& fields) {
  fields.insert(fields.end(), {{"ScriptArgs", Into(out.args)},
                               {"args", Into(out.args)},
                               {"script_args", Into(out.args)},
                               {"HTTP", Into(out.http)},
                               {"Header", Into(out.header)},
                               {"Method", Into(out.method)},
                               {"Body", Into(out.body)},
                               {"TCP", Into(out.tcp)},
                               {"GRPC", Into(out.grpc)},
                               {"GRPCUseTLS", Into(out.grpc_use_tls)},
                               {"TLSSkipVerify", Into(out.tls_skip_verify)},
                               {"tls_skip_verify", Into(out.tls_skip_verify)},
                               {"DockerContainerID", Into(out.docker_container_id)},
                               {"docker_container_id", Into(out.docker_container_id)},
                               {"Shell", Into(out.shell)},
                               {"AliasNode", Into(out.alias_node)},
                               {"AliasService", Into(out.alias_service)},
                               {"Interval", IntoRaw(times.interval)},
                               {"Timeout", IntoRaw(times.timeout)},
                               {"TTL", IntoRaw(times.ttl)},
                               {"DeregisterCriticalServiceAfter", IntoRaw(times.deregister_after)},
                               {"deregister_critical_service_after", IntoRaw(times.deregister_after)},
                               {"SuccessBeforePassing", Into(out.success_before_passing)},
                               {"FailuresBeforeCritical", Into(out.failures_before_critical)},
                               {"OutputMaxSize", Into(out.output_max_size)}});
}

StructFields FieldsOf(WrittenCheck& out, Times& times, CheckPlace where, Author author) {
  StructFields fields = {{"Name", Into(out.name)},
                         {"Status", Into(out.status)},
                         {"Notes", Into(out.notes)},
                         {"ServiceID", Into(out.service_id)},
                         {"service_id", Into(out.service_id)}};
  AddTypes(out, times, fields);
  const bool any = author == Author::kFile;
  if (any || where == CheckPlace::kAlone)
    fields.insert(fields.end(), {{"ID", Into(out.id)}, {"Token", Into(out.token)}});
  if (any || where == CheckPlace::kInService) {
    fields.insert(
        fields.end(),
        {{"CheckID", Into(out.id)}, {"ProxyHTTP", Into(out.proxy_http)}, {"ProxyGRPC", Into(out.proxy_grpc)}});
  }
  return fields;
}

// Which of the types that the fields allow is run.
Kind KindOf(const WrittenCheck& fields) {
  if (fields.ttl > 0) return Kind::kTtl;
  if (!fields.http.empty()) return Kind::kHttp;
  if (!fields.tcp.empty()) return Kind::kTcp;
  if (!fields.grpc.empty()) return Kind::kGrpc;
  if (fields.args.empty()) return Kind::kAlias;
  return fields.docker_container_id.empty() ? Kind::kScript : Kind::kDocker;
}

// Which of them is shown. Consul's order is another one.
std::string TypeOf(const WrittenCheck& fields) {
  if (!fields.grpc.empty()) return "grpc";
  if (!fields.http.empty()) return "http";
  if (!fields.tcp.empty()) return "tcp";
  if (fields.ttl > 0) return "ttl";
  if (fields.args.empty()) return "alias";
  return fields.docker_container_id.empty() ? "script" : "docker";
}

int Count(int64_t value) { return static_cast<int>(std::clamp<int64_t>(value, 0, std::numeric_limits<int>::max())); }

CheckDefinition DefinitionOf(const WrittenCheck& fields) {
  CheckDefinition run;
  run.kind = KindOf(fields);
  run.ttl = AtLeastMillis(fields.ttl);
  if (fields.interval > 0) run.interval = std::max(AtLeastMillis(fields.interval), kLeastInterval);
  run.timeout = AtLeastMillis(fields.timeout);
  run.http = fields.http;
  if (!fields.method.empty()) run.method = fields.method;
  run.header = fields.header;
  run.body = fields.body;
  run.tls_skip_verify = fields.tls_skip_verify;
  run.tcp = fields.tcp;
  run.grpc = fields.grpc;
  run.grpc_use_tls = fields.grpc_use_tls;
  run.script_args = fields.args;
  run.docker_container_id = fields.docker_container_id;
  run.shell = fields.shell;
  run.alias_node = fields.alias_node;
  run.alias_service = fields.alias_service;
  if (fields.deregister_critical_service_after > 0) {
    run.deregister_critical_service_after =
        std::max(AtLeastMillis(fields.deregister_critical_service_after), kLeastUntilDeregistered);
  }
  run.success_before_passing = Count(fields.success_before_passing);
  run.failures_before_critical = Count(fields.failures_before_critical);
  if (fields.output_max_size > 0) {
    run.output_max_size = static_cast<int>(std::min<int64_t>(fields.output_max_size, run.output_max_size));
  }
  return run;
}

}  // namespace

Status ReadWrittenCheck(json::Value value, const Place& place, CheckPlace where, WrittenCheck& fields) {
  Times times;
  const StructFields known = FieldsOf(fields, times, where, place.author);
  if (auto status = ReadStruct(value, place, where == CheckPlace::kAlone ? kAlone : kInService, known); !status.ok()) {
    return status;
  }
  if (where == CheckPlace::kInService) fields.service_id.clear();
  return ReadTimes(times, fields);
}

bool IsCheckStatus(std::string_view status) { return status == kPassing || status == kWarning || status == kCritical; }

std::string_view CheckFault(const WrittenCheck& fields) {
  const bool repeats = !fields.args.empty() || !fields.http.empty() || !fields.tcp.empty() || !fields.grpc.empty();
  const bool alias = !fields.alias_node.empty() || !fields.alias_service.empty();
  if (fields.interval > 0 && fields.ttl > 0) return "Interval and TTL cannot both be specified";
  if (repeats && fields.interval <= 0) return "Interval must be > 0 for Script, HTTP, or TCP checks";
  if (repeats && alias) return "Interval cannot be set for Alias checks";
  if (alias && fields.ttl > 0) return "TTL must be not be set for Alias checks";
  if (!repeats && !alias && fields.ttl <= 0) return "TTL must be > 0 for TTL checks";
  if (fields.output_max_size < 0) return "MaxOutputMaxSize must be positive";
  return "";
}

CheckRow MakeCheck(const WrittenCheck& fields) {
  CheckRow check;
  check.check_id = fields.id.empty() ? fields.name : fields.id;
  check.name = fields.name;
  check.status = fields.status.empty() ? std::string(kCritical) : fields.status;
  check.notes = fields.notes;
  check.service_id = fields.service_id;
  check.type = TypeOf(fields);
  check.run = std::make_shared<const CheckDefinition>(DefinitionOf(fields));
  return check;
}

Result<CheckRow> CheckOf(const WrittenCheck& fields) {
  if (fields.name.empty()) return Status::Invalid("Missing check name");
  if (!fields.status.empty() && !IsCheckStatus(fields.status)) return Status::Invalid("Bad check status");
  if (const auto fault = CheckFault(fields); !fault.empty()) {
    return Status::Invalid("Invalid check: " + std::string(fault));
  }
  return MakeCheck(fields);
}

Result<CheckRow> ReadCheckBody(std::string_view body) {
  WrittenCheck fields;
  auto read = ReadBody(
      body, [&fields](json::Value root) { return ReadWrittenCheck(root, Place{}, CheckPlace::kAlone, fields); });
  if (!read.ok()) return read;
  return CheckOf(fields);
}

bool RunsScript(const CheckRow& check) { return check.run && !check.run->script_args.empty(); }

}  // namespace signpost::registry
