// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/checks.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "registrar/mapping/address.h"
#include "registrar/mapping/check_keys.h"
#include "registrar/mapping/health.h"
#include "registrar/mapping/split_command.h"
#include "registrar/mapping/text_values.h"

namespace signpost::registrar {
namespace {

constexpr int kMaxChecks = 9;
constexpr size_t kMaxArgument = size_t{4} << 10U;
constexpr size_t kMaxArguments = 64;
constexpr std::chrono::seconds kLeastHeartbeat(3);  // what registrar can keep beside its other work

// One check in the making: what it refers to, its keys, and where it goes.
struct Draft {
  const CheckSubject& subject;
  const CheckKeys& keys;
  std::string host;  // without brackets
  uint16_t port = 0;
};

// False: it cannot be made; a warning says why.
using Build = bool (*)(const Draft&, std::string_view key, CheckDefinition&);

std::string HostText(const std::string& host) { return IsIpv6(host) ? "[" + host + "]" : host; }
std::string Target(const Draft& draft) { return HostText(draft.host) + ":" + std::to_string(draft.port); }

bool HasPort(const Draft& draft, std::string_view key) {
  if (draft.port == 0) {
    draft.keys.Warn(draft.keys.KeyText(key) + " is not used: the service has no port; write " +
                    draft.keys.KeyText("port"));
  }
  return draft.port != 0;
}

// Of a scheme that is the key's name.
bool MakeUrl(const Draft& draft, std::string_view key, CheckDefinition& check) {
  const std::string value(draft.keys.Value(key));
  const std::string lower = LowerCase(value.substr(0, 8));
  if (lower.starts_with("http://") || lower.starts_with("https://")) {
    check.http = value;
    return true;
  }
  if (!HasPort(draft, key)) return false;
  check.http = std::string(key) + "://" + Target(draft) + (value.starts_with('/') ? "" : "/") + value;
  return true;
}

bool BuildHttp(const Draft& draft, std::string_view key, CheckDefinition& check) {
  if (!MakeUrl(draft, key, check)) return false;
  check.method = draft.keys.Value(std::string(key) + "_method");
  check.header = draft.keys.Headers();
  check.body = draft.keys.Value("http_body");
  check.tls_skip_verify = LowerCase(check.http.substr(0, 8)) == "https://" && draft.keys.IsOn("tls_skip_verify");
  check.timeout = draft.keys.Duration("timeout");
  return true;
}

bool AreShort(const Draft& draft, std::string_view key, const Strings& words) {
  const auto is_long = [](const std::string& word) { return word.size() > kMaxArgument; };
  if (words.size() <= kMaxArguments && std::ranges::none_of(words, is_long)) return true;
  draft.keys.Warn(draft.keys.KeyText(key) + " is not used: a command has at most " + std::to_string(kMaxArguments) +
                  " words of at most " + std::to_string(kMaxArgument) + " bytes; put it into a file");
  return false;
}

bool BuildCommand(const Draft& draft, std::string_view key, CheckDefinition& check) {
  check.script_args = {"check-cmd", draft.subject.container.id.substr(0, 12),
                       std::to_string(draft.subject.container_port), std::string(draft.keys.Value(key))};
  return AreShort(draft, key, check.script_args);
}

bool SplitInto(const Draft& draft, std::string_view key, Strings& words) {
  Result<Strings> split = SplitCommand(draft.keys.Value(key));
  if (!split.ok()) {
    draft.keys.Warn(draft.keys.KeyText(key) + " is not used: " + split.status().text());
    return false;
  }
  words = std::move(split).value();
  return AreShort(draft, key, words);
}

void ReplaceAll(std::string& text, std::string_view from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

bool BuildScript(const Draft& draft, std::string_view key, CheckDefinition& check) {
  if (!SplitInto(draft, key, check.script_args)) return false;
  for (std::string& word : check.script_args) {
    ReplaceAll(word, "$SERVICE_IP", draft.host);
    ReplaceAll(word, "$SERVICE_PORT", std::to_string(draft.port));
  }
  check.timeout = draft.keys.Duration("timeout");
  return AreShort(draft, key, check.script_args);
}

bool BuildTtl(const Draft& draft, std::string_view key, CheckDefinition& check) {
  check.ttl = draft.keys.Duration(key);
  const bool application = LowerCase(draft.keys.Value("ttl_owner")) == "app";
  check.owner = application ? CheckOwner::kApplication : CheckOwner::kHeartbeat;
  if (!application) {
    check.ttl = draft.keys.AtLeast(key, std::move(check.ttl), kLeastHeartbeat);
    check.status = "passing";
  }
  return !check.ttl.empty();
}

bool BuildTcp(const Draft& draft, std::string_view key, CheckDefinition& check) {
  if (!HasPort(draft, key)) return false;
  check.tcp = Target(draft);
  check.timeout = draft.keys.Duration("timeout");
  return true;
}

bool BuildGrpc(const Draft& draft, std::string_view key, CheckDefinition& check) {
  if (!HasPort(draft, key)) return false;
  const std::string_view value = draft.keys.Value(key);
  check.grpc = Target(draft) + std::string(value.starts_with('/') ? value : std::string_view());
  check.grpc_use_tls = draft.keys.IsOn("grpc_use_tls");
  check.tls_skip_verify = check.grpc_use_tls && draft.keys.IsOn("tls_skip_verify");
  check.timeout = draft.keys.Duration("timeout");
  return true;
}

bool BuildDocker(const Draft& draft, std::string_view key, CheckDefinition& check) {
  if (!SplitInto(draft, key, check.script_args)) return false;
  check.docker_container_id = draft.subject.container.id;
  check.shell = draft.keys.Value("docker_shell");
  if (check.shell.empty()) check.shell = "/bin/sh";
  check.timeout = draft.keys.Duration("timeout");
  return true;
}

// An alias of itself would repeat its own output, longer each time.
bool BuildAlias(const Draft& draft, std::string_view key, CheckDefinition& check) {
  check.alias_service = draft.keys.Value(key);
  if (check.alias_service != draft.subject.service_id) return true;
  draft.keys.Warn(draft.keys.KeyText(key) + " is not used: it names its own service");
  return false;
}

struct Kind {
  std::string_view key;
  Build build;
  bool is_switch;  // "false" declares nothing
  bool interval;
};
constexpr std::array<Kind, 9> kKinds = {{
    {"http", BuildHttp, false, true},
    {"https", BuildHttp, false, true},
    {"cmd", BuildCommand, false, true},
    {"script", BuildScript, false, true},
    {"ttl", BuildTtl, false, false},
    {"tcp", BuildTcp, true, true},
    {"grpc", BuildGrpc, true, true},
    {"docker", BuildDocker, false, true},
    {"alias", BuildAlias, false, false},
}};

const Kind* DeclaredKind(const CheckKeys& keys) {
  const Kind* first = nullptr;
  for (const Kind& kind : kKinds) {
    if (!(kind.is_switch ? keys.IsOn(kind.key) : keys.Has(kind.key))) continue;
    if (first) {
      keys.Warn(keys.KeyText(kind.key) + " is not used: " + keys.KeyText(first->key) +
                " comes first; further checks are CHECK_2_" + KeyName("", kind.key) + " and so on");
    } else {
      first = &kind;
    }
  }
  return first;
}

// What every kind has. An interval makes Consul count successes and failures; without one it does not.
void FillCommon(const CheckKeys& keys, const Kind& kind, CheckDefinition& check) {
  check.name = keys.Value("name");
  check.notes = keys.Value("notes");
  check.deregister_after = keys.Duration("deregister_after");
  if (std::string status = keys.Status("initial_status"); !status.empty()) check.status = std::move(status);
  if (!kind.interval) return;
  check.interval = keys.Duration("interval");
  if (check.interval.empty()) check.interval = "10s";
  check.success_before_passing = keys.Count("success_before_passing");
  check.failures_before_critical = keys.Count("failures_before_critical");
}

std::string CheckHost(const CheckSubject& subject, const CheckKeys& keys) {
  std::string_view host = keys.Value("address");
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!host.empty() && !IsUsableAddress(host)) {
    keys.Warn(keys.KeyText("address") + " is not used: write an IP address or a host name");
    host = {};
  }
  if (host.empty()) host = subject.address;
  return std::string(host.empty() ? "127.0.0.1" : host);
}

std::optional<CheckDefinition> DeclaredCheck(const CheckSubject& subject, const CheckKeys& keys) {
  const Kind* kind = DeclaredKind(keys);
  if (!kind) return std::nullopt;
  const Draft draft{subject, keys, CheckHost(subject, keys), keys.Port("port").value_or(subject.port)};
  CheckDefinition check;
  if (!kind->build(draft, kind->key, check)) return std::nullopt;
  FillCommon(keys, *kind, check);
  return check;
}

}  // namespace

std::vector<CheckDefinition> MakeChecks(const CheckSubject& subject, const Metadata& metadata,
                                        const MappingOptions& options, Strings& warnings) {
  std::vector<CheckDefinition> checks;
  for (int number = 1; number <= kMaxChecks; ++number) {
    const CheckKeys keys(metadata, options, number, warnings);
    if (!keys.IsAnyGiven()) continue;
    std::optional<CheckDefinition> check = DeclaredCheck(subject, keys);
    if (!check) continue;
    check->check_id = "service:" + std::string(subject.service_id) + (number == 1 ? "" : ":" + std::to_string(number));
    checks.push_back(*std::move(check));
  }
  auto mirror = MirrorHealth(subject.container, subject.service_id, metadata, options, warnings);
  if (mirror) checks.push_back(*std::move(mirror));
  return checks;
}

}  // namespace signpost::registrar
