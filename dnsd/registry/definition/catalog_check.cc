// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/catalog_check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "dnsd/registry/definition/go_duration.h"

namespace signpost::registry {
namespace {

constexpr std::string_view kType =
    "struct { Interval interface {}; Timeout interface {}; DeregisterCriticalServiceAfter interface {}; TTL interface "
    "{}; *structs.Alias }";

struct Fields {
  std::string http, method, body, tcp, docker, shell, grpc, alias_node, alias_service;
  bool tls_skip_verify = false;
  bool grpc_use_tls = false;
  std::vector<std::pair<std::string, Strings>> header;
  Strings script_args;
  int64_t output_max_size = 0;
  int64_t interval = 0;
  int64_t timeout = 0;
  int64_t deregister_after = 0;
  int64_t ttl = 0;
};

// Text in Go's syntax or a number of nanoseconds; anything else is no duration, and no error.
ReadValue IntoNanos(int64_t& out) {
  return [&out](json::Value value, const Place& /*place*/) {
    if (value.IsString()) {
      const auto nanos = ParseGoDuration(value.String());
      if (!nanos.ok()) return nanos.status();
      out = nanos.value();
    } else if (value.IsNumber()) {
      constexpr double kBound = 9.2e18;
      const double number = value.Double();
      out = std::abs(number) < kBound ? static_cast<int64_t>(number) : std::numeric_limits<int64_t>::min();
    }
    return Status::Ok();
  };
}

ReadValue IntoUint(int64_t& out) {
  return [&out](json::Value value, const Place& place) {
    if (value.IsNull()) return Status::Ok();
    if (!value.IsNumber() || value.Int(-1) < 0) return WrongType(value, place, "uint");
    out = value.Int();
    return Status::Ok();
  };
}

StructFields FieldsOf(Fields& out) {
  return {{"http", Into(out.http)},
          {"tlsskipverify", Into(out.tls_skip_verify)},
          {"header", Into(out.header)},
          {"method", Into(out.method)},
          {"body", Into(out.body)},
          {"tcp", Into(out.tcp)},
          {"outputmaxsize", IntoUint(out.output_max_size)},
          {"scriptargs", Into(out.script_args)},
          {"dockercontainerid", Into(out.docker)},
          {"shell", Into(out.shell)},
          {"grpc", Into(out.grpc)},
          {"grpcusetls", Into(out.grpc_use_tls)},
          {"aliasnode", Into(out.alias_node)},
          {"aliasservice", Into(out.alias_service)},
          {"interval", IntoNanos(out.interval)},
          {"timeout", IntoNanos(out.timeout)},
          {"deregistercriticalserviceafter", IntoNanos(out.deregister_after)},
          {"ttl", IntoNanos(out.ttl)}};
}

std::string TypeOf(const Fields& fields) {
  if (!fields.grpc.empty() && fields.interval > 0) return "grpc";
  if (!fields.http.empty() && fields.interval > 0) return "http";
  if (fields.ttl > 0) return "ttl";
  if (!fields.tcp.empty() && fields.interval > 0) return "tcp";
  if (!fields.alias_node.empty() || !fields.alias_service.empty()) return "alias";
  if (fields.script_args.empty()) return "";
  return !fields.docker.empty() && fields.interval > 0 ? "docker" : "script";
}

void WriteTime(json::Writer& out, std::string_view key, int64_t nanos) {
  if (nanos != 0) out.Key(key).String(GoDurationText(nanos));
}

void WriteText(json::Writer& out, std::string_view key, const std::string& text) {
  if (!text.empty()) out.Key(key).String(text);
}

void WriteFlag(json::Writer& out, std::string_view key, bool flag) {
  if (flag) out.Key(key).Bool(true);
}

void WriteNumber(json::Writer& out, std::string_view key, int64_t number) {
  if (number != 0) out.Key(key).Int(number);
}

void WriteList(json::Writer& out, const Strings& list) {
  out.BeginArray();
  for (const std::string& text : list) out.String(text);
  out.EndArray();
}

std::string JsonOf(const Fields& fields) {
  json::Writer out;
  out.BeginObject();
  WriteTime(out, "Interval", fields.interval);
  WriteNumber(out, "OutputMaxSize", fields.output_max_size);
  WriteTime(out, "Timeout", fields.timeout);
  WriteTime(out, "DeregisterCriticalServiceAfter", fields.deregister_after);
  WriteText(out, "HTTP", fields.http);
  WriteFlag(out, "TLSSkipVerify", fields.tls_skip_verify);
  if (!fields.header.empty()) {
    out.Key("Header").BeginObject();
    for (const auto& [name, values] : fields.header) WriteList(out.Key(name), values);
    out.EndObject();
  }
  WriteText(out, "Method", fields.method);
  WriteText(out, "Body", fields.body);
  WriteText(out, "TCP", fields.tcp);
  if (!fields.script_args.empty()) WriteList(out.Key("ScriptArgs"), fields.script_args);
  WriteText(out, "DockerContainerID", fields.docker);
  WriteText(out, "Shell", fields.shell);
  WriteText(out, "GRPC", fields.grpc);
  WriteFlag(out, "GRPCUseTLS", fields.grpc_use_tls);
  WriteText(out, "AliasNode", fields.alias_node);
  WriteText(out, "AliasService", fields.alias_service);
  WriteNumber(out, "TTL", fields.ttl);
  out.EndObject();
  std::string json = out.Take();
  return json == "{}" ? std::string() : json;
}

// Whole units and a fraction without trailing zeros.
std::string Fraction(uint64_t value, uint64_t unit) {
  std::string text = std::to_string(value / unit);
  if (value % unit == 0) return text;
  std::string digits = std::to_string(unit + value % unit).substr(1);
  digits.erase(digits.find_last_not_of('0') + 1);
  return text + "." + digits;
}

}  // namespace

Status ReadCatalogCheck(json::Value value, const Place& place, CatalogCheck& out) {
  if (value.IsNull()) return Status::Ok();
  if (!value.IsObject()) return WrongType(value, place, kType);
  Fields fields;
  const StructFields known = FieldsOf(fields);
  Status status;
  value.ForEachMember([&](std::string_view key, json::Value member) {
    const auto field =
        std::find_if(known.begin(), known.end(), [name = Lower(key)](const StructField& f) { return f.name == name; });
    if (status.ok() && field != known.end()) status = field->read(member, place);
  });
  if (!status.ok()) return status;
  out = {.json = JsonOf(fields), .type = TypeOf(fields)};
  return status;
}

std::string GoDurationText(int64_t nanos) {
  constexpr uint64_t kMicro = 1000;
  constexpr uint64_t kMilli = 1000 * kMicro;
  constexpr uint64_t kSecond = 1000 * kMilli;
  if (nanos == 0) return "0s";
  const std::string sign = nanos < 0 ? "-" : "";
  const uint64_t size = nanos < 0 ? 0 - static_cast<uint64_t>(nanos) : static_cast<uint64_t>(nanos);
  if (size < kMicro) return sign + std::to_string(size) + "ns";
  if (size < kMilli) return sign + Fraction(size, kMicro) + "\xc2\xb5s";
  if (size < kSecond) return sign + Fraction(size, kMilli) + "ms";
  const uint64_t minutes = size / (60 * kSecond);
  const std::string seconds = Fraction(size % (60 * kSecond), kSecond) + "s";
  if (minutes == 0) return sign + seconds;
  if (minutes < 60) return sign + std::to_string(minutes) + "m" + seconds;
  return sign + std::to_string(minutes / 60) + "h" + std::to_string(minutes % 60) + "m" + seconds;
}

}  // namespace signpost::registry
