// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/srv_set.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace signpost::lb {
namespace {

// Adds what `records` say of the host. Aliases (which a target should not have, but has) are left to questions of their
// own.
void AddAddresses(const std::vector<dns::Record>& records, const std::string& host, dns::Type type,
                  std::vector<net::SocketAddress>& out, uint32_t& ttl) {
  const ChainEnd end = FollowChain(records, host, type);
  if (end.records.empty()) return;
  ttl = std::min(ttl, end.ttl);
  for (const dns::Record& record : end.records) {
    const bool fresh = std::find(out.begin(), out.end(), record.address) == out.end();
    if (fresh && out.size() < kMaxAddressesPerTarget) out.push_back(record.address);
  }
}

}  // namespace

ChainEnd FollowChain(const std::vector<dns::Record>& records, const std::string& name, dns::Type type) {
  ChainEnd out{.name = name};
  while (out.cnames <= kMaxCnames) {
    const dns::Record* next = nullptr;
    for (const dns::Record& record : records) {
      if (record.owner != out.name) continue;
      if (record.type == type) {
        out.records.push_back(record);
        out.ttl = std::min(out.ttl, record.ttl);
      } else if (record.type == dns::Type::kCname) {
        next = &record;
      }
    }
    if (!out.records.empty() || next == nullptr) return out;
    out.ttl = std::min(out.ttl, next->ttl);
    out.name = next->target;
    ++out.cnames;
  }
  return out;
}

SrvRows ReadSrvRows(const std::vector<dns::Record>& records) {
  SrvRows out;
  std::map<std::tuple<uint16_t, uint16_t, std::string>, size_t> seen;
  for (const dns::Record& record : records) {
    if (record.type != dns::Type::kSrv) continue;
    if (record.target.empty()) {
      out.absent = true;
      continue;
    }
    const auto [at, fresh] = seen.try_emplace({record.priority, record.port, record.target}, out.rows.size());
    if (fresh) {
      out.rows.push_back({record.priority, record.weight, record.port, record.target});
    } else {
      SrvRow& row = out.rows[at->second];
      row.weight = static_cast<uint16_t>(std::min(row.weight + record.weight, 65535));
    }
  }
  if (!out.rows.empty()) out.absent = false;
  return out;
}

HostAddresses AddressesAlong(const SrvRows& rows, const std::vector<dns::Record>& additional, bool ipv6,
                             uint32_t& ttl) {
  // By owner, so that many rows and many records do not multiply.
  std::map<std::string, std::vector<dns::Record>> by_owner;
  for (const dns::Record& record : additional) by_owner[record.owner].push_back(record);
  HostAddresses out;
  for (const SrvRow& row : rows.rows) {
    if (out.contains(row.target)) continue;
    const auto at = by_owner.find(row.target);
    if (at == by_owner.end()) continue;
    std::vector<net::SocketAddress> found;
    AddAddresses(at->second, row.target, dns::Type::kA, found, ttl);
    if (ipv6) AddAddresses(at->second, row.target, dns::Type::kAaaa, found, ttl);
    if (!found.empty()) out[row.target] = std::move(found);
  }
  return out;
}

std::vector<Instance> MakeInstances(const std::vector<SrvRow>& rows, const HostAddresses& addresses, uint16_t port) {
  std::vector<Instance> out;
  for (const SrvRow& row : rows) {
    const auto at = addresses.find(row.target);
    const uint16_t number = port != 0 ? port : row.port;
    if (at == addresses.end() || at->second.empty() || number == 0) continue;
    const auto count = static_cast<uint32_t>(at->second.size());
    const uint32_t share = row.weight / count;
    uint32_t rest = row.weight % count;
    for (const net::SocketAddress& address : at->second) {
      if (out.size() == kMaxInstancesPerName) return out;
      Instance& instance = out.emplace_back();
      instance.address = address;
      instance.address.set_port(number);
      instance.priority = row.priority;
      instance.weight = share + (rest > 0 ? 1 : 0);
      if (rest > 0) --rest;
      if (row.weight > 0) instance.weight = std::max(instance.weight, 1U);
      instance.id = row.target;
    }
  }
  return out;
}

}  // namespace signpost::lb
