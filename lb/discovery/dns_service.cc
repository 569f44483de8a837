// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_service.h"

#include <set>

namespace signpost::lb {

DiscoveredService ComposeService(const std::string& name, const std::vector<const LossGuard*>& parts,
                                 const std::vector<std::string>& tags) {
  DiscoveredService out{.name = name};
  std::set<std::string> taken, all_tags(tags.begin(), tags.end());
  bool absent = !parts.empty();
  std::string empty_reason;
  for (const LossGuard* part : parts) {
    std::set<std::string> own;
    for (const Instance& instance : part->instances()) {
      std::string address = instance.address.ToString();
      if (taken.contains(address)) continue;
      own.insert(std::move(address));
      out.instances.push_back(instance);
      all_tags.insert(instance.tags.begin(), instance.tags.end());
    }
    taken.merge(own);
    absent &= part->state() == ServiceState::kDeclaredAbsent;
    if (part->state() == ServiceState::kEmpty && empty_reason.empty()) empty_reason = part->reason();
    if (part->state() == ServiceState::kHeld && out.state != ServiceState::kHeld) {
      out.state = ServiceState::kHeld;
      out.reason = part->reason();
    }
  }
  if (out.instances.empty()) {
    out.state = absent ? ServiceState::kDeclaredAbsent : ServiceState::kEmpty;
    out.reason = empty_reason;
  }
  out.tags.assign(all_tags.begin(), all_tags.end());
  return out;
}

bool SameService(const DiscoveredService& a, const DiscoveredService& b) {
  return a.name == b.name && a.instances == b.instances && a.tags == b.tags && a.state == b.state &&
         a.reason == b.reason && a.create_index == b.create_index && a.policy == b.policy;
}

}  // namespace signpost::lb
