// Signpost. Apache-2.0; see LICENSE.
// /v1/catalog: its writes, and its table.
#include <utility>

#include "dnsd/registry/api/catalog_reads.h"
#include "dnsd/registry/api/routes.h"
#include "dnsd/registry/definition/catalog_body.h"

namespace signpost::registry {
namespace {

bool IsForeign(const Engine& engine, const std::string& datacenter) {
  return !datacenter.empty() && datacenter != engine.options().datacenter;
}

Answer CatalogRegister(Engine& engine, const Call& call) {
  auto read = ReadRegisterBody(call.request.body);
  if (!read.ok()) return TextAnswer(400, read.status().text());
  if (IsForeign(engine, read->datacenter)) return TextAnswer(500, "No path to datacenter");
  if (!read->rules.ok()) return TextAnswer(500, read->rules.text());
  Registration registration = std::move(read->registration);
  registration.node.node.datacenter = engine.options().datacenter;
  const Status done = Register(engine.state(), engine.options().node, std::move(registration));
  return done.ok() ? BoolAnswer(true) : TextAnswer(500, done.text());
}

Answer CatalogDeregister(Engine& engine, const Call& call) {
  const auto read = ReadDeregisterBody(call.request.body);
  if (!read.ok()) return TextAnswer(400, read.status().text());
  if (IsForeign(engine, read->datacenter)) return TextAnswer(500, "No path to datacenter");
  if (!read->rules.ok()) return TextAnswer(500, read->rules.text());
  Deregister(engine.state(), engine.options().node, read->deregistration);
  return BoolAnswer(true);
}

}  // namespace

Routes CatalogRoutes() {
  return {
      {"PUT", "/v1/catalog/register", RouteKind::kWrite, CatalogRegister},
      {"PUT", "/v1/catalog/deregister", RouteKind::kWrite, CatalogDeregister},
      {"GET", "/v1/catalog/nodes", RouteKind::kRead, CatalogNodes},
      {"GET", "/v1/catalog/services", RouteKind::kRead, CatalogServices},
      {"GET", "/v1/catalog/service/*", RouteKind::kRead, CatalogService},
      {"GET", "/v1/catalog/connect/*", RouteKind::kRead, CatalogConnect},
      {"GET", "/v1/catalog/node/*", RouteKind::kRead, CatalogNode},
      {"GET", "/v1/catalog/node-services/*", RouteKind::kRead, CatalogNodeServices},
      {"GET", "/v1/catalog/gateway-services/*", RouteKind::kRead, CatalogGatewayServices},
  };
}

}  // namespace signpost::registry
