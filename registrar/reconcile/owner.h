// Signpost. Apache-2.0; see LICENSE.
// By which ID a registrar knows its own entries. Pure.
#pragma once

#include <string>

#include "registrar/container/inspect.h"

namespace signpost::registrar {

// `given` (--owner-id), else the engine's lasting ID, else its host's name (Podman).
std::string OwnerOf(const EngineInfo& engine, const std::string& given);

}  // namespace signpost::registrar
