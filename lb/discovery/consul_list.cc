// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/consul_list.h"

#include <utility>

#include "common/consul/catalog_json.h"
#include "lb/discovery/consul_instances.h"

namespace signpost::lb {

Status ConsulList::Read(const consul::AgentReply& reply, Millis now) {
  auto read = consul::ReadCatalogServices(reply.body);
  if (!read.ok()) return read.status();
  std::map<std::string, std::vector<std::string>> services;
  for (auto& [name, tags] : read.value()) {
    std::vector<std::string>& folded = services[name];
    for (const std::string& tag : tags) folded.push_back(FoldTag(tag));
  }
  const bool has_consul = services.contains("consul");
  consul_seen_ = consul_seen_ || has_consul;
  lost_ = services.empty() || (consul_seen_ && !has_consul);
  if (lost_ && !known_) {
    return Status::Denied(
        "the list of services is empty: nothing is registered there, or the token may not see it (it needs "
        "service:read and node:read)");
  }
  if (lost_) {
    return Status::Denied(
        "the list of services lacks what every catalog has: the token has lost its rights, it needs "
        "service:read and node:read");
  }
  known_ = true;
  if (reply.last_contact > max_last_contact_) {
    for (auto& [name, tags] : services) services_[name] = std::move(tags);
    return Status::Ok();
  }
  services_ = std::move(services);
  good_at_ = now;
  return Status::Ok();
}

}  // namespace signpost::lb
