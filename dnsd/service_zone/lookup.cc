// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/lookup.h"

#include <algorithm>
#include <string>

namespace signpost::service_zone {
namespace {

Found Bare(Outcome outcome) { return {.outcome = outcome}; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

template <typename Bytes>
std::optional<Bytes> ReadHex(std::string_view text) {
  Bytes out;
  if (text.size() != out.size() * 2) return std::nullopt;
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = HexDigit(text[2 * i]);
    const int low = HexDigit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return out;
}

Found FindAddress(std::string_view hex) {
  Found found;
  found.address.v4 = ReadHex<Ipv4>(hex);
  found.address.v6 = ReadHex<Ipv6>(hex);
  if (found.address.v4 || found.address.v6) found.outcome = Outcome::kAddress;
  return found;
}

class Search {
 public:
  Search(ZoneData& data, const ZoneName& name, uint64_t now_ms) : data_(data), name_(name), now_ms_(now_ms) {}

  Found FindService(catalog::Kind kind) {
    Entry* entry = data_.Find(kind, name_.datacenter, name_.name);
    if (entry == nullptr) return Missing(kind);
    if (entry->state == Entry::State::kAbsent && !IsExpired(*entry)) return Noted(Outcome::kNoName, entry);
    if (!entry->service || IsExpired(*entry)) return Ask(kind, entry);
    return FromService(*entry);
  }

  Found FindNode() {
    Entry* entry = data_.Find(catalog::Kind::kNode, name_.datacenter, name_.name);
    if (entry == nullptr && IsOwnDatacenter()) entry = data_.FindNodeById(name_.name);
    if (entry == nullptr && IsOwnDatacenter() && data_.HasNodeBelow(name_.name)) return Bare(Outcome::kNoData);
    if (entry == nullptr) return Missing(catalog::Kind::kNode);
    if (entry->state == Entry::State::kAbsent && !IsExpired(*entry)) return Noted(Outcome::kNoName, entry);
    if (!entry->node) return Ask(catalog::Kind::kNode, entry);
    Found found = Noted(Outcome::kNode, entry);
    found.node = entry->node.get();
    return found;
  }

 private:
  bool IsOwnDatacenter() const { return name_.datacenter.empty() || name_.datacenter == data_.settings().datacenter; }

  static Found Noted(Outcome outcome, Entry* entry) { return {.outcome = outcome, .entry = entry}; }

  bool IsExpired(const Entry& entry) const { return entry.expires_ms != 0 && now_ms_ >= entry.expires_ms; }

  // The own datacenter's services and nodes are all listed; anything else must be asked for.
  Found Missing(catalog::Kind kind) {
    const bool listed = kind == catalog::Kind::kService || kind == catalog::Kind::kNode;
    if (!listed || !IsOwnDatacenter()) return Ask(kind, nullptr);
    return Bare(name_.maybe_non_terminal ? Outcome::kNoData : Outcome::kNoName);
  }

  // Where asking is of no use now, the last known answer stands in, and without one there is none to give.
  Found Ask(catalog::Kind kind, Entry* entry) {
    if (entry != nullptr && now_ms_ < entry->retry_after_ms) {
      if (entry->service) return FromService(*entry);
      return Noted(Outcome::kUnavailable, entry);
    }
    Found found = Noted(Outcome::kWait, entry);
    const std::string_view datacenter =
        IsOwnDatacenter() ? std::string_view(data_.settings().datacenter) : name_.datacenter;
    found.wanted = catalog::Key{kind, std::string(datacenter), std::string(name_.name)};
    return found;
  }

  Found FromService(Entry& entry) {
    Found found = Noted(Outcome::kService, &entry);
    found.service = entry.service.get();
    found.set = found.service->FindTag(name_.tag);
    if (found.set != nullptr) return found;
    found.outcome = found.service->HasTagBelow(name_.tag) ? Outcome::kNoData : Outcome::kNoName;
    return found;
  }

  ZoneData& data_;
  const ZoneName& name_;
  uint64_t now_ms_;
};

}  // namespace

Found Lookup(ZoneData& data, const ZoneName& name, uint64_t now_ms) {
  if (name.kind == NameKind::kNone) return Bare(Outcome::kNoName);
  if (name.kind == NameKind::kApex) return Bare(Outcome::kApex);
  const bool unknown =
      data.freshness() == catalog::Freshness::kStarting || data.freshness() == catalog::Freshness::kExpired;
  if (!data.HasDatacenter(name.datacenter)) return Bare(unknown ? Outcome::kUnavailable : Outcome::kNoName);
  switch (name.kind) {
    case NameKind::kNonTerminal:
    case NameKind::kDatacenter:
      return Bare(Outcome::kNoData);
    case NameKind::kAddress:
      return FindAddress(name.name);
    default:
      break;
  }
  if (unknown) return Bare(Outcome::kUnavailable);
  Search search(data, name, now_ms);
  switch (name.kind) {
    case NameKind::kService:
      return search.FindService(catalog::Kind::kService);
    case NameKind::kConnect:
      return search.FindService(catalog::Kind::kConnect);
    case NameKind::kIngress:
      return search.FindService(catalog::Kind::kIngress);
    case NameKind::kQuery:
      return search.FindService(catalog::Kind::kQuery);
    case NameKind::kNode:
      return search.FindNode();
    default:
      return Bare(Outcome::kNoName);
  }
}

}  // namespace signpost::service_zone
