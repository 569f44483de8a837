// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_targets.h"

#include <algorithm>
#include <utility>

namespace signpost::lb {
namespace {

using Kind = HostReading::Kind;

bool Is(const LookupReply& reply, LookupReply::Kind kind) { return reply.kind == kind; }

}  // namespace

Millis ClampTtl(const DnsPace& pace, uint32_t ttl) {
  return std::clamp(Millis(int64_t{ttl} * 1000), pace.min_interval, std::max(pace.min_interval, pace.max_interval));
}

TargetBook::TargetBook(net::Loop& loop, DnsClient& client, DnsPace pace, bool ipv6)
    : loop_(loop), client_(client), pace_(pace), ipv6_(ipv6), forget_(loop, [this] { Forget(); }) {
  forget_.StartPeriodic(kForget / 10);
}

TargetBook::~TargetBook() = default;

void TargetBook::Resolve(const std::set<std::string>& hosts, OnDone on_done) {
  const auto wish = std::make_shared<Wish>(Wish{.hosts = hosts, .on_done = std::move(on_done)});
  const Millis now = loop_.Now();
  for (const std::string& name : hosts) {
    Host& host = hosts_[name];
    host.wanted = now;
    // One that ends within a tenth is asked for now, so that who comes at its interval does not come twice.
    const bool fresh = host.reading.until - now > (host.reading.until - host.answered) / 10;
    if (fresh && host.answers_due == 0 && !host.queued) continue;
    ++wish->missing;
    host.wishes.push_back(wish);
    if (host.answers_due > 0 || std::exchange(host.queued, true)) continue;
    queue_.push_back(name);
  }
  if (wish->missing == 0) {
    Grant(*wish);
  } else {
    StartQueued();
  }
}

void TargetBook::StartQueued() {
  while (!queue_.empty() && asking_ < kMaxParallel) {
    const std::string name = std::move(queue_.front());
    queue_.pop_front();
    Ask(name, hosts_[name]);
  }
}

void TargetBook::Ask(const std::string& name, Host& host) {
  host.queued = false;
  ++asking_;
  const bool v6 = ipv6_ && host.no_v6_until <= loop_.Now();
  host.answers_due = v6 ? 2 : 1;
  const auto ask = [&](dns::Type type) {
    Lookup(client_, name, type, [this, name, type, alive = std::weak_ptr(alive_)](const LookupReply& reply) {
      if (!alive.expired()) OnReply(name, type == dns::Type::kAaaa, reply);
    });
  };
  ask(dns::Type::kA);
  if (v6) ask(dns::Type::kAaaa);
}

void TargetBook::OnReply(const std::string& name, bool v6, const LookupReply& reply) {
  Host& host = hosts_[name];
  const bool useless = Is(reply, LookupReply::Kind::kNone) || Is(reply, LookupReply::Kind::kFailed);
  if (v6 && useless) host.no_v6_until = loop_.Now() + pace_.max_interval;
  Enter(reply, v6 ? host.v6 : host.v4);
  if (--host.answers_due > 0) return;
  --asking_;
  Conclude(host);
  const std::vector<std::shared_ptr<Wish>> wishes = std::exchange(host.wishes, {});
  for (const auto& wish : wishes) {
    if (--wish->missing == 0) Grant(*wish);
  }
  StartQueued();
}

// What one family's answer changes. What a server failed to say is not taken for nothing.
void TargetBook::Enter(const LookupReply& reply, Family& family) {
  if (Is(reply, LookupReply::Kind::kRecords) || Is(reply, LookupReply::Kind::kNone)) family.known.clear();
  for (const dns::Record& record : reply.records) {
    auto& known = family.known;
    const bool fresh = std::find(known.begin(), known.end(), record.address) == known.end();
    if (fresh && known.size() < kMaxAddressesPerTarget) known.push_back(record.address);
  }
  family.last = reply.kind;
  family.ttl = Is(reply, LookupReply::Kind::kRecords) ? reply.ttl : kNoTtl;
  family.reason = reply.reason;
  family.udp = reply.udp;
}

void TargetBook::Conclude(Host& host) {
  using Last = LookupReply::Kind;
  HostReading& reading = host.reading;
  const Family &v4 = host.v4, &v6 = host.v6;
  const auto either = [&](Last kind) { return v4.last == kind || v6.last == kind; };
  reading.addresses = v4.known;
  reading.addresses.insert(reading.addresses.end(), v6.known.begin(), v6.known.end());
  reading.udp = v4.udp || v6.udp;
  reading.reason = v4.reason.empty() || (v4.last == Last::kNone && v6.last != Last::kNone) ? v6.reason : v4.reason;
  if (either(Last::kPartial)) {
    reading.kind = Kind::kPartial;
  } else if (either(Last::kRecords)) {  // the other family's known addresses count, however old
    reading.kind = Kind::kKnown;
    reading.reason.clear();
  } else {
    reading.kind = either(Last::kFailed) ? Kind::kFailed : Kind::kNone;
  }
  const bool known = reading.kind == Kind::kKnown;  // whatever else it is should end soon
  host.answered = loop_.Now();
  reading.until = host.answered + ClampTtl(pace_, known ? std::min(v4.ttl, v6.ttl) : 0);
}

void TargetBook::Grant(Wish& wish) {
  Readings readings;
  for (const std::string& name : wish.hosts) readings[name] = hosts_[name].reading;
  wish.on_done(readings);
}

void TargetBook::Forget() {
  const Millis now = loop_.Now();
  std::erase_if(hosts_, [&](const auto& item) {
    const Host& host = item.second;
    return host.wishes.empty() && !host.queued && host.answers_due == 0 && now - host.wanted > kForget;
  });
}

std::string LastAddresses::Complete(const TargetBook::Readings& asked, HostAddresses& addresses) {
  std::string trouble;
  for (const auto& [host, reading] : asked) {
    const bool failed = reading.kind == Kind::kFailed || reading.kind == Kind::kPartial;
    if (failed && trouble.empty()) trouble = host + ": " + reading.reason;
    const auto known = last_.find(host);
    if (reading.kind == Kind::kFailed && known != last_.end()) {
      addresses[host] = known->second;
    } else if (!reading.addresses.empty()) {
      addresses[host] = reading.addresses;
    }
  }
  last_ = addresses;
  return trouble;
}

}  // namespace signpost::lb
