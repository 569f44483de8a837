// Signpost. Apache-2.0; see LICENSE.
// Addresses that no public name should have (F16, F50).
#pragma once

#include <cstdint>
#include <span>

#include "dnsd/resolver/reply_records.h"

namespace signpost::resolver {

// `address`: RDATA of A or AAAA. Private (RFC 1918, 4193), loopback, link-local, of this network (RFC 1122 3.2.1.3),
// unspecified, or IPv4 mapped into IPv6, which only serves to evade filters.
bool IsPrivateAddress(std::span<const uint8_t> address);

// The record leads to such an address: A, AAAA, and the hints of SVCB and HTTPS (RFC 9460 7.3).
bool LeadsToPrivate(const ReplyRecords& records, const ReplyRecord& record);

}  // namespace signpost::resolver
