// Signpost. Apache-2.0; see LICENSE.
#pragma once

#include <memory>

#include "dnsd/dnsd_options.h"
#include "dnsd/service_zone/settings.h"

namespace signpost::dnsd {

// The zone's settings from the operator's options, which have been checked.
std::shared_ptr<const service_zone::Settings> MakeSettings(const DnsdOptions& options);

}  // namespace signpost::dnsd
