// Signpost. Apache-2.0; see LICENSE.
// Single records of the consul zone, written where a ResponseWriter stands. False: it did not fit.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "common/base/random.h"
#include "dnsd/service_zone/prepared.h"
#include "dnsd/service_zone/zone_data.h"
#include "dnsd/wire/name.h"
#include "dnsd/wire/response_writer.h"

namespace signpost::service_zone {

// The owner of a record: a name in wire form, or (empty) a name that the message already holds at `offset`,
// where 0 means the question's name.
struct Owner {
  std::span<const uint8_t> name;
  size_t offset = 0;
};

bool AddAddress(wire::ResponseWriter& writer, wire::Section section, const Owner& owner, uint32_t ttl,
                const Ipv4& address);
bool AddAddress(wire::ResponseWriter& writer, wire::Section section, const Owner& owner, uint32_t ttl,
                const Ipv6& address);
// Both families of `addresses` as far as `type` (A, AAAA or ANY) asks for them. True if none was left out for lack of
// room.
bool AddAddresses(wire::ResponseWriter& writer, wire::Section section, const Owner& owner, uint32_t ttl, uint16_t type,
                  const AddressChoice& addresses);
bool AddName(wire::ResponseWriter& writer, wire::Section section, const Owner& owner, uint16_t type, uint32_t ttl,
             std::span<const uint8_t> name);
bool AddTxt(wire::ResponseWriter& writer, wire::Section section, const Owner& owner, uint32_t ttl,
            std::string_view rdata);

// One SRV record (RFC 2782): priority 1. `target_offset` receives where its target stands in the message.
bool AddSrv(wire::ResponseWriter& writer, wire::Section section, const Owner& owner, const PreparedService& service,
            const Endpoint& endpoint, const wire::Name& domain, uint32_t ttl, size_t& target_offset);

// The SOA of `owner`; its serial is the catalog's index.
bool AddSoa(wire::ResponseWriter& writer, wire::Section section, const ZoneData& data, std::span<const uint8_t> owner,
            uint32_t ttl);

// Up to three name servers, drawn from the usable instances of service `consul`, and their addresses.
void AddNameServers(wire::ResponseWriter& writer, wire::Section section, ZoneData& data, Random& random, uint32_t ttl);

inline std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace signpost::service_zone
