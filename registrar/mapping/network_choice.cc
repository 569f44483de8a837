// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/network_choice.h"

#include <algorithm>

namespace signpost::registrar {
namespace {

bool HasAddress(const NetworkAttachment& network) { return !network.ipv4.empty() || !network.ipv6.empty(); }

}  // namespace

const NetworkAttachment* FindNetwork(const Container& container, std::string_view name_or_id) {
  if (name_or_id.empty()) return nullptr;
  if (name_or_id == "default") name_or_id = "bridge";
  for (const NetworkAttachment& network : container.networks) {
    if (network.name == name_or_id || network.id == name_or_id) return &network;
  }
  return nullptr;
}

const NetworkAttachment* ChooseNetwork(const Container& container, const Strings& wanted,
                                       const MappingOptions& options) {
  Strings order = wanted;
  order.insert(order.end(), options.networks.begin(), options.networks.end());
  order.push_back(container.network_mode);
  for (const std::string& name : order) {
    const NetworkAttachment* network = FindNetwork(container, name);
    if (network != nullptr && HasAddress(*network)) return network;
  }
  const auto first = std::find_if(container.networks.begin(), container.networks.end(), HasAddress);
  return first == container.networks.end() ? nullptr : &*first;
}

bool OnUserNetwork(const Container& container) {
  const std::string& mode = container.network_mode;
  const bool built_in = mode.empty() || mode == "default" || mode == "bridge" || mode == "host" || mode == "none";
  return !built_in && NamespaceOwner(container).empty();
}

}  // namespace signpost::registrar
