// Signpost. Apache-2.0; see LICENSE.
// DNS-SD names and TXT data (RFC 6763) in lb's words. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lb/pool/instance.h"

namespace signpost::lb {

// "web" of "_web._tcp.service.consul" below "service.consul", both in canonical form; "" when it is no TCP service
// there.
std::string ServiceOfType(std::string_view type, std::string_view browse);

// The first label of a name without its escapes ("\." and "\032").
std::string FirstLabel(std::string_view name);

// What an instance's TXT record says. Keys in any case, of equal ones the first counts.
struct TxtData {
  bool has_tags = false;          // a key "tags" is there, even if empty
  std::vector<std::string> tags;  // "tags=a,b", in lower case
  Meta meta;                      // "lb.*" and "version"
  std::string id;                 // "id=..."
};
TxtData ReadTxt(const std::vector<std::string>& strings);

}  // namespace signpost::lb
