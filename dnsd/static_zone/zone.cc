// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/static_zone/zone.h"

#include <algorithm>
#include <utility>

#include "common/base/bytes.h"
#include "dnsd/static_zone/rdata.h"
#include "dnsd/static_zone/zone_maker.h"

namespace signpost::static_zone {
namespace {

namespace type = wire::type;

std::vector<RecordSet> TakeSets(ZoneMaker::Draft& draft) {
  std::vector<RecordSet> sets;
  sets.reserve(draft.sets.size());
  for (ZoneMaker::Set& set : draft.sets) sets.push_back(std::move(set.records));
  return sets;
}

uint32_t Minimum(const RecordSet& soa) {
  const std::string& rdata = soa.rdata.front();
  return LoadU32(Bytes(rdata).last(4).data());
}

}  // namespace

const RecordSet* Node::Find(uint16_t of) const {
  const auto found = std::ranges::find(sets, of, &RecordSet::type);
  return found == sets.end() ? nullptr : &*found;
}

const Node* Zone::Find(std::string_view name) const {
  const auto found = nodes_.find(name);
  return found == nodes_.end() ? nullptr : &found->second;
}

Result<std::shared_ptr<const Zone>> Zone::Make(std::string_view origin, const dns::ZoneFile& file, bool built_in,
                                               std::vector<std::string>* warnings) {
  auto name = wire::Name::FromText(origin);
  if (!name.ok()) return name.status();
  ZoneMaker maker(name.value(), file, warnings);
  if (Status status = maker.Run(); !status.ok()) return status;

  auto zone = std::make_shared<Zone>();
  zone->origin_ = name.value();
  zone->built_in_ = built_in;
  zone->nodes_.reserve(maker.drafts().size());
  for (auto& [folded, draft] : maker.drafts()) {
    Node& node = zone->nodes_[folded];
    node.owner = std::move(draft.owner);
    node.sets = TakeSets(draft);
    node.is_cut = node.Find(type::kNs) != nullptr && folded.size() != zone->origin_.size();
  }
  for (auto& [folded, node] : zone->nodes_) {
    if (!folded.starts_with(std::string_view("\1*", 2)) || folded.size() == zone->origin_.size()) continue;
    const auto parent = zone->nodes_.find(std::string_view(folded).substr(2));
    if (parent != zone->nodes_.end()) parent->second.wildcard = &node;
  }
  zone->apex_ = zone->Find(Text(zone->origin_.wire()));
  const RecordSet& soa = *zone->apex_->Find(type::kSoa);
  zone->negative_ttl_ = std::min(soa.ttl, Minimum(soa));
  return std::shared_ptr<const Zone>(std::move(zone));
}

}  // namespace signpost::static_zone
