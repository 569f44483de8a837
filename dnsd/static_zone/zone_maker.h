// Signpost. Apache-2.0; see LICENSE.
// For zone.cc: collects the records of a zone and finds out what they mean together.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "dnsd/static_zone/zone.h"

namespace signpost::static_zone {

class ZoneMaker {
 public:
  // Of all nodes, empty non-terminals included: each deep name may make a hundred of these.
  struct Bounds {
    size_t nodes = 5'000'000;
    size_t owner_bytes = size_t{128} << 20;
  };
  struct Place {
    uint32_t file = 0;
    uint32_t line = 0;
  };
  struct Set {
    RecordSet records;
    Place at;          // of the first record
    size_t bytes = 0;  // of all records in a message
    bool ttls_differ = false;
    std::unique_ptr<std::unordered_set<std::string>> known;  // the data again, of a large set
  };
  struct Draft {
    std::string owner;
    std::vector<Set> sets;
    const Set* Find(uint16_t type) const;
  };
  using Drafts = std::map<std::string, Draft, std::less<>>;  // by folded wire form

  // `file` must live as long.
  ZoneMaker(wire::Name origin, const dns::ZoneFile& file, std::vector<std::string>* warnings)
      : ZoneMaker(origin, file, warnings, Bounds()) {}
  ZoneMaker(wire::Name origin, const dns::ZoneFile& file, std::vector<std::string>* warnings, Bounds bounds)
      : origin_(origin), file_(file), warnings_(warnings), bounds_(bounds) {}

  // All in order: after it, drafts() are the zone's nodes with what it answers for, and glue.
  Status Run();
  Drafts& drafts() { return drafts_; }

 private:
  Status Add(const dns::ZoneFileRecord& record);
  Status CheckRecord(const dns::ZoneFileRecord& record, const wire::Name& owner) const;
  Status AddTo(Draft& draft, const dns::ZoneFileRecord& record);
  static bool IsKnown(Set& set, const std::string& rdata);  // of a large set it remembers `rdata`
  Status NoteNode(Place at, const Draft& draft);
  Status CheckApex() const;
  Status CheckAliases() const;
  Status CheckBelowDnames() const;
  void RemoveOccluded();
  void RemoveOccludedFrom(Draft& draft, const Draft& cut);
  Status AddEmptyNonTerminals();
  Status AddAbove(const std::string& owner, Place at);
  void WarnAboutTargets();
  void WarnAboutTarget(const Draft& draft, const Set& set, const wire::Name& target);

  // The node at or above `name` that `wanted` is true for, nearest to the apex; null when there is none.
  template <typename Wanted>
  const Draft* Above(const wire::Name& name, bool itself, Wanted wanted) const;
  const Draft* CutOf(const wire::Name& name) const;  // at it or above
  bool IsServer(const wire::Name& name) const;       // some NS points there
  bool IsApex(const Draft& draft) const;
  Status Wrong(Place at, const std::string& sentence) const;
  void Warn(Place at, const std::string& sentence);
  std::string Where(Place at) const;

  wire::Name origin_;
  const dns::ZoneFile& file_;
  std::vector<std::string>* warnings_;
  Bounds bounds_;
  Drafts drafts_;
  size_t owner_bytes_ = 0;
  std::vector<std::string> servers_;  // targets of NS, folded and sorted
  bool has_cuts_ = false;             // zones of many names mostly have neither
  bool has_dnames_ = false;
};

}  // namespace signpost::static_zone
