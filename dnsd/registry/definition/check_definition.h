// Signpost. Apache-2.0; see LICENSE.
// Definitions of checks: JSON to rows, by Consul's rules and in its words. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/json/json.h"
#include "dnsd/registry/definition/struct_reader.h"
#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

// A check as it was written. Durations in nanoseconds.
struct WrittenCheck {
  std::string id;
  std::string name;
  std::string status;
  std::string notes;
  std::string service_id;
  Strings args;
  std::string http;
  std::vector<std::pair<std::string, Strings>> header;
  std::string method;
  std::string body;
  std::string tcp;
  std::string grpc;
  bool grpc_use_tls = false;
  bool tls_skip_verify = false;
  std::string docker_container_id;
  std::string shell;
  std::string alias_node;
  std::string alias_service;
  int64_t interval = 0;
  int64_t timeout = 0;
  int64_t ttl = 0;
  int64_t deregister_critical_service_after = 0;
  int64_t success_before_passing = 0;
  int64_t failures_before_critical = 0;
  int64_t output_max_size = 0;
  // Taken and ignored: for proxies, and for rights.
  std::string proxy_http;
  std::string proxy_grpc;
  std::string token;
  friend bool operator==(const WrittenCheck&, const WrittenCheck&) = default;
};

// Which keys there are depends on where the check stands.
enum class CheckPlace : unsigned char { kAlone, kInService };

Status ReadWrittenCheck(json::Value value, const Place& place, CheckPlace where, WrittenCheck& fields);

bool IsCheckStatus(std::string_view status);  // passing, warning, critical
// What is wrong with the type and its times, "" = nothing.
std::string_view CheckFault(const WrittenCheck& fields);
// Of fields without a fault. Critical unless they say otherwise; no node, names and tags of a service.
CheckRow MakeCheck(const WrittenCheck& fields);

// A check that stands alone, by all rules for it. kInvalid: the text of Consul's 400.
Result<CheckRow> CheckOf(const WrittenCheck& fields);

// The body of agent/check/register: a check of the node, or of the service with the row's service_id. kInvalid: the
// text of Consul's 400.
Result<CheckRow> ReadCheckBody(std::string_view body);

// True: running it runs a program.
bool RunsScript(const CheckRow& check);

}  // namespace signpost::registry
