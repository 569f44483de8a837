// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_browse.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lb/discovery/dns_sd.h"
#include "lb/discovery/dns_type_reader.h"

namespace signpost::lb {

DnsBrowse::DnsBrowse(net::Loop& loop, Random& random, DnsClient& client, TargetBook& targets, BrowseOptions options,
                     Handlers handlers)
    : loop_(loop),
      random_(random),
      client_(client),
      targets_(targets),
      options_(std::move(options)),
      handlers_(std::move(handlers)),
      timer_(loop, [this] { Start(); }) {}

DnsBrowse::~DnsBrowse() = default;

void DnsBrowse::Start() {
  const std::string list = "_services._dns-sd._udp." + options_.domain;
  Lookup(client_, list, dns::Type::kPtr, [this, alive = std::weak_ptr(alive_)](const LookupReply& reply) {
    if (!alive.expired()) OnList(reply);
  });
}

bool DnsBrowse::asked() const {
  return read_ && std::all_of(watches_.begin(), watches_.end(), [](const auto& item) { return item.second->asked(); });
}

void DnsBrowse::OnList(const LookupReply& reply) {
  using Kind = LookupReply::Kind;
  const bool whole = reply.kind == Kind::kRecords || reply.kind == Kind::kNone;
  trouble_ = whole ? "" : reply.reason;
  whole_ |= whole;
  read_ |= reply.kind != Kind::kFailed;
  std::map<std::string, std::string> listed;
  for (const dns::Record& record : reply.records) {
    const std::string type = CanonicalName(record.target);
    const std::string service = ServiceOfType(type, options_.domain);
    if (!service.empty() && !options_.ignored.contains(service)) listed[service] = type;
  }
  if (whole) listed_.clear();
  Enter(listed);
  if (whole) DropGone();
  timer_.Start(NextReading(options_.pace, options_.interval, Millis(0), random_));
  handlers_.on_list();
}

void DnsBrowse::Enter(const std::map<std::string, std::string>& listed) {
  const bool spread = listed.size() > 32;
  DnsPace pace = options_.pace;
  pace.max_interval = std::min(pace.max_interval, options_.interval);
  for (const auto& [service, type] : listed) {
    if (watches_.size() >= kMaxServices && !watches_.contains(service)) continue;
    listed_.insert(service);
    std::unique_ptr<DnsWatch>& watch = watches_[service];
    if (watch) continue;
    auto reader = std::make_unique<TypeReader>(loop_, client_, targets_, type, pace, options_.ipv6);
    watch = std::make_unique<DnsWatch>(loop_, random_, std::move(reader), options_.rules, pace, spread,
                                       [this, name = service] { OnReading(name); });
    watch->Start();
  }
}

void DnsBrowse::OnReading(const std::string& service) {
  const DnsWatch& watch = *watches_.at(service);
  handlers_.on_reading(service, watch);
  const bool gone = !watch.guard().known() || watch.guard().instances().empty();
  if (!gone || listed_.contains(service)) return;
  const auto dead = watches_.extract(service);  // until the end of its own callback
  handlers_.on_gone(dead.key());
}

// Services that had nothing anyway, when the list forgets them.
void DnsBrowse::DropGone() {
  std::vector<std::string> gone;
  for (const auto& [service, watch] : watches_) {
    if (!listed_.contains(service) && watch->asked() && watch->guard().instances().empty()) gone.push_back(service);
  }
  for (const std::string& service : gone) {
    watches_.erase(service);
    handlers_.on_gone(service);
  }
}

}  // namespace signpost::lb
