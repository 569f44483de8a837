// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_type_reader.h"

#include <algorithm>

#include "lb/discovery/dns_servers.h"

namespace signpost::lb {
namespace {

using Kind = DnsReading::Kind;

// The tags that expose a service.
constexpr const char* kSubTypes[] = {"http", "tcp"};

std::string SubType(const std::string& tag, const std::string& type) { return "_" + tag + "._sub." + type; }

}  // namespace

TypeReader::TypeReader(net::Loop& loop, DnsClient& client, TargetBook& targets, std::string type, DnsPace pace,
                       bool ipv6)
    : loop_(loop), client_(client), targets_(targets), type_(std::move(type)), pace_(pace), ipv6_(ipv6) {}

void TypeReader::Read(std::function<void(DnsReading)> on_done) {
  on_done_ = std::move(on_done);
  last_ = std::exchange(found_, {});
  along_.clear();
  ttl_ = kNoTtl;
  reading_ = {};
  Lookup(client_, type_, dns::Type::kPtr, [this, alive = std::weak_ptr(alive_)](const LookupReply& reply) {
    if (!alive.expired()) OnInstances(reply);
  });
}

void TypeReader::OnInstances(const LookupReply& reply) {
  reading_.reason = reply.reason;
  if (reply.kind == LookupReply::Kind::kFailed || reply.kind == LookupReply::Kind::kNone) {
    found_ = std::exchange(last_, {});  // for the next round
    reading_.kind = reply.kind == LookupReply::Kind::kFailed ? Kind::kFailed : Kind::kEmpty;
    Done();
    return;
  }
  reading_.kind = reply.kind == LookupReply::Kind::kPartial ? Kind::kPartial : Kind::kSet;
  reading_.udp = reply.udp;
  ttl_ = reply.ttl;
  for (const dns::Record& record : reply.records) {
    if (found_.size() == kMaxInstances) break;
    if (!record.target.empty()) found_[CanonicalName(record.target)].label = FirstLabel(record.target);
  }
  TakeAlong(reply.additional);
  bool needs_tags = false;
  for (const auto& [name, found] : found_) {
    if (!found.has_srv) questions_.emplace_back(name, dns::Type::kSrv);
    if (!found.has_txt) questions_.emplace_back(name, dns::Type::kTxt);
    needs_tags |= !found.has_txt || !found.txt.has_tags;
  }
  for (const char* tag : kSubTypes) {
    if (needs_tags) questions_.emplace_back(SubType(tag, type_), dns::Type::kPtr);
  }
  AskNext();
}

void TypeReader::TakeAlong(const std::vector<dns::Record>& additional) {
  std::map<std::string, std::vector<dns::Record>> srv;
  for (const dns::Record& record : additional) {
    const auto at = found_.find(record.owner);
    if (at == found_.end()) continue;
    if (record.type == dns::Type::kSrv) srv[record.owner].push_back(record);
    if (record.type == dns::Type::kTxt && !at->second.has_txt) {
      at->second.has_txt = true;
      at->second.txt = ReadTxt(record.strings);
      ttl_ = std::min(ttl_, record.ttl);
    }
  }
  SrvRows all;
  for (const auto& [name, records] : srv) {
    Found& found = found_[name];
    found.has_srv = true;
    found.srv = ReadSrvRows(records);
    for (const dns::Record& record : records) ttl_ = std::min(ttl_, record.ttl);
    all.rows.insert(all.rows.end(), found.srv.rows.begin(), found.srv.rows.end());
  }
  along_ = AddressesAlong(all, additional, ipv6_, ttl_);
}

void TypeReader::AskNext() {
  while (!questions_.empty() && asking_ < kMaxParallel) {
    const Question question = std::move(questions_.front());
    questions_.pop_front();
    ++asking_;
    Lookup(client_, question.first, question.second,
           [this, question, alive = std::weak_ptr(alive_)](const LookupReply& reply) {
             if (!alive.expired()) OnReply(question, reply);
           });
  }
  if (asking_ == 0) AskAddresses();
}

void TypeReader::OnReply(const Question& question, const LookupReply& reply) {
  --asking_;
  const auto& [name, type] = question;
  const bool failed = reply.kind == LookupReply::Kind::kFailed || reply.kind == LookupReply::Kind::kPartial;
  if (reply.kind == LookupReply::Kind::kRecords) ttl_ = std::min(ttl_, reply.ttl);
  if (type == dns::Type::kPtr) {
    if (!failed) tagged_[name].clear();
    for (const dns::Record& record : reply.records) tagged_[name].insert(CanonicalName(record.target));
  } else if (type == dns::Type::kSrv) {
    Found& found = found_[name];
    found.srv = failed ? last_[name].srv : ReadSrvRows(reply.records);
    along_.merge(AddressesAlong(found.srv, reply.additional, ipv6_, ttl_));
  } else {
    Found& found = found_[name];
    found.txt = failed || reply.records.empty() ? last_[name].txt : ReadTxt(reply.records.front().strings);
  }
  AskNext();
}

void TypeReader::AskAddresses() {
  std::set<std::string> missing;
  for (const auto& [name, found] : found_) {
    for (const SrvRow& row : found.srv.rows) {
      if (!along_.contains(row.target)) missing.insert(row.target);
    }
  }
  targets_.Resolve(missing, [this, alive = std::weak_ptr(alive_)](const TargetBook::Readings& asked) {
    if (!alive.expired()) Conclude(asked);
  });
}

void TypeReader::Conclude(const TargetBook::Readings& asked) {
  Millis next = ClampTtl(pace_, ttl_);
  for (const auto& [host, reading] : asked) {
    next = std::min(next, std::max(reading.until - loop_.Now(), pace_.min_interval));
    if (reading.addresses.empty() && reading_.reason.empty()) reading_.reason = host + ": " + reading.reason;
  }
  const std::string trouble = last_addresses_.Complete(asked, along_);
  for (const auto& [name, found] : found_) {
    const std::vector<Instance> instances = InstancesOf(name, found, along_);
    reading_.instances.insert(reading_.instances.end(), instances.begin(), instances.end());
    if (reading_.instances.size() >= kMaxInstancesPerName) break;
  }
  reading_.next = next;
  if (reading_.kind == Kind::kSet && reading_.instances.empty()) {
    // The list names instances, none of which can be read: nobody said that the service is gone.
    reading_.kind = Kind::kFailed;
    if (reading_.reason.empty()) reading_.reason = "instances without SRV records";
  } else if (reading_.kind == Kind::kSet) {
    reading_.reason = trouble;
  }
  Done();
}

std::vector<Instance> TypeReader::InstancesOf(const std::string& name, const Found& found,
                                              const HostAddresses& addresses) const {
  std::vector<Instance> out = MakeInstances(found.srv.rows, addresses, 0);
  if (out.empty()) return out;
  const std::vector<std::string> tags = TagsOf(name, found);
  for (Instance& instance : out) {
    instance.id = found.txt.id.empty() ? found.label : found.txt.id;
    instance.tags = tags;
    instance.meta = found.txt.meta;
    instance.version = VersionOf(found.txt.meta, tags);
  }
  return out;
}

std::vector<std::string> TypeReader::TagsOf(const std::string& name, const Found& found) const {
  if (found.txt.has_tags) return found.txt.tags;
  std::vector<std::string> out;
  for (const char* tag : kSubTypes) {
    const auto at = tagged_.find(SubType(tag, type_));
    if (at != tagged_.end() && at->second.contains(name)) out.emplace_back(tag);
  }
  return out;
}

void TypeReader::Done() {
  last_.clear();
  const auto on_done = std::move(on_done_);
  on_done(std::exchange(reading_, {}));
}

}  // namespace signpost::lb
