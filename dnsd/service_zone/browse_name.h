// Signpost. Apache-2.0; see LICENSE.
// Names by which clients browse the catalog (DNS-SD, RFC 6763), told from all others by their labels alone.
#pragma once

#include <cstddef>
#include <string_view>

#include "dnsd/wire/name.h"

namespace signpost::service_zone {

// The browsing domain is service.<domain> or service.<own datacenter>.<domain>.
struct BrowseName {
  enum class Kind : unsigned char {
    kNone,      // not of DNS-SD
    kParent,    // _udp, _dns-sd._udp: names exist below
    kDomains,   // b, db, r, dr or lb ._dns-sd._udp: where to browse (RFC 6763 11)
    kTypes,     // _services._dns-sd._udp (RFC 6763 9)
    kType,      // _web._tcp
    kSubType,   // _tag._sub._web._tcp (RFC 6763 7.1)
    kInstance,  // <label>._web._tcp; the label may hold dots and blanks
  };
  Kind kind = Kind::kNone;
  bool udp = false;
  std::string_view service;
  std::string_view tag;
  std::string_view instance;
  bool below_service = false;  // false: kDomains and kParent directly below the domain
  size_t type_at = 0;          // label of the name where `_web` stands
  size_t domain_at = 0;        // label of the name where the browsing domain begins, or (kDomains, kParent) the domain
};

// False for most names that are not of DNS-SD, at the cost of a look at three labels: those that end in no underscore
// label in front of `service`, a datacenter or the domain.
inline bool MayBeBrowseName(const wire::Name& name, size_t labels) {
  const size_t first = labels > 3 ? labels - 3 : 0;
  for (size_t i = first; i < labels; ++i) {
    if (name.label(i).starts_with('_')) return true;
  }
  return false;
}

// `labels` is how many labels stand left of the domain. The views live as long as `name`.
BrowseName ParseBrowseName(const wire::Name& name, size_t labels, std::string_view datacenter);

}  // namespace signpost::service_zone
