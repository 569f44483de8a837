// Signpost. Apache-2.0; see LICENSE.
// Names under in-addr.arpa (RFC 1035 3.5) and ip6.arpa (RFC 3596 2.5).
#pragma once

#include <cstddef>

#include "dnsd/service_zone/zone_data.h"
#include "dnsd/wire/name.h"

namespace signpost::service_zone {

struct ReverseName {
  enum class Kind : unsigned char {
    kForeign,  // in neither tree
    kPartial,  // part of an address: names may exist below
    kAddress,  // `address` is complete
    kBad,      // can never be an address
  };
  Kind kind = Kind::kForeign;
  ZoneData::IpKey address{};  // of a part: what is known of it, then zeros
  size_t bits = 0;            // of a part: how many leading bits of `address` are known
  bool is_tree = false;       // in-addr.arpa or ip6.arpa itself
};

ReverseName ParseReverseName(const wire::Name& name);

}  // namespace signpost::service_zone
