// Signpost. Apache-2.0; see LICENSE.
// A service as DNS-SD shows it (RFC 6763): the labels of its instances and what their TXT records say.
#pragma once

#include <string>
#include <string_view>

#include "common/consul/types.h"
#include "dnsd/service_zone/prepared.h"
#include "dnsd/service_zone/settings.h"

namespace signpost::service_zone {

// True when every domain that is answered has room for `_<service>._tcp` below its browsing domain.
bool HasTypeName(std::string_view service, const Settings& settings);

// For services of the own datacenter; `service` is complete otherwise.
Browse MakeBrowse(const PreparedService& service, const Settings& settings);

// The id, or "<id> on <node>". What is too long for a label is cut and ends in '~' and eight digits of a hash.
std::string InstanceLabel(const consul::ServiceInstance& instance, bool with_node);

// The usable instance with that label (in lower case), or null.
const Endpoint* FindInstance(const PreparedService& service, std::string_view label);

// RDATA of an instance's TXT record: txtvers, id, tags, version, dc, then its meta. Never empty, at most 1,300 bytes.
std::string BrowseTxt(const consul::ServiceInstance& instance, std::string_view datacenter);

}  // namespace signpost::service_zone
