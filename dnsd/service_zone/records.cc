// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/records.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "common/base/bytes.h"

namespace signpost::service_zone {
namespace {

using wire::ResponseWriter;
using wire::Section;
namespace type = wire::type;

constexpr size_t kMaxNameServers = 3;

void Begin(ResponseWriter& writer, Section section, const Owner& owner, uint16_t type, uint32_t ttl) {
  if (owner.name.empty()) {
    writer.BeginRecordAt(section, owner.offset, type, ttl);
  } else {
    writer.BeginRecord(section, owner.name, type, ttl);
  }
}

// <hex>.addr.<dc>.<domain>: 8 or 32 digits, most significant first.
size_t PutAddressName(ResponseWriter& writer, std::span<const uint8_t> address, std::string_view datacenter,
                      const wire::Name& domain) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::array<uint8_t, wire::kMaxName + 64> buffer;
  ByteWriter name(buffer);
  name.U8(static_cast<uint8_t>(address.size() * 2));
  for (const uint8_t b : address) {
    name.U8(static_cast<uint8_t>(kDigits[b >> 4]));
    name.U8(static_cast<uint8_t>(kDigits[b & 0xf]));
  }
  name.U8(4);
  name.Text("addr");
  name.U8(static_cast<uint8_t>(datacenter.size()));
  name.Text(datacenter);
  name.Bytes(domain.wire());
  return writer.PutPlainName(name.written());
}

size_t PutTarget(ResponseWriter& writer, const PreparedService& service, const Endpoint& e, const wire::Name& domain) {
  switch (e.target) {
    case Endpoint::Target::kNode:
      return writer.PutPlainName(Bytes(e.node->owner));
    case Endpoint::Target::kAddress4:
      return PutAddressName(writer, e.v4, service.datacenter, domain);
    case Endpoint::Target::kAddress6:
      return PutAddressName(writer, service.v6[static_cast<size_t>(e.v6)], service.datacenter, domain);
    case Endpoint::Target::kHost:
      return writer.PutPlainName(Bytes(service.hosts[static_cast<size_t>(e.host)]));
  }
  return 0;
}

bool IsHostName(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c == '-' || (c < 0x80 && std::isalnum(c) != 0); });
}

// Name servers are written in lower case.
std::span<const uint8_t> Lowered(std::string_view wire_name, std::array<uint8_t, wire::kMaxName>& buffer) {
  std::ranges::transform(wire_name, buffer.begin(), [](char c) { return wire::ToLower(static_cast<uint8_t>(c)); });
  return {buffer.data(), wire_name.size()};
}

}  // namespace

bool AddAddress(ResponseWriter& writer, Section section, const Owner& owner, uint32_t ttl, const Ipv4& address) {
  Begin(writer, section, owner, type::kA, ttl);
  writer.PutBytes(address);
  return writer.EndRecord();
}

bool AddAddress(ResponseWriter& writer, Section section, const Owner& owner, uint32_t ttl, const Ipv6& address) {
  Begin(writer, section, owner, type::kAaaa, ttl);
  writer.PutBytes(address);
  return writer.EndRecord();
}

bool AddAddresses(ResponseWriter& writer, Section section, const Owner& owner, uint32_t ttl, uint16_t type,
                  const AddressChoice& addresses) {
  bool fits = true;
  if (addresses.v4 && type != type::kAaaa) fits &= AddAddress(writer, section, owner, ttl, *addresses.v4);
  if (addresses.v6 && type != type::kA) fits &= AddAddress(writer, section, owner, ttl, *addresses.v6);
  return fits;
}

bool AddName(ResponseWriter& writer, Section section, const Owner& owner, uint16_t type, uint32_t ttl,
             std::span<const uint8_t> name) {
  Begin(writer, section, owner, type, ttl);
  writer.PutCompressedName(name);
  return writer.EndRecord();
}

bool AddTxt(ResponseWriter& writer, Section section, const Owner& owner, uint32_t ttl, std::string_view rdata) {
  Begin(writer, section, owner, type::kTxt, ttl);
  writer.PutBytes(Bytes(rdata));
  return writer.EndRecord();
}

bool AddSrv(ResponseWriter& writer, Section section, const Owner& owner, const PreparedService& service,
            const Endpoint& endpoint, const wire::Name& domain, uint32_t ttl, size_t& target_offset) {
  static constexpr uint16_t kPriority = 1;
  Begin(writer, section, owner, type::kSrv, ttl);
  writer.PutU16(kPriority);
  writer.PutU16(endpoint.weight);
  writer.PutU16(endpoint.port);
  target_offset = PutTarget(writer, service, endpoint, domain);
  return writer.EndRecord();
}

bool AddSoa(ResponseWriter& writer, Section section, const ZoneData& data, std::span<const uint8_t> owner,
            uint32_t ttl) {
  const Soa& soa = data.settings().soa;
  const auto domain = data.settings().domain.wire();
  const auto put_below_domain = [&](std::string_view label) {
    std::array<uint8_t, wire::kMaxName + 16> buffer;
    ByteWriter name(buffer);
    name.U8(static_cast<uint8_t>(label.size()));
    name.Text(label);
    name.Bytes(domain);
    writer.PutCompressedName(name.written());
  };
  writer.BeginRecord(section, owner, type::kSoa, ttl);
  put_below_domain("ns");
  put_below_domain("hostmaster");
  writer.PutU32(data.serial());
  writer.PutU32(soa.refresh);
  writer.PutU32(soa.retry);
  writer.PutU32(soa.expire);
  writer.PutU32(soa.minimum);
  return writer.EndRecord();
}

void AddNameServers(ResponseWriter& writer, Section section, ZoneData& data, Random& random, uint32_t ttl) {
  const Entry* entry = data.Find(catalog::Kind::kService, {}, "consul");
  if (entry == nullptr || !entry->service) return;
  std::array<const PreparedNode*, kMaxNameServers> chosen{};
  size_t seen = 0;
  // Reservoir sampling: each server is among the chosen ones with equal chance.
  for (const uint32_t i : entry->service->untagged.srv.items()) {
    const PreparedNode* node = entry->service->endpoints[i].node;
    if (node->owner.empty() || !IsHostName(node->node->name)) continue;
    if (std::ranges::find(chosen, node) != chosen.end()) continue;  // a server with two ports
    const size_t place = seen < kMaxNameServers ? seen : random.Below(seen + 1);
    if (place < kMaxNameServers) chosen[place] = node;
    ++seen;
  }
  const auto servers = std::span(chosen).first(std::min(seen, kMaxNameServers));
  std::array<uint8_t, wire::kMaxName> buffer;
  const auto domain = data.settings().domain.wire();
  for (const PreparedNode* node : servers) {
    AddName(writer, section, {.name = domain}, type::kNs, ttl, Lowered(node->owner, buffer));
  }
  for (const PreparedNode* node : servers) {
    const Owner owner{.name = Lowered(node->owner, buffer)};
    AddAddresses(writer, Section::kAdditional, owner, ttl, type::kAny, node->addresses);
  }
}

}  // namespace signpost::service_zone
