// Signpost. Apache-2.0; see LICENSE.
// Which containers and ports are registered at all. Pure.
#pragma once

#include "registrar/mapping/metadata.h"
#include "registrar/mapping/options.h"

namespace signpost::registrar {

// --filter and --require-label let it through.
bool IsSelected(const Container& container, const MappingOptions& options);

// SERVICE_IGNORE: any value but an empty one and a spelling of "false"; with Compat::kRegistrator that one as well.
bool IsIgnored(const Metadata& metadata, Compat compat);
// "false", "0", ...: the two modes disagree.
bool IsDoubtfullyIgnored(const Metadata& metadata);

}  // namespace signpost::registrar
