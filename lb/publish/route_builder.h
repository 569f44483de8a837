// Signpost. Apache-2.0; see LICENSE.
// The HTTP routes and listeners of the config file and of those who own a name or port. Pure.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lb/publish/config.h"
#include "lb/publish/owner_book.h"
#include "lb/publish/publisher.h"
#include "lb/route/routes.h"

namespace signpost::lb {

struct RouteParts {
  std::vector<HttpRoute> http;
  std::vector<ListenerPlan> listeners;  // each address once
  std::vector<std::string> refused;     // what is not served because its address is taken, a sentence each
};

// The slot of a service's instances that carry a tag; "" = all.
using SlotOf = std::function<uint32_t(const std::string& service, const std::string& tag)>;

// The config file's come first, so that they win.
RouteParts BuildRoutes(const PublishOptions& options, const FileConfig& config,
                       const std::map<std::string, OwnerBook::Holding>& holdings, const SlotOf& slot_of);

// What the config file takes away from tags, as Claim::resource.
std::set<std::string> ReservedResources(const FileConfig& config);

// The rules that tags are read by. The ports of HTTP listeners are denied as well.
ExposureRules RulesOf(const PublishOptions& options);

}  // namespace signpost::lb
