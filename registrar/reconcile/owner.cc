// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/owner.h"

namespace signpost::registrar {

std::string OwnerOf(const EngineInfo& engine, const std::string& given) {
  if (!given.empty()) return given;
  return engine.id.empty() ? "host-" + engine.name : engine.id;
}

}  // namespace signpost::registrar
