// Signpost. Apache-2.0; see LICENSE.
// What the catalog shows: /v1/catalog, its reads.
#pragma once

#include "dnsd/registry/api/call.h"

namespace signpost::registry {

Answer CatalogNodes(Engine& engine, const Call& call);
Answer CatalogServices(Engine& engine, const Call& call);
Answer CatalogService(Engine& engine, const Call& call);
Answer CatalogConnect(Engine& engine, const Call& call);
Answer CatalogNode(Engine& engine, const Call& call);
Answer CatalogNodeServices(Engine& engine, const Call& call);
// The services behind gateways; always none.
Answer CatalogGatewayServices(Engine& engine, const Call& call);

}  // namespace signpost::registry
