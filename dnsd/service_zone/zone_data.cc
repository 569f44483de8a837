// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/zone_data.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "dnsd/service_zone/browse.h"

namespace signpost::service_zone {
namespace {

// How long a key that could not be fetched is left alone, and how long "there is no such thing" holds where no list of
// all names tells when it appears: other datacenters, queries, connect.
constexpr uint64_t kRetryMs = 1000;
constexpr uint64_t kAbsentMs = 400;

// The list of service types of a catalog larger than this is made once a second at most: it costs milliseconds there.
constexpr size_t kLargeCatalog = 5000;
constexpr uint64_t kTypesMs = 1000;

// How the list of types shows a service: not at all, _tcp, _udp. Without its instances nobody knows better than _tcp.
enum class Listed : unsigned char { kNo, kTcp, kUdp };
Listed ListedAs(const Entry& entry) {
  if (!entry.service) return Listed::kTcp;
  if (!entry.service->browse.shown) return Listed::kNo;
  return entry.service->browse.udp ? Listed::kUdp : Listed::kTcp;
}

// As many endpoints as are worth a prefetch.
std::span<const Endpoint> FirstOf(const std::vector<Endpoint>& endpoints) {
  return std::span(endpoints).first(std::min<size_t>(endpoints.size(), 4));
}

char KindLetter(catalog::Kind kind) { return static_cast<char>('a' + static_cast<int>(kind)); }

std::optional<ZoneData::IpKey> OwnAddress(const std::string& text) {
  const Address address = ParseAddress(text);
  if (address.v4) return ToIpKey(*address.v4);
  return address.v6;
}

}  // namespace

ZoneData::IpKey ToIpKey(const Ipv4& v4) {
  ZoneData::IpKey key{};
  key[10] = key[11] = 0xff;
  std::memcpy(&key[12], v4.data(), v4.size());
  return key;
}

bool ZoneData::IsOwn(std::string_view datacenter) const {
  return datacenter.empty() || datacenter == settings_->datacenter;
}

std::string_view ZoneData::MakeKey(catalog::Kind kind, std::string_view datacenter, std::string_view name) {
  key_.clear();
  key_.push_back(KindLetter(kind));
  if (!IsOwn(datacenter)) {
    // In front and with its length, since a name may hold any byte.
    key_.back() = static_cast<char>(key_.back() + 'A' - 'a');
    key_.push_back(static_cast<char>(datacenter.size()));
    key_.append(datacenter);
  }
  key_.append(name);
  return key_;
}

Entry* ZoneData::Find(catalog::Kind kind, std::string_view datacenter, std::string_view name) {
  return entries_.Find(MakeKey(kind, datacenter, name));
}

Entry* ZoneData::FindNodeById(std::string_view uuid) {
  const auto found = node_ids_.find(uuid);
  return found == node_ids_.end() ? nullptr : Find(catalog::Kind::kNode, {}, found->second);
}

bool ZoneData::HasDatacenter(std::string_view name) const {
  return IsOwn(name) || std::ranges::find(datacenters_, name) != datacenters_.end();
}

const PreparedService* ZoneData::GuessService(size_t hash) const {
  const Entry* entry = entries_.Guess(hash);
  return entry == nullptr ? nullptr : entry->service.get();
}

void ZoneData::PrefetchAddresses(size_t hash) const {
  const PreparedService* service = GuessService(hash);
  if (service == nullptr) return;
  __builtin_prefetch(service);
  __builtin_prefetch(&service->untagged.aaaa);
}

void ZoneData::PrefetchSrv(size_t hash) const {
  const PreparedService* service = GuessService(hash);
  if (service == nullptr) return;
  __builtin_prefetch(service);
  __builtin_prefetch(&service->untagged.srv);
  __builtin_prefetch(&service->endpoints);
  __builtin_prefetch(&service->datacenter);
}

void ZoneData::PrefetchEndpoints(size_t hash) const {
  const PreparedService* service = GuessService(hash);
  if (service == nullptr) return;
  for (const Endpoint& endpoint : FirstOf(service->endpoints)) __builtin_prefetch(&endpoint);
}

void ZoneData::PrefetchNodes(size_t hash) const {
  const PreparedService* service = GuessService(hash);
  if (service == nullptr) return;
  for (const Endpoint& endpoint : FirstOf(service->endpoints)) {
    __builtin_prefetch(&endpoint.node->owner);
    __builtin_prefetch(&endpoint.node->txt);
  }
}

void ZoneData::Apply(const Change& change, uint64_t now_ms) {
  switch (change.what) {
    case Change::What::kService:
      ApplyService(change, now_ms);
      break;
    case Change::What::kServiceName:
      types_changed_ = true;
      entries_.At(MakeKey(change.key.kind, change.key.datacenter, change.key.name));
      break;
    case Change::What::kNode:
      ApplyNode(change, now_ms);
      break;
    case Change::What::kUnavailable:
      // Nothing is kept for a name that has nothing to show: whoever asks for many such names must not fill the table.
      if (Entry* entry = entries_.Find(MakeKey(change.key.kind, change.key.datacenter, change.key.name))) {
        entry->retry_after_ms = now_ms + kRetryMs;
      }
      break;
    case Change::What::kForget:
      types_changed_ = true;
      entries_.Erase(MakeKey(change.key.kind, change.key.datacenter, change.key.name));
      break;
  }
}

void ZoneData::ApplyService(const Change& change, uint64_t now_ms) {
  const bool own_name = change.key.kind == catalog::Kind::kService && IsOwn(change.key.datacenter);
  const std::string key(MakeKey(change.key.kind, change.key.datacenter, change.key.name));
  const size_t known = entries_.size();
  Entry& entry = entries_.At(key);
  if (own_name && entry.service) IndexService(*entry.service, false);
  if (!change.service && own_name) {
    entries_.Erase(key);  // the list of names is complete: no entry means no such service
    types_changed_ = true;
    return;
  }
  const Listed before = ListedAs(entry);
  entry.service = change.service;
  types_changed_ |= own_name && (entries_.size() != known || ListedAs(entry) != before);
  entry.state = change.service ? Entry::State::kKnown : Entry::State::kAbsent;
  entry.retry_after_ms = 0;
  entry.expires_ms = 0;
  if (!change.service) entry.expires_ms = now_ms + kAbsentMs;
  if (change.service && change.key.kind == catalog::Kind::kQuery) {
    entry.expires_ms = now_ms + std::max<uint64_t>(uint64_t{change.service->ttl} * 1000, kRetryMs);
  }
  if (!change.service) return;
  if (own_name) IndexService(*change.service, true);
  largest_set_ = std::max(largest_set_, change.service->largest_set());
}

void ZoneData::ApplyNode(const Change& change, uint64_t now_ms) {
  const bool own = IsOwn(change.key.datacenter);
  const std::string key(MakeKey(catalog::Kind::kNode, change.key.datacenter, change.key.name));
  Entry& entry = entries_.At(key);
  if (own && entry.node) IndexNode(*entry.node, false);
  if (!change.node && own) {
    entries_.Erase(key);
    return;
  }
  entry.node = change.node;
  entry.state = change.node ? Entry::State::kKnown : Entry::State::kAbsent;
  entry.expires_ms = change.node ? 0 : now_ms + kAbsentMs;
  entry.retry_after_ms = 0;
  if (own && change.node) IndexNode(*change.node, true);
}

void ZoneData::IndexService(const PreparedService& service, bool add) {
  const auto& instances = service.source->instances;
  for (uint32_t i = 0; i < instances.size(); ++i) {
    if (const auto address = OwnAddress(instances[i].address)) IndexReverse({*address, nullptr, &service, i}, add);
  }
}

void ZoneData::IndexNode(const PreparedNode& node, bool add) {
  const std::string name = wire::ToLower(node.node->name);
  if (add && !node.node->id.empty()) {
    node_ids_[node.node->id] = name;
  } else if (const auto known = node_ids_.find(node.node->id); known != node_ids_.end() && known->second == name) {
    node_ids_.erase(known);  // unless a node of another name has taken the id over: a renamed node
  }
  for (size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    const std::string suffix = name.substr(dot + 1);
    uint32_t& count = node_suffixes_[suffix];
    count += add ? 1 : -1;
    if (count == 0) node_suffixes_.erase(suffix);
  }
  if (const auto address = OwnAddress(node.node->address)) IndexReverse({*address, &node, nullptr, 0}, add);
}

std::span<const ZoneData::ServiceType> ZoneData::ServiceTypes(uint64_t now_ms) {
  const bool may_wait = size() > kLargeCatalog && now_ms < types_made_ms_ + kTypesMs;
  if (types_changed_ && !may_wait) {
    MakeServiceTypes();
    types_changed_ = false;
    types_made_ms_ = now_ms;
  }
  return types_;
}

void ZoneData::MakeServiceTypes() {
  std::vector<std::pair<std::string_view, bool>> found;
  entries_.ForEach([&](std::string_view key, const Entry& entry) {
    const Listed listed = ListedAs(entry);
    if (key[0] != KindLetter(catalog::Kind::kService) || listed == Listed::kNo) return;
    if (HasTypeName(key.substr(1), *settings_)) found.emplace_back(key.substr(1), listed == Listed::kUdp);
  });
  const auto count = static_cast<ptrdiff_t>(std::min(found.size(), kMaxTypes));
  std::ranges::partial_sort(found, found.begin() + count);
  types_.clear();
  types_.reserve(static_cast<size_t>(count));
  for (const auto& [name, udp] : std::span(found).first(static_cast<size_t>(count))) {
    types_.push_back({std::string(name), udp});
  }
}

void ZoneData::IndexReverse(const ReverseTarget& target, bool add) {
  if (add) {
    reverse_.insert(target);
  } else {
    reverse_.erase(target);
  }
}

}  // namespace signpost::service_zone
