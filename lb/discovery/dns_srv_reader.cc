// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_srv_reader.h"

#include <algorithm>
#include <utility>

namespace signpost::lb {
namespace {

using Kind = DnsReading::Kind;

DnsReading Simple(Kind kind, std::string reason) {
  return {.kind = kind, .instances = {}, .reason = std::move(reason)};
}

}  // namespace

SrvReader::SrvReader(net::Loop& loop, DnsClient& client, TargetBook& targets, DnsNameOptions options)
    : loop_(loop), client_(client), targets_(targets), options_(std::move(options)) {}

void SrvReader::Read(std::function<void(DnsReading)> on_done) {
  on_done_ = std::move(on_done);
  if (addresses_only_) {
    AskAddresses(false);
  } else {
    AskSrv();
  }
}

void SrvReader::AskSrv() {
  Lookup(client_, options_.name, dns::Type::kSrv, [this, alive = std::weak_ptr(alive_)](LookupReply reply) {
    if (!alive.expired()) OnSrv(std::move(reply));
  });
}

void SrvReader::OnSrv(LookupReply reply) {
  if (reply.kind == LookupReply::Kind::kFailed) {
    Done(Simple(Kind::kFailed, reply.reason));
    return;
  }
  if (reply.kind == LookupReply::Kind::kNone) {
    if (options_.port != 0) {
      AskAddresses(true);
    } else {
      Done(Simple(Kind::kEmpty, reply.reason));
    }
    return;
  }
  SrvRows rows = ReadSrvRows(reply.records);
  if (rows.absent) {
    Done(Simple(Kind::kAbsent, ""));
    return;
  }
  uint32_t ttl = reply.ttl;
  HostAddresses addresses = AddressesAlong(rows, reply.additional, options_.ipv6, ttl);
  std::set<std::string> missing;
  for (const SrvRow& row : rows.rows) {
    if (!addresses.contains(row.target)) missing.insert(row.target);
  }
  const Millis next = ClampTtl(options_.pace, ttl);
  reply.additional.clear();
  targets_.Resolve(missing, [this, alive = std::weak_ptr(alive_), reply = std::move(reply), rows = std::move(rows),
                             addresses = std::move(addresses), next](const TargetBook::Readings& asked) {
    if (!alive.expired()) OnTargets(reply, rows, addresses, asked, next);
  });
}

void SrvReader::OnTargets(const LookupReply& reply, const SrvRows& rows, HostAddresses addresses,
                          const TargetBook::Readings& asked, Millis next) {
  bool failed = false;
  std::string why;
  for (const auto& [host, reading] : asked) {
    failed |= reading.kind == HostReading::Kind::kFailed;
    next = std::min(next, std::max(reading.until - loop_.Now(), options_.pace.min_interval));
    if (reading.addresses.empty()) why = host + ": " + reading.reason;
  }
  const std::string trouble = last_addresses_.Complete(asked, addresses);
  DnsReading out{.kind = Kind::kSet, .instances = MakeInstances(rows.rows, addresses, options_.port), .next = next};
  out.udp = reply.udp;
  Dress(out.instances);
  if (reply.kind == LookupReply::Kind::kPartial) {
    out.kind = Kind::kPartial;
    out.reason = reply.reason;
  } else if (out.instances.empty()) {
    out.kind = failed ? Kind::kFailed : Kind::kEmpty;
    out.reason = why.empty() ? "no usable records" : why;
  } else {
    out.reason = trouble;
  }
  Done(std::move(out));
}

void SrvReader::AskAddresses(bool asked_srv) {
  targets_.Resolve({options_.name},
                   [this, alive = std::weak_ptr(alive_), asked_srv](const TargetBook::Readings& asked) {
                     if (!alive.expired()) OnAddresses(asked.begin()->second, asked_srv);
                   });
}

void SrvReader::OnAddresses(const HostReading& reading, bool asked_srv) {
  if (reading.kind == HostReading::Kind::kFailed) {
    Done(Simple(Kind::kFailed, reading.reason));
    return;
  }
  if (reading.kind == HostReading::Kind::kNone) {
    addresses_only_ = false;
    if (asked_srv) {
      Done(Simple(Kind::kEmpty, reading.reason));
    } else {
      AskSrv();  // the name may have changed its nature
    }
    return;
  }
  addresses_only_ = true;
  DnsReading out{.kind = reading.kind == HostReading::Kind::kPartial ? Kind::kPartial : Kind::kSet,
                 .reason = reading.reason,
                 .next = std::max(reading.until - loop_.Now(), options_.pace.min_interval),
                 .udp = reading.udp};
  for (const net::SocketAddress& address : reading.addresses) {
    Instance& instance = out.instances.emplace_back();
    instance.address = address;
    instance.address.set_port(options_.port);
    instance.id = options_.name;
  }
  Dress(out.instances);
  Done(std::move(out));
}

void SrvReader::Dress(std::vector<Instance>& instances) const {
  const std::string version = options_.version.empty() ? VersionOf({}, options_.tags) : options_.version;
  for (Instance& instance : instances) {
    instance.version = version;
    instance.tags = options_.tags;
  }
}

void SrvReader::Done(DnsReading reading) {
  const auto on_done = std::move(on_done_);
  on_done(std::move(reading));
}

}  // namespace signpost::lb
