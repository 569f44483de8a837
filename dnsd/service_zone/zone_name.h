// Signpost. Apache-2.0; see LICENSE.
// What a name under the domain means, by its labels alone.
#pragma once

#include <array>
#include <string_view>

#include "dnsd/wire/name.h"

namespace signpost::service_zone {

enum class NameKind : unsigned char {
  kApex,
  kNonTerminal,  // keyword labels and the like: names exist below, no record here
  kDatacenter,   // one label: a non-terminal if that datacenter is known
  kService,
  kConnect,
  kIngress,
  kQuery,
  kNode,
  kAddress,  // `name` is the hexadecimal label
  kNone,     // can never exist
};

struct ZoneName {
  NameKind kind = NameKind::kNone;
  std::string_view name;        // service, query, node or hexadecimal address
  std::string_view tag;         // "" = no filter
  std::string_view datacenter;  // "" = the own one
  // `_service._tag[.dc].domain` without a keyword: these names hold SRV records only.
  bool srv_only = false;
  // `_tcp` in a place where `_service._tcp` may stand: exists as a non-terminal if nothing else does.
  bool maybe_non_terminal = false;
};

// Memory that the views of a ZoneName point into.
using ZoneNameText = std::array<char, 2 * wire::kMaxName>;

// `labels` is how many labels stand left of the domain. The views live as long as `name` and `text`.
ZoneName ParseZoneName(const wire::Name& name, size_t labels, ZoneNameText& text);

}  // namespace signpost::service_zone
