// Signpost. Apache-2.0; see LICENSE.
// User events. There is one agent, so an event reaches the own node or nobody.
#include <string>
#include <utility>

#include "common/json/json.h"
#include "dnsd/registry/api/base64.h"
#include "dnsd/registry/api/event_rules.h"
#include "dnsd/registry/api/routes.h"
#include "dnsd/registry/model/uuid.h"

namespace signpost::registry {
namespace {

void WriteEvent(json::Writer& out, const Event& event) {
  out.BeginObject();
  out.Key("ID").String(event.id);
  out.Key("Name").String(event.name);
  out.Key("Payload");
  if (event.payload.empty()) {
    out.Null();
  } else {
    out.String(Base64(event.payload));
  }
  out.Key("NodeFilter").String(event.node_filter);
  out.Key("ServiceFilter").String(event.service_filter);
  out.Key("TagFilter").String(event.tag_filter);
  out.Key("Version").Uint(1);
  out.Key("LTime").Uint(event.logical_time);
  out.EndObject();
}

// Whoever fires an event is not told its logical time.
Answer Fire(Engine& engine, const Call& call) {
  if (call.rest.empty()) return TextAnswer(400, "Missing name");
  Event event;
  event.id = NewUuid();
  event.name = call.rest;
  event.payload = call.request.body;
  event.node_filter = call.Param("node").value_or("");
  event.service_filter = call.Param("service").value_or("");
  event.tag_filter = call.Param("tag").value_or("");
  EventRing& ring = engine.events();
  if (const Status status = CheckEvent(event, ring.next_time()); !status.ok()) return TextAnswer(500, status.text());
  json::Writer out;
  WriteEvent(out, event);
  if (ReachesOwnNode(engine.state(), engine.options().node, event)) {
    ring.Add(std::move(event));
    engine.state().Touch({.kind = Topic::Kind::kEvents, .name = {}});
  } else {
    ring.Skip();
  }
  return JsonAnswer(out.Take());
}

// Indexes of events do not grow: a request waits only while its index is that of the newest event.
Answer List(Engine& engine, const Call& call) {
  const std::string name = call.Param("name").value_or("");
  uint64_t index = 1;
  json::Writer out;
  out.BeginArray();
  for (const Event& event : engine.events().events()) {
    if (!name.empty() && event.name != name) continue;
    WriteEvent(out, event);
    index = IndexOfEvent(event.id);
  }
  out.EndArray();
  Answer answer = JsonAnswer(out.Take());
  answer.headers = {{"X-Consul-Index", std::to_string(index)}};
  if (call.options.index == index) answer.index = index;
  answer.topics = {{.kind = Topic::Kind::kEvents, .name = {}}};
  return answer;
}

}  // namespace

Routes EventRoutes() {
  return {{"PUT", "/v1/event/fire/*", RouteKind::kWrite, Fire}, {"GET", "/v1/event/list", RouteKind::kAgent, List}};
}

}  // namespace signpost::registry
