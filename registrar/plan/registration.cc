// Signpost. Apache-2.0; see LICENSE.
#include "registrar/plan/registration.h"

#include <cstdint>

#include "common/json/json.h"

namespace signpost::registrar {
namespace {

enum class Form : unsigned char {
  kSent,    // as Consul gets it
  kHashed,  // without what changes while the service stays the same
};

constexpr size_t kHalf = 16;

std::string Fnv1a(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  std::string hex;
  for (int shift = 60; shift >= 0; shift -= 4) hex += "0123456789abcdef"[(hash >> shift) & 0xFU];
  return hex;
}

void WriteText(json::Writer& writer, std::string_view key, std::string_view value) {
  if (!value.empty()) writer.Key(key).String(value);
}

void WriteFlag(json::Writer& writer, std::string_view key, bool value) {
  if (value) writer.Key(key).Bool(true);
}

void WriteCount(json::Writer& writer, std::string_view key, int value) {
  if (value != 0) writer.Key(key).Int(value);
}

void WriteStrings(json::Writer& writer, const Strings& values) {
  writer.BeginArray();
  for (const std::string& value : values) writer.String(value);
  writer.EndArray();
}

void WriteHeader(json::Writer& writer, const std::vector<HeaderLine>& lines) {
  if (lines.empty()) return;
  writer.Key("Header").BeginObject();
  for (const HeaderLine& line : lines) {
    writer.Key(line.name);
    WriteStrings(writer, line.values);
  }
  writer.EndObject();
}

void WriteTarget(json::Writer& writer, const CheckDefinition& check) {
  WriteText(writer, "HTTP", check.http);
  WriteText(writer, "Method", check.method);
  WriteHeader(writer, check.header);
  WriteText(writer, "Body", check.body);
  WriteText(writer, "TCP", check.tcp);
  WriteText(writer, "GRPC", check.grpc);
  WriteFlag(writer, "GRPCUseTLS", check.grpc_use_tls);
  WriteFlag(writer, "TLSSkipVerify", check.tls_skip_verify);
  if (!check.script_args.empty()) {
    writer.Key("ScriptArgs");
    WriteStrings(writer, check.script_args);
  }
  WriteText(writer, "DockerContainerID", check.docker_container_id);
  WriteText(writer, "Shell", check.shell);
  WriteText(writer, "AliasService", check.alias_service);
}

bool IsReportedByUs(const CheckDefinition& check) {
  return check.owner == CheckOwner::kHeartbeat || check.owner == CheckOwner::kDockerHealth;
}

void WriteCheck(json::Writer& writer, const CheckDefinition& check, Form form) {
  writer.BeginObject();
  writer.Key("CheckID").String(check.check_id);
  WriteText(writer, "Name", check.name);
  WriteText(writer, "Notes", check.notes);
  WriteTarget(writer, check);
  WriteText(writer, "TTL", check.ttl);
  WriteText(writer, "Interval", check.interval);
  WriteText(writer, "Timeout", check.timeout);
  if (form == Form::kSent || !IsReportedByUs(check)) WriteText(writer, "Status", check.status);
  WriteText(writer, "DeregisterCriticalServiceAfter", check.deregister_after);
  WriteCount(writer, "SuccessBeforePassing", check.success_before_passing);
  WriteCount(writer, "FailuresBeforeCritical", check.failures_before_critical);
  writer.EndObject();
}

void WriteChecks(json::Writer& writer, const Service& service, Form form) {
  writer.BeginArray();
  for (const CheckDefinition& check : service.checks) WriteCheck(writer, check, form);
  writer.EndArray();
}

void WriteTaggedAddresses(json::Writer& writer, const Service& service) {
  if (service.tagged_addresses.empty()) return;
  writer.Key("TaggedAddresses").BeginObject();
  for (const TaggedAddress& tagged : service.tagged_addresses) {
    writer.Key(tagged.tag).BeginObject();
    writer.Key("Address").String(tagged.address).Key("Port").Int(tagged.port);
    writer.EndObject();
  }
  writer.EndObject();
}

// Everything but Meta, into an object that is open.
void WriteFields(json::Writer& writer, const Service& service, Form form) {
  writer.Key("ID").String(service.id);
  writer.Key("Name").String(service.name);
  if (form == Form::kSent || !service.enable_tag_override) {
    writer.Key("Tags");
    WriteStrings(writer, service.tags);
  }
  WriteText(writer, "Address", service.address);
  writer.Key("Port").Int(service.port);
  WriteTaggedAddresses(writer, service);
  writer.Key("Weights").BeginObject();
  writer.Key("Passing").Int(service.weight_passing).Key("Warning").Int(service.weight_warning);
  writer.EndObject();
  writer.Key("EnableTagOverride").Bool(service.enable_tag_override);
  writer.Key("Checks");
  WriteChecks(writer, service, form);
}

void WritePairs(json::Writer& writer, const StringPairs& pairs) {
  for (const auto& [key, value] : pairs) writer.Key(key).String(value);
}

}  // namespace

std::string SpecOf(const Service& service) {
  json::Writer whole;
  whole.BeginObject();
  WriteFields(whole, service, Form::kHashed);
  whole.Key("Meta").BeginObject();
  WritePairs(whole, service.meta);
  whole.EndObject().EndObject();
  json::Writer checks;
  WriteChecks(checks, service, Form::kHashed);
  return Fnv1a(whole.Take()) + "-" + Fnv1a(checks.Take());
}

std::string_view ChecksOfSpec(std::string_view spec) {
  if (spec.size() != kHalf + 1 + kHalf || spec[kHalf] != '-') return {};
  return spec.substr(kHalf + 1);
}

std::string RegistrationBody(const Service& service, std::string_view owner) {
  json::Writer writer;
  writer.BeginObject();
  WriteFields(writer, service, Form::kSent);
  writer.Key("Meta").BeginObject();
  WritePairs(writer, service.meta);
  writer.Key(kContainerKey).String(service.container_id);
  writer.Key(kOwnerKey).String(owner);
  writer.Key(kSpecKey).String(SpecOf(service));
  writer.EndObject().EndObject();
  return writer.Take();
}

}  // namespace signpost::registrar
