// Signpost. Apache-2.0; see LICENSE.
// The single values of a service that have a key of their own. Pure.
#pragma once

#include "registrar/mapping/metadata.h"
#include "registrar/mapping/options.h"
#include "registrar/mapping/service.h"

namespace signpost::registrar {

// WEIGHT, WEIGHT_WARNING, ENABLE_TAG_OVERRIDE, REGISTER_WHEN, DRAIN. A value that Consul or registrar would not
// understand is corrected, or the default is used, with a warning.
void ReadSettings(const Container& container, const Metadata& metadata, const MappingOptions& options, Service& service,
                  Strings& warnings);

}  // namespace signpost::registrar
