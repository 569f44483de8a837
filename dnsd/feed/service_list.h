// Signpost. Apache-2.0; see LICENSE.
// The list of all service names of a datacenter, and what differs between two of them. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/consul/catalog_json.h"

namespace signpost::feed {

struct ListedService {
  std::string name;  // lower case
  size_t tags_hash = 0;

  friend bool operator==(const ListedService&, const ListedService&) = default;
};

// Sorted by name, each name once.
using ServiceList = std::vector<ListedService>;

// "Up" and "up" are one service: their tags are united.
ServiceList MakeServiceList(const std::vector<consul::ServiceTags>& services);

bool Contains(const ServiceList& list, std::string_view name);

struct ServiceListDiff {
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<std::string> retagged;

  friend bool operator==(const ServiceListDiff&, const ServiceListDiff&) = default;
};

ServiceListDiff Compare(const ServiceList& before, const ServiceList& after);

}  // namespace signpost::feed
