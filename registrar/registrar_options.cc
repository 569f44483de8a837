// Signpost. Apache-2.0; see LICENSE.
#include "registrar/registrar_options.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/options/text.h"
#include "registrar/consul_options.h"
#include "registrar/docker_options.h"
#include "registrar/mapping_options.h"

namespace signpost::registrar {
namespace {

using options::Row;
using options::Rows;
using options::Type;
using options::Values;

constexpr int64_t kSecond = 1000;
constexpr int64_t kDay = 24 * 3600 * kSecond;
constexpr Millis kResync{60000};
constexpr Millis kLeastHealthTtl{90000};

std::string CheckHttp(std::string_view text) {
  const auto address = net::SocketAddress::Parse(text, 0);
  return address.ok() ? "" : "is wrong: " + address.status().text();
}

std::string CheckOwner(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (plain && !text.empty() && text.size() <= 128) return "";
  return "must have 1 to 128 characters and no blanks";
}

std::string CheckNotEmpty(std::string_view text) { return text.empty() ? "must not be empty" : ""; }

Row SwitchRow(std::string_view name, std::string_view help) {
  return {.name = name, .type = Type::kBool, .help = help, .defaults = {"false"}, .bare = "true"};
}

Row SecondsRow(std::string_view name, std::string_view help, std::string_view fallback) {
  return {.name = name,
          .type = Type::kDuration,
          .value = "TIME",
          .help = help,
          .defaults = {fallback},
          .max = kDay,
          .bare_unit = "s"};
}

Rows LifeRows() {
  Row refresh = SecondsRow("refresh",
                           "Period of reports of mirrored health checks; their TTL is three times that, at "
                           "least 90s",
                           "20s");
  refresh.min = kSecond;
  return {
      {.name = "deregister",
       .type = Type::kWord,
       .value = "always|on-success|never",
       .help =
           "When the end of a container removes its services; on-success keeps, in maintenance, those of a container "
           "that failed",
       .defaults = {"always"},
       .words = {"always", "on-success", "never"}},
      {.name = "on-exit",
       .type = Type::kWord,
       .value = "keep|deregister|maintenance",
       .help = "What happens to the services when registrar itself is stopped",
       .defaults = {"keep"},
       .words = {"keep", "deregister", "maintenance"}},
      {.name = "owner-id",
       .value = "NAME",
       .help = "Marks this registrar's services at the agent; must be lasting and its own",
       .default_note = "the engine's ID",
       .check = CheckOwner},
      SwitchRow("cleanup", "Take over or remove what Registrator left: --adopt-prefix with the node ID"),
      {.name = "adopt-prefix",
       .value = "HOST:",
       .help = "Take over or remove services without an owner whose ID begins so and looks like Registrator's",
       .default_note = "none",
       .check = CheckNotEmpty},
      SwitchRow("lenient-checks", "Register a service without its script checks where the agent runs none"),
      SwitchRow("dry-run", "Write nothing; count what would be written"),
      SecondsRow("resync", "Period of the full list of containers and of the full reading of the agent; 0 means 60s",
                 "60s"),
      std::move(refresh),
      SecondsRow("engine-grace", "Put the services into maintenance when the engine is away for longer; 0 means never",
                 "0s"),
  };
}

Rows OtherRows() {
  return {
      {.name = "http",
       .value = "ADDR:PORT",
       .help = "Address of the operations listener: /healthz, /readyz, /metrics, /status",
       .defaults = {"127.0.0.1:9154"},
       .check = CheckHttp},
      {.name = "retry-attempts",
       .type = Type::kInteger,
       .value = "N",
       .help = "Give up, with exit 1, when the agent does not answer the first N+1 tries; -1 means never",
       .defaults = {"-1"},
       .min = -1,
       .max = 1'000'000},
      {.name = "retry-interval",
       .type = Type::kDuration,
       .value = "TIME",
       .help = "Pause between those tries; a bare number is in milliseconds",
       .defaults = {"2s"},
       .min = 1,
       .max = kDay,
       .bare_unit = "ms"},
      SecondsRow("ttl", "Accepted for Registrator's command line; without effect on Consul", "0s"),
      SecondsRow("ttl-refresh", "Accepted together with --ttl, which it must be below", "0s"),
      {.name = "container",
       .value = "CONTAINER",
       .help = "With drain: name or ID of the container, without the option's name",
       .command_line_only = true},
      {.name = "wait",
       .type = Type::kDuration,
       .value = "TIME",
       .help = "With drain: how long to wait before the container is stopped",
       .default_note = "SERVICE_DRAIN of the container, else --drain",
       .max = kDay,
       .bare_unit = "s",
       .command_line_only = true},
  };
}

Rows MakeRows() {
  Rows rows;
  for (const Rows& more :
       {ConsulRows(), DockerRows(), SelectionRows(), ServiceRows(), LifeRows(), OtherRows(), options::ProgramRows()}) {
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

// Case 119.
Status CheckTtl(const Values& values) {
  const Millis ttl = values.Duration("ttl");
  const Millis refresh = values.Duration("ttl-refresh");
  if (ttl.count() == 0 && refresh.count() == 0) return Status::Ok();
  if (ttl.count() == 0 || refresh.count() == 0) return Status::Invalid("-ttl and -ttl-refresh belong together");
  return ttl > refresh ? Status::Ok() : Status::Invalid("-ttl must be greater than -ttl-refresh");
}

void ReadLife(const Values& values, StartOptions& start) {
  const std::string deregister = values.String("deregister");
  if (deregister == "on-success") start.deregister = DeregisterMode::kOnSuccess;
  if (deregister == "never") start.deregister = DeregisterMode::kNever;
  const std::string on_exit = values.String("on-exit");
  if (on_exit == "deregister") start.on_exit = OnExit::kDeregister;
  if (on_exit == "maintenance") start.on_exit = OnExit::kMaintenance;
  start.owner_id = values.String("owner-id");
  start.adopt_prefix = values.String("adopt-prefix");
  start.cleanup = values.Flag("cleanup");
  start.lenient_checks = values.Flag("lenient-checks");
  start.dry_run = values.Flag("dry-run");
  const Millis resync = values.Duration("resync");
  start.resync = resync.count() == 0 ? kResync : resync;
  start.refresh = values.Duration("refresh");
  start.engine_grace = values.Duration("engine-grace");
  const int64_t attempts = values.Integer("retry-attempts");
  if (attempts >= 0) start.retry_attempts = static_cast<int>(attempts);
  start.retry_interval = values.Duration("retry-interval");
}

Status ReadStart(const Values& values, StartOptions& start) {
  auto agent = ReadAgentOptions(values);
  if (!agent.ok()) return agent.status();
  start.agent = std::move(agent).value();
  auto engine = ReadEngineOptions(values);
  if (!engine.ok()) return engine.status();
  start.engine = std::move(engine).value();
  start.http = net::SocketAddress::Parse(values.String("http"), 0).value();
  ReadLife(values, start);
  if (start.resync < Millis(kSecond)) return values.Refuse("resync", "must be 0 or at least 1s");
  return Status::Ok();
}

Status ReadDrain(const Values& values, Command command, DrainOptions& drain) {
  if (command == Command::kDrain) {
    if (!values.Given("container")) return Status::Config("drain needs a container: registrar drain CONTAINER");
    drain.container = values.String("container");
    if (drain.container.empty()) return values.Refuse("container", "must not be empty");
    if (values.Given("wait")) drain.wait = values.Duration("wait");
    return Status::Ok();
  }
  for (const std::string_view name : {"container", "wait"}) {
    if (values.Given(name)) return values.Refuse(name, "belongs to the command drain: registrar drain CONTAINER");
  }
  return Status::Ok();
}

Status ReadLive(const Invocation& invocation, const Values& values, LiveOptions& live) {
  live.log = options::ReadLogOptions(values);
  auto mapping = ReadMappingOptions(values);
  if (!mapping.ok()) return mapping.status();
  live.mapping = std::move(mapping).value();
  live.family_given = values.Given("family");
  if (!values.Given("ip")) return Status::Ok();
  auto forms = WithVariables(ParseAddressForms(values.String("ip")).value(), invocation.source.environment);
  if (!forms.ok()) return values.Refuse("ip", forms.status().text());
  live.ip = std::move(forms).value();
  return Status::Ok();
}

}  // namespace

const Rows& RegistrarRows() {
  static const Rows rows = MakeRows();
  return rows;
}

Result<Values> ReadValues(const Invocation& invocation) {
  options::Source source = invocation.source;
  DropBareAddress(RegistrarRows(), source.arguments);
  return options::Read(RegistrarRows(), source, PositionalOf(invocation.command));
}

Result<RegistrarOptions> MakeRegistrarOptions(const Invocation& invocation, const Values& values) {
  if (Status status = CheckTtl(values); !status.ok()) return status;
  RegistrarOptions made{{}, {}, {}, {}, values};
  if (Status status = ReadStart(values, made.start); !status.ok()) return status;
  if (Status status = ReadDrain(values, invocation.command, made.drain); !status.ok()) return status;
  if (Status status = ReadLive(invocation, values, made.live); !status.ok()) return status;
  if (values.Given("ttl")) {
    made.notes.emplace_back(
        "-ttl and -ttl-refresh have no effect on Consul: registrar itself reports the checks with SERVICE_CHECK_TTL");
  }
  return made;
}

MappingOptions MakeMapping(const RegistrarOptions& options, const HostAddresses& addresses) {
  MappingOptions mapping = options.live.mapping;
  mapping.health_ttl = std::max(3 * options.start.refresh, kLeastHealthTtl);
  mapping.host_ipv4 = addresses.ipv4;
  // Consul answers SRV with the IPv6 address of a service that has both, whatever its clients can reach: only who asks
  // for both gets both.
  const bool asked = !options.live.ip.empty() || options.live.family_given;
  if (asked || addresses.ipv4.empty()) mapping.host_ipv6 = addresses.ipv6;
  return mapping;
}

ReconcilerOptions MakeReconcilerOptions(const RegistrarOptions& options, const HostAddresses& addresses) {
  const StartOptions& start = options.start;
  ReconcilerOptions made;
  made.owner_id = start.owner_id;
  made.mapping = MakeMapping(options, addresses);
  made.deregister = start.deregister;
  made.adopt_prefix = start.adopt_prefix;
  made.adopt_own = start.cleanup;
  made.lenient_checks = start.lenient_checks;
  made.dry_run = start.dry_run;
  made.refresh = start.refresh;
  made.engine_grace = start.engine_grace;
  made.engine.list_period = start.resync;
  made.agent.read_period = start.resync;
  return made;
}

}  // namespace signpost::registrar
