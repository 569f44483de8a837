// Signpost. Apache-2.0; see LICENSE.
// From the meaning of a name to what is known about it: one of a closed set of outcomes.
#pragma once

#include <cstdint>
#include <optional>

#include "dnsd/catalog/catalog.h"
#include "dnsd/service_zone/address_choice.h"
#include "dnsd/service_zone/zone_data.h"
#include "dnsd/service_zone/zone_name.h"

namespace signpost::service_zone {

enum class Outcome : unsigned char {
  kApex,
  kService,      // `service` and `set`
  kNode,         // `node`
  kAddress,      // `address`
  kNoData,       // the name exists and holds nothing
  kNoName,       // RFC 8020: nothing below it either
  kWait,         // the source was asked for `wanted`; try again when it has answered
  kUnavailable,  // no data, and none to be had now: SERVFAIL
};

struct Found {
  Outcome outcome = Outcome::kNoName;
  Entry* entry = nullptr;  // what the outcome rests on, for noting its use; may be null
  const PreparedService* service = nullptr;
  const AnswerSet* set = nullptr;
  const PreparedNode* node = nullptr;
  Address address;
  std::optional<catalog::Key> wanted;
};

// Never changes what is known. Pointers live until `data` next changes.
Found Lookup(ZoneData& data, const ZoneName& name, uint64_t now_ms);

}  // namespace signpost::service_zone
