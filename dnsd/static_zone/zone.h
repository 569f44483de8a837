// Signpost. Apache-2.0; see LICENSE.
// One zone from a master file, checked and made ready for answering. Immutable; shared by all loops.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/status.h"
#include "common/dns/zone_file.h"
#include "dnsd/wire/name.h"

namespace signpost::static_zone {

struct RecordSet {
  uint16_t type = 0;
  uint32_t ttl = 0;                // the lowest of the file's, for all (RFC 2181 5.2)
  std::vector<std::string> rdata;  // wire form, uncompressed
};

struct Node {
  std::string owner;            // wire form, letter case as in the file
  std::vector<RecordSet> sets;  // empty: an empty non-terminal
  bool is_cut = false;          // an NS below the apex: what lies here and below is another server's (RFC 1034 4.2.1)
  const Node* wildcard = nullptr;  // its child "*"
  const RecordSet* Find(uint16_t type) const;
};

class Zone {
 public:
  // Checks what the records mean together: exactly one SOA, at the origin; an NS there; class IN; every owner in the
  // zone; nothing beside a CNAME; nothing but glue below a delegation; DNAME rules; TTLs of one RRset equal (else the
  // lowest, and a warning); duplicates merged. The Status is one sentence with "FILE:LINE: ". `warnings` gets such too.
  static Result<std::shared_ptr<const Zone>> Make(std::string_view origin, const dns::ZoneFile& file, bool built_in,
                                                  std::vector<std::string>* warnings);

  const wire::Name& origin() const { return origin_; }
  // Served because RFC 6303, 6761 or 7686 say so, not because the operator gave a file: a route for the same name wins.
  bool built_in() const { return built_in_; }
  const Node& apex() const { return *apex_; }
  uint32_t negative_ttl() const { return negative_ttl_; }  // the lesser of the SOA's TTL and MINIMUM (RFC 2308 5)

  // The node at `name` (folded wire form), or null. Empty non-terminals have nodes.
  const Node* Find(std::string_view name) const;
  size_t node_count() const { return nodes_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };

  wire::Name origin_;
  bool built_in_ = false;
  uint32_t negative_ttl_ = 0;
  std::unordered_map<std::string, Node, Hash, std::equal_to<>> nodes_;  // by folded wire form
  const Node* apex_ = nullptr;
};

// The zones of a dnsd, by longest origin.
class ZoneSet {
 public:
  // In place of one with the same origin, unless only that one is the operator's.
  void Add(std::shared_ptr<const Zone> zone);
  // The zone that `name` lies in, the longest of several; null if in none. For type DS at a zone's own apex the parent,
  // if it is here too (W176).
  const Zone* Find(const wire::Name& name, uint16_t type) const;
  const std::vector<std::shared_ptr<const Zone>>& all() const { return zones_; }

 private:
  std::vector<std::shared_ptr<const Zone>> zones_;
  std::map<std::string, const Zone*, std::less<>> by_origin_;  // folded wire form
  // A set of 64 kinds of last label: names whose last label is of no kind in it lie in no zone. Most forwarded names
  // are spared the search for each of their suffixes.
  uint64_t tops_ = 0;
};

}  // namespace signpost::static_zone
