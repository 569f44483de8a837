// Signpost. Apache-2.0; see LICENSE.
// One loop's tables of everything the consul zone knows. Only its loop touches them: changes arrive as
// messages, so answering needs no lock and pointers found stay valid until the loop's next message.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "dnsd/catalog/catalog.h"
#include "dnsd/service_zone/draw.h"
#include "dnsd/service_zone/key_table.h"
#include "dnsd/service_zone/prepared.h"
#include "dnsd/service_zone/settings.h"

namespace signpost::service_zone {

struct StringHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
template <typename T>
using StringMap = std::unordered_map<std::string, T, StringHash, std::equal_to<>>;

// One change, prepared on the control thread.
struct Change {
  enum class What : unsigned char { kService, kServiceName, kNode, kUnavailable, kForget };
  What what = What::kService;
  catalog::Key key;
  std::shared_ptr<const PreparedService> service;  // kService; null: does not exist
  std::shared_ptr<const PreparedNode> node;        // kNode; null: does not exist
};

// A key's place in the tables.
struct Entry {
  enum class State : unsigned char {
    kNamed,   // exists, instances not fetched yet
    kKnown,   // `service` or `node` is what there is
    kAbsent,  // asked for and not there (other datacenters, queries, connect)
  };
  std::shared_ptr<const PreparedService> service;
  State state = State::kNamed;
  uint32_t wanted_round = 0;  // the round in which its use was last reported
  std::shared_ptr<const PreparedNode> node;
  uint64_t expires_ms = 0;      // loop time when a query's answer, or an absence, must be asked anew; 0 = never
  uint64_t retry_after_ms = 0;  // loop time until which the source need not be asked again
};

class ZoneData {
 public:
  // What is known under a key, or null. `datacenter` "" is the own one. The pointer lives until the next Apply.
  Entry* Find(catalog::Kind kind, std::string_view datacenter, std::string_view name);
  Entry* FindNodeById(std::string_view uuid);
  // Some node name ends in "." + `name`: it is an empty non-terminal.
  bool HasNodeBelow(std::string_view name) const { return node_suffixes_.contains(name); }
  bool HasDatacenter(std::string_view name) const;

  // A service of the own datacenter as DNS-SD lists it.
  struct ServiceType {
    std::string name;
    bool udp = false;
  };
  static constexpr size_t kMaxTypes = 3000;  // a reply of 65,535 bytes has room for fewer
  // The first kMaxTypes, sorted by name. Allocates when something has changed; what a large catalog's list shows may be
  // a second old.
  std::span<const ServiceType> ServiceTypes(uint64_t now_ms);

  using IpKey = std::array<uint8_t, 16>;  // IPv4 mapped
  // Who owns an address in the own datacenter: a node whose main address it is, or a service with an instance there.
  struct ReverseTarget {
    IpKey address{};
    const PreparedNode* node = nullptr;
    const PreparedService* service = nullptr;
    uint32_t instance = 0;  // one of the service's instances there

    // Groups by address; an owner stands once, however many instances share the address.
    friend bool operator<(const ReverseTarget& a, const ReverseTarget& b) {
      return std::tie(a.address, a.node, a.service, a.Name()) < std::tie(b.address, b.node, b.service, b.Name());
    }
    // As registered: services "Web" and "web" are one, and each spelling has its PTR record, as in Consul.
    const std::string& Name() const {
      static const std::string none;
      return service == nullptr ? none : service->source->instances[instance].service;
    }
  };
  // The owners of `address`, from the first on while their address stays the same, up to end().
  using ReverseIndex = std::set<ReverseTarget>;
  ReverseIndex::const_iterator FindReverse(const IpKey& address) const {
    return reverse_.lower_bound({.address = address});
  }
  ReverseIndex::const_iterator ReverseEnd() const { return reverse_.end(); }

  // Brings what the next look-ups of own services will touch towards the cache, step by step (see KeyTable). Pays when
  // the tables are larger than the cache: IsLarge.
  bool IsLarge() const { return entries_.size() > 4096; }
  size_t HashOf(catalog::Kind kind, std::string_view name) { return entries_.Hash(MakeKey(kind, {}, name)); }
  void PrefetchSlot(size_t hash) const { entries_.PrefetchSlot(hash); }
  void PrefetchEntry(size_t hash) const { entries_.PrefetchEntry(hash); }
  void PrefetchAddresses(size_t hash) const;
  void PrefetchSrv(size_t hash) const;
  void PrefetchEndpoints(size_t hash) const;
  void PrefetchNodes(size_t hash) const;

  void Apply(const Change& change, uint64_t now_ms);
  void SetDatacenters(std::vector<std::string> names) { datacenters_ = std::move(names); }
  void SetSettings(std::shared_ptr<const Settings> settings) {
    settings_ = std::move(settings);
    types_changed_ = true;
  }
  void SetFreshness(catalog::Freshness freshness) { freshness_ = freshness; }
  void SetSerial(uint32_t serial) { serial_ = serial; }

  const Settings& settings() const { return *settings_; }
  catalog::Freshness freshness() const { return freshness_; }
  bool stale() const { return freshness_ != catalog::Freshness::kFresh; }
  uint32_t serial() const { return serial_; }
  size_t size() const { return entries_.size(); }
  // The largest set that any service holds: what a Drawer must have room for.
  size_t largest_set() const { return largest_set_; }

 private:
  const PreparedService* GuessService(size_t hash) const;
  // Text that names a key in `entries_`: kind, name, and the datacenter if it is not the own one.
  std::string_view MakeKey(catalog::Kind kind, std::string_view datacenter, std::string_view name);
  bool IsOwn(std::string_view datacenter) const;
  void ApplyService(const Change& change, uint64_t now_ms);
  void ApplyNode(const Change& change, uint64_t now_ms);
  void IndexService(const PreparedService& service, bool add);
  void IndexNode(const PreparedNode& node, bool add);
  void IndexReverse(const ReverseTarget& target, bool add);
  void MakeServiceTypes();

  std::shared_ptr<const Settings> settings_;
  catalog::Freshness freshness_ = catalog::Freshness::kStarting;
  uint32_t serial_ = 0;
  KeyTable<Entry> entries_;
  StringMap<std::string> node_ids_;       // UUID to node name in lower case, own datacenter
  StringMap<uint32_t> node_suffixes_;     // "b" for a node "a.b", counted
  std::vector<std::string> datacenters_;  // lower case
  size_t largest_set_ = 0;
  std::string key_;  // scratch of MakeKey

  ReverseIndex reverse_;

  std::vector<ServiceType> types_;
  bool types_changed_ = true;
  uint64_t types_made_ms_ = 0;
};

// 16 bytes for either family.
ZoneData::IpKey ToIpKey(const Ipv4& v4);

}  // namespace signpost::service_zone
