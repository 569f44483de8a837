// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/service_list.h"

#include <algorithm>
#include <functional>

#include "dnsd/feed/keys.h"

namespace signpost::feed {
namespace {

// Order does not matter: Consul gives the tags of several instances in no certain order.
size_t HashTags(const std::vector<std::string>& tags) {
  size_t sum = tags.size();
  for (const std::string& tag : tags) sum += std::hash<std::string>{}(tag);
  return sum;
}

bool ByName(const ListedService& a, const ListedService& b) { return a.name < b.name; }

}  // namespace

ServiceList MakeServiceList(const std::vector<consul::ServiceTags>& services) {
  ServiceList list;
  list.reserve(services.size());
  for (const auto& [name, tags] : services) list.push_back({Lower(name), HashTags(tags)});
  std::sort(list.begin(), list.end(), ByName);
  size_t kept = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    if (kept > 0 && list[kept - 1].name == list[i].name) {
      list[kept - 1].tags_hash += list[i].tags_hash;
    } else {
      if (kept != i) list[kept] = std::move(list[i]);
      ++kept;
    }
  }
  list.resize(kept);
  return list;
}

bool Contains(const ServiceList& list, std::string_view name) {
  const auto at =
      std::lower_bound(list.begin(), list.end(), name,
                       [](const ListedService& listed, std::string_view wanted) { return listed.name < wanted; });
  return at != list.end() && at->name == name;
}

ServiceListDiff Compare(const ServiceList& before, const ServiceList& after) {
  ServiceListDiff diff;
  auto old = before.begin();
  for (const ListedService& now : after) {
    while (old != before.end() && old->name < now.name) diff.removed.push_back((old++)->name);
    if (old == before.end() || old->name != now.name) {
      diff.added.push_back(now.name);
    } else {
      if (old->tags_hash != now.tags_hash) diff.retagged.push_back(now.name);
      ++old;
    }
  }
  for (; old != before.end(); ++old) diff.removed.push_back(old->name);
  return diff;
}

}  // namespace signpost::feed
