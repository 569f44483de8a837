// Signpost. Apache-2.0; see LICENSE.
// Tags of one service. Pure.
#pragma once

#include <string_view>

#include "registrar/mapping/metadata.h"
#include "registrar/mapping/options.h"

namespace signpost::registrar {

// At commas, "\," is a literal comma, pieces are trimmed, empty ones vanish; the first `max` of them.
Strings SplitTags(std::string_view text, size_t max = std::string_view::npos);

// The container's tags, then --tags, then "udp" for UDP. Registrator's order (each list reversed) with
// Compat::kRegistrator. Both texts are templates (template.h), split after rendering; one that fails is left out with a
// warning.
Strings MakeTags(const Container& container, const Metadata& metadata, Protocol protocol, const MappingOptions& options,
                 Strings& warnings);

}  // namespace signpost::registrar
