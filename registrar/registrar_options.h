// Signpost. Apache-2.0; see LICENSE.
// registrar's options: the table, and the plain structs that the rest of the program reads.
#pragma once

#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/consul/agent_client.h"
#include "common/net/address.h"
#include "common/options/options.h"
#include "common/options/shared_rows.h"
#include "registrar/command_line.h"
#include "registrar/docker/engine_client.h"
#include "registrar/host_address.h"
#include "registrar/mapping/options.h"
#include "registrar/reconcile/reconciler.h"

namespace signpost::registrar {

// Sealed at start: SIGHUP cannot change it.
struct StartOptions {
  net::SocketAddress http;
  consul::AgentOptions agent;
  EngineOptions engine;
  std::string owner_id;  // "" = the engine's ID
  DeregisterMode deregister = DeregisterMode::kAlways;
  OnExit on_exit = OnExit::kKeep;
  std::string adopt_prefix;  // "" = none
  bool cleanup = false;
  bool lenient_checks = false;
  bool dry_run = false;
  Millis resync{60000};
  Millis refresh{20000};
  Millis engine_grace{0};             // 0 = never
  std::optional<int> retry_attempts;  // none = for ever
  Millis retry_interval{2000};        // with retry_attempts
};

// Of `registrar drain`.
struct DrainOptions {
  std::string container;
  std::optional<Millis> wait;  // none = what the container says
};

// Replaced as a whole by SIGHUP.
struct LiveOptions {
  options::LogOptions log;
  MappingOptions mapping;  // without the host's addresses and health_ttl
  AddressForms ip;         // without variables; empty = the default
  bool family_given = false;
};

struct RegistrarOptions {
  StartOptions start;
  DrainOptions drain;
  LiveOptions live;
  Strings notes;           // what the user should be told once, at the start
  options::Values values;  // for SealedChanges on a reload
};

// The table, made once; lives as long as the program.
const options::Rows& RegistrarRows();

// Reads what the invocation says. The same for a reload.
Result<options::Values> ReadValues(const Invocation& invocation);

// Checks `values` against each other and converts them. kConfig names the option that is at fault; kInvalid: -ttl and
// -ttl-refresh do not fit, for which Registrator's exit code is 1.
Result<RegistrarOptions> MakeRegistrarOptions(const Invocation& invocation, const options::Values& values);

// What the reconciler is told. `addresses` are the host's.
ReconcilerOptions MakeReconcilerOptions(const RegistrarOptions& options, const HostAddresses& addresses);
// The live mapping, with a health_ttl that fits the sealed refresh.
MappingOptions MakeMapping(const RegistrarOptions& options, const HostAddresses& addresses);

}  // namespace signpost::registrar
