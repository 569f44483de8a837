// Signpost. Apache-2.0; see LICENSE.
#include "registrar/status_page.h"

#include "common/json/json.h"
#include "registrar/version.h"

namespace signpost::registrar {
namespace {

void WriteEngine(const OperationsView& view, const Reconciler::View& state, json::Writer& out) {
  out.Key("engine").BeginObject();
  out.Key("connected").Bool(state.engine_connected);
  out.Key("trouble").String(state.engine_trouble);
  out.Key("api_version").String(view.engine.api_version());
  out.Key("containers").Uint(state.containers);
  out.Key("containers_up").Uint(state.containers_up);
  out.Key("last_list").Int(std::chrono::duration_cast<std::chrono::seconds>(state.last_list).count());
  out.EndObject();
}

void WriteAgent(const Reconciler::View& state, json::Writer& out) {
  out.Key("agent").BeginObject();
  out.Key("reachable").Bool(state.agent_reachable);
  out.Key("denied").Bool(state.agent_denied);
  out.Key("trouble").String(state.agent_trouble);
  out.Key("desired").Uint(state.desired);
  out.Key("registered").Uint(state.registered);
  out.Key("waiting").Uint(state.waiting);
  out.Key("parked").Uint(state.parked);
  out.EndObject();
}

void WriteServices(const OperationsView& view, json::Writer& out) {
  out.Key("conflicts").BeginArray();
  for (const std::string& conflict : view.reconciler.conflicts()) out.String(conflict);
  out.EndArray();
  out.Key("services").BeginArray();
  for (const ServiceStatus& service : view.reconciler.services()) {
    out.BeginObject();
    out.Key("id").String(service.id);
    out.Key("name").String(service.name);
    out.Key("container").String(service.container_id);
    out.Key("registered").Bool(service.registered);
    out.Key("maintenance").String(service.maintenance);
    out.Key("trouble").String(service.trouble);
    out.EndObject();
  }
  out.EndArray();
}

}  // namespace

std::string StatusPage(const OperationsView& view) {
  const Reconciler::View state = view.reconciler.view();
  json::Writer out(/*pretty=*/true);
  out.BeginObject();
  out.Key("program").String("registrar");
  out.Key("version").String(kVersion);
  out.Key("uptime_s")
      .Int(std::chrono::duration_cast<std::chrono::seconds>(SystemClock().Monotonic() - view.started).count());
  out.Key("state").String(WhyNotReady(state).empty() ? "ready" : WhyNotReady(state));
  out.Key("dry_run").Bool(view.dry_run);
  out.Key("owner").String(state.owner_id);
  out.Key("node_id").String(state.node_id);
  out.Key("host_ipv4").String(view.addresses.ipv4);
  out.Key("host_ipv6").String(view.addresses.ipv6);
  WriteEngine(view, state, out);
  WriteAgent(state, out);
  WriteServices(view, out);
  out.EndObject();
  return out.Take() + "\n";
}

}  // namespace signpost::registrar
