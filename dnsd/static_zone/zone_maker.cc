// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/static_zone/zone_maker.h"

#include <algorithm>

#include "dnsd/static_zone/rdata.h"

namespace signpost::static_zone {
namespace {

namespace type = wire::type;

constexpr uint16_t kTypeKey = 25, kTypeRrsig = 46, kTypeNsec = 47;
constexpr uint32_t kMaxTtl = 0x7fffffff;
constexpr size_t kRecordHead = 12;     // owner as a pointer, type, class, TTL, length
constexpr size_t kMaxSet = 64 * 1000;  // leaves a message room for header, question, a CNAME or two, and OPT
constexpr size_t kSmallSet = 32;       // records that are looked through faster than hashed

// Types that only questions or messages have (RFC 6895 3.1).
bool IsMeta(uint16_t of) { return of == 0 || of == type::kOpt || (of >= 128 && of <= 255); }

// What may stand beside a CNAME (RFC 2181 10.1, RFC 4034 3) and, but for KEY, an NS of a delegation.
bool IsSecurity(uint16_t of) { return of == kTypeRrsig || of == kTypeNsec || of == kTypeKey; }

bool IsAddress(uint16_t of) { return of == type::kA || of == type::kAaaa; }

bool IsWildcard(std::string_view folded) { return folded.starts_with(std::string_view("\1*", 2)); }

wire::Name NameOf(std::string_view wire_form) {
  wire::Name name;
  (void)name.Read(Bytes(wire_form));
  return name;
}

std::string Printed(std::string_view wire_form) { return NameOf(wire_form).ToString(); }

std::string Suffix(const wire::Name& name, size_t label) {
  return std::string(Text(name.wire().subspan(name.offset(label))));
}

}  // namespace

const ZoneMaker::Set* ZoneMaker::Draft::Find(uint16_t of) const {
  const auto found = std::ranges::find(sets, of, [](const Set& set) { return set.records.type; });
  return found == sets.end() ? nullptr : &*found;
}

Status ZoneMaker::Run() {
  for (const dns::ZoneFileRecord& record : file_.records) {
    if (Status status = Add(record); !status.ok()) return status;
  }
  if (Status status = CheckApex(); !status.ok()) return status;
  if (Status status = CheckAliases(); !status.ok()) return status;
  if (Status status = CheckBelowDnames(); !status.ok()) return status;
  std::ranges::sort(servers_);
  WarnAboutTargets();
  RemoveOccluded();
  return AddEmptyNonTerminals();
}

Status ZoneMaker::Add(const dns::ZoneFileRecord& record) {
  wire::Name owner;
  if (owner.Read(Bytes(record.owner)) != record.owner.size() || record.owner.empty()) {
    return Wrong({record.file, record.line},
                 "the owner is no domain name; use at most 63 bytes a label and 255 in all");
  }
  if (Status status = CheckRecord(record, owner); !status.ok()) return status;
  Draft& draft = drafts_[Suffix(owner, 0)];
  if (draft.owner.empty()) {
    draft.owner = record.owner;
    if (Status status = NoteNode({record.file, record.line}, draft); !status.ok()) return status;
  }
  if (record.type == type::kNs) servers_.push_back(Suffix(NameOf(record.rdata), 0));
  has_cuts_ |= record.type == type::kNs && !IsApex(draft);
  has_dnames_ |= record.type == type::kDname;
  return AddTo(draft, record);
}

Status ZoneMaker::CheckRecord(const dns::ZoneFileRecord& record, const wire::Name& owner) const {
  const Place at{record.file, record.line};
  const auto name = [&] { return owner.ToString(); };  // what most records do not need
  const auto of = [&] { return TypeText(record.type); };
  if (record.rclass != wire::dns_class::kIn) return Wrong(at, name() + " is not of class IN; zones have no other");
  if (!owner.EndsWith(origin_)) {
    return Wrong(at, name() + " is not in the zone " + origin_.ToString() +
                         "; remove it, or check $ORIGIN and the final dot of the name");
  }
  if (IsMeta(record.type)) return Wrong(at, of() + " is no type of data; remove the record");
  if (record.ttl > kMaxTtl) return Wrong(at, "the TTL is above 2147483647 seconds; use a smaller one");
  if (!IsWellFormed(record.type, record.rdata)) return Wrong(at, "the data are not those of type " + of());
  if (record.type == type::kSoa && owner.label_count() != origin_.label_count()) {
    return Wrong(at, name() + " has an SOA; only " + origin_.ToString() + " may, the zone's own name");
  }
  const bool has_no_wildcard = record.type == type::kNs || record.type == type::kDname;
  if (has_no_wildcard && IsWildcard(Text(owner.wire()))) {
    return Wrong(at, "a wildcard cannot have " + of() + " records; write out the names (RFC 4592 4)");
  }
  return {};
}

Status ZoneMaker::NoteNode(Place at, const Draft& draft) {
  owner_bytes_ += draft.owner.size();
  if (drafts_.size() <= bounds_.nodes && owner_bytes_ <= bounds_.owner_bytes) return {};
  return Wrong(at,
               "the zone has more than " + std::to_string(bounds_.nodes) + " names, or " +
                   std::to_string(bounds_.owner_bytes) +
                   " bytes of them, those that only lie above others included; split the zone, or use fewer labels");
}

bool ZoneMaker::IsKnown(Set& set, const std::string& rdata) {
  const std::vector<std::string>& all = set.records.rdata;
  if (all.size() < kSmallSet) return std::ranges::find(all, rdata) != all.end();
  if (set.known == nullptr) set.known = std::make_unique<std::unordered_set<std::string>>(all.begin(), all.end());
  return !set.known->insert(rdata).second;
}

Status ZoneMaker::AddTo(Draft& draft, const dns::ZoneFileRecord& record) {
  const Place at{record.file, record.line};
  auto found = std::ranges::find(draft.sets, record.type, [](const Set& set) { return set.records.type; });
  if (found == draft.sets.end()) {
    draft.sets.push_back({.records = {.type = record.type, .ttl = record.ttl, .rdata = {}}, .at = at, .known = {}});
    found = std::prev(draft.sets.end());
  }
  RecordSet& set = found->records;
  const auto records = [&] { return "the " + TypeText(record.type) + " records of " + Printed(draft.owner); };
  if (set.ttl != record.ttl) {
    // RFC 2181 5.2.
    if (!found->ttls_differ) Warn(at, records() + " differ in TTL; the lowest is used for all");
    found->ttls_differ = true;
    set.ttl = std::min(set.ttl, record.ttl);
  }
  if (IsKnown(*found, record.rdata)) return {};
  const bool is_single = record.type == type::kSoa || record.type == type::kCname || record.type == type::kDname;
  if (is_single && !set.rdata.empty()) {
    return Wrong(at, Printed(draft.owner) + " has a second " + TypeText(record.type) + "; leave one, the first is in " +
                         Where(found->at));
  }
  found->bytes += kRecordHead + record.rdata.size();
  if (found->bytes > kMaxSet) {
    return Wrong(at, records() + " are more than a DNS message can hold; leave some out");
  }
  set.rdata.push_back(record.rdata);
  return {};
}

Status ZoneMaker::CheckApex() const {
  const auto apex = drafts_.find(Suffix(origin_, 0));
  const Place at{0, file_.records.empty() ? 1 : file_.records.front().line};
  const std::string name = origin_.ToString();
  if (apex == drafts_.end() || apex->second.Find(type::kSoa) == nullptr) {
    return Wrong(at, "the zone has no SOA at " + name + "; add one, or check the origin that was given");
  }
  if (apex->second.Find(type::kNs) == nullptr) {
    return Wrong(apex->second.Find(type::kSoa)->at, "the zone has no NS at " + name + "; add at least one");
  }
  return {};
}

Status ZoneMaker::CheckAliases() const {
  for (const auto& [folded, draft] : drafts_) {
    const auto has_other = [&](const Set& set) {
      return set.records.type != type::kCname && !IsSecurity(set.records.type);
    };
    const Set* cname = draft.Find(type::kCname);
    const auto other = std::ranges::find_if(draft.sets, has_other);
    if (cname != nullptr && other != draft.sets.end()) {
      return Wrong(std::max(cname->at, other->at, [](Place a, Place b) { return a.line < b.line; }),
                   Printed(folded) + " has a CNAME and " + TypeText(other->records.type) +
                       " records; a name with a CNAME has nothing else (RFC 1034 3.6.2)");
    }
    const Set* dname = draft.Find(type::kDname);
    if (dname != nullptr && draft.Find(type::kNs) != nullptr && !IsApex(draft)) {
      return Wrong(dname->at,
                   Printed(folded) + " has a DNAME and is delegated by NS; leave one of the two (RFC 6672 2.3)");
    }
  }
  return {};
}

Status ZoneMaker::CheckBelowDnames() const {
  if (!has_dnames_) return {};
  const auto has_dname = [](const Draft& draft) { return draft.Find(type::kDname) != nullptr; };
  for (const auto& [folded, draft] : drafts_) {
    const Draft* dname = Above(NameOf(folded), /*itself=*/false, has_dname);
    if (dname == nullptr) continue;
    return Wrong(draft.sets.front().at, Printed(folded) + " lies below the DNAME of " + Printed(dname->owner) +
                                            ", which hides it; remove one of the two (RFC 6672 2.4)");
  }
  return {};
}

void ZoneMaker::RemoveOccluded() {
  if (!has_cuts_) return;
  for (auto at = drafts_.begin(); at != drafts_.end();) {
    const Draft* cut = CutOf(NameOf(at->first));
    if (cut != nullptr) RemoveOccludedFrom(at->second, *cut);
    at = at->second.sets.empty() ? drafts_.erase(at) : std::next(at);
  }
}

void ZoneMaker::RemoveOccludedFrom(Draft& draft, const Draft& cut) {
  const bool is_cut = &draft == &cut;
  const bool is_server = IsServer(NameOf(draft.owner));
  const auto is_kept = [&](uint16_t of) {
    if (IsAddress(of) && is_server) return true;
    return is_cut && (of == type::kNs || of == type::kDs || IsSecurity(of));
  };
  for (const Set& set : draft.sets) {
    if (is_kept(set.records.type)) continue;
    Warn(set.at, TypeText(set.records.type) + " of " + Printed(draft.owner) + " is ignored: " + Printed(cut.owner) +
                     " is delegated to other servers by NS");
  }
  std::erase_if(draft.sets, [&](const Set& set) { return !is_kept(set.records.type); });
}

// RFC 4592 2.2.2: names without records that lie between the origin and names that have some.
Status ZoneMaker::AddEmptyNonTerminals() {
  std::vector<const Draft*> with_records;
  with_records.reserve(drafts_.size());
  for (const auto& [folded, draft] : drafts_) with_records.push_back(&draft);
  for (const Draft* draft : with_records) {
    if (Status status = AddAbove(draft->owner, draft->sets.front().at); !status.ok()) return status;
  }
  return {};
}

Status ZoneMaker::AddAbove(const std::string& owner, Place at) {
  const wire::Name name = NameOf(owner);
  for (size_t label = 1; label + origin_.label_count() < name.label_count(); ++label) {
    const auto [node, is_new] = drafts_.try_emplace(Suffix(name, label));
    if (!is_new) return {};
    node->second.owner = owner.substr(name.offset(label));
    if (Status status = NoteNode(at, node->second); !status.ok()) return status;
  }
  return {};
}

void ZoneMaker::WarnAboutTargets() {
  for (const auto& [folded, draft] : drafts_) {
    for (const Set& set : draft.sets) {
      const uint16_t of = set.records.type;
      for (const std::string& rdata : set.records.rdata) {
        const auto target = Target(of, rdata);
        if (!target.empty()) WarnAboutTarget(draft, set, NameOf(Text(target)));
      }
    }
  }
}

void ZoneMaker::WarnAboutTarget(const Draft& draft, const Set& set, const wire::Name& target) {
  const uint16_t of = set.records.type;
  const std::string subject = TypeText(of) + " of " + Printed(draft.owner);
  if (of == type::kCname && std::ranges::equal(target.wire(), NameOf(draft.owner).wire())) {
    return Warn(set.at, subject + " points to itself; nobody gets an answer from it");
  }
  const bool must_be_host = of == type::kNs || of == type::kMx || of == type::kSrv;
  if (!must_be_host || !target.EndsWith(origin_)) return;
  const auto host = drafts_.find(Text(target.wire()));
  if (host != drafts_.end() && host->second.Find(type::kCname) != nullptr) {
    return Warn(set.at, subject + " points to " + target.ToString() + ", which is a CNAME (RFC 2181 10.3)");
  }
  const bool has_address =
      host != drafts_.end() && (host->second.Find(type::kA) != nullptr || host->second.Find(type::kAaaa) != nullptr);
  if (of != type::kNs || has_address) return;
  const Draft* cut = CutOf(target);
  // Behind another delegation the addresses are that one's matter.
  if (cut != nullptr && cut != &draft) return;
  Warn(set.at, subject + " points to " + target.ToString() + ", which has neither A nor AAAA in this zone");
}

template <typename Wanted>
const ZoneMaker::Draft* ZoneMaker::Above(const wire::Name& name, bool itself, Wanted wanted) const {
  const size_t first = itself ? 0 : 1;
  for (size_t label = name.label_count() - origin_.label_count() + 1; label-- > first;) {
    const auto found = drafts_.find(Text(name.wire().subspan(name.offset(label))));
    if (found != drafts_.end() && wanted(found->second)) return &found->second;
  }
  return nullptr;
}

const ZoneMaker::Draft* ZoneMaker::CutOf(const wire::Name& name) const {
  return Above(name, /*itself=*/true,
               [&](const Draft& draft) { return draft.Find(type::kNs) != nullptr && !IsApex(draft); });
}

bool ZoneMaker::IsServer(const wire::Name& name) const {
  return std::binary_search(servers_.begin(), servers_.end(), Text(name.wire()), std::less<>());
}

bool ZoneMaker::IsApex(const Draft& draft) const { return draft.owner.size() == origin_.size(); }

std::string ZoneMaker::Where(Place at) const {
  const std::string name = at.file < file_.files.size() ? file_.files[at.file] : std::string("zone");
  return name + ":" + std::to_string(at.line);
}

Status ZoneMaker::Wrong(Place at, const std::string& sentence) const {
  return Status::Config(Where(at) + ": " + sentence);
}

void ZoneMaker::Warn(Place at, const std::string& sentence) {
  if (warnings_ != nullptr) warnings_->push_back(Where(at) + ": " + sentence);
}

}  // namespace signpost::static_zone
