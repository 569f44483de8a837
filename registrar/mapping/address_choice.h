// Signpost. Apache-2.0; see LICENSE.
// What the keys of one port say of its address. Pure. Values that cannot be used are left out with a warning.
#pragma once

#include <optional>
#include <string>

#include "registrar/mapping/metadata.h"
#include "registrar/mapping/options.h"

namespace signpost::registrar {

// SERVICE_IP, else the label that --useIpFromLabel names; "" = neither.
std::string GivenAddress(const Container& container, const Metadata& metadata, const MappingOptions& options,
                         Strings& warnings);
// SERVICE_FAMILY, else --family.
Family GivenFamily(const Metadata& metadata, const MappingOptions& options, Strings& warnings);
// SERVICE_PORT.
std::optional<uint16_t> GivenPort(const Metadata& metadata, const MappingOptions& options, Strings& warnings);
// SERVICE_NETWORK: names or IDs, in order of preference.
Strings GivenNetworks(const Container& container, const Metadata& metadata, const MappingOptions& options,
                      Strings& warnings);

}  // namespace signpost::registrar
